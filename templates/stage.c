/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/ahead.h"
#include "templates/manifest.h"
#include "templates/object.h"
#include "templates/osinfo.h"
#include "templates/store.h"
#include "templates/version.h"
#include "templates/writeback.h"

/*
 * An import under way. What must survive what: a kill -9 at any moment leaves
 * either a directory that nobody holds the lock of, which the next import
 * sweeps, or a complete object; a power cut leaves no object whose files are not
 * on the disk, because everything is synced before the rename that makes it one.
 */

enum { TRIES = 20 };

static int new_name(char out[32], struct error *err)
{
	uint32_t nonce;

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return error_sys(err, "get random bytes");
	snprintf(out, 32, ".new-%08x", nonce);
	return 0;
}

/* Locked and still there: a sweep may have come between making and locking. */
static bool is_ours(int objectsfd, const char *name, int fd)
{
	struct stat mine, theirs;

	return fstat(fd, &mine) == 0 &&
	       fstatat(objectsfd, name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev;
}

static int lock_directory(int objectsfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd =
		openat(objectsfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open '%s'", name);
	if (lock_take(fd, LOCK_ALONE, 0, err) < 0)
		return -1;
	if (!is_ours(objectsfd, name, fd))
		return error_set(err, ERR_BUSY, "'%s' is being swept", name);
	return TAKE_FD(fd);
}

/* Removes what imports and removals left that were killed: theirs is the lock until they end. */
static void sweep(int objectsfd)
{
	AUTO_CLOSE int again = openat(objectsfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *e;

	if (!dir)
		return;
	again = -1;	/* owned by dir */
	while ((e = readdir(dir))) {
		struct error err = { 0 };
		AUTO_CLOSE int fd = -1;

		if (!str_starts(e->d_name, ".new-") && !str_starts(e->d_name, ".old-"))
			continue;
		fd = lock_directory(objectsfd, e->d_name, &err);
		if (fd >= 0)
			(void)path_remove(objectsfd, e->d_name, &err); /* a sweep tries again */
	}
}

int store_sweep(int storefd, struct error *err)
{
	AUTO_CLOSE int objectsfd = object_dir(storefd, err);

	if (objectsfd < 0)
		return -1;
	sweep(objectsfd);
	return 0;
}

static int stage_make(int objectsfd, char name[32], struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		int fd;

		if (new_name(name, err) < 0)
			return -1;
		if (mkdirat(objectsfd, name, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return error_sys(err, "make a staging directory");
		}
		fd = lock_directory(objectsfd, name, err);
		if (fd >= 0)
			return fd;
	}
	return error_wrap(err, "make a staging directory");
}

int store_stage_open(struct store_stage *stage, int storefd, struct error *err)
{
	AUTO_CLOSE int objectsfd = object_dir(storefd, err);

	*stage = (struct store_stage){
		.storefd = storefd, .dirfd = -1, .rootfd = -1,
		.ahead = xcalloc(1, sizeof(*stage->ahead)),
	};
	if (objectsfd < 0)
		return -1;
	sweep(objectsfd);
	stage->dirfd = stage_make(objectsfd, stage->name, err);
	if (stage->dirfd < 0) {
		stage->name[0] = '\0';
		return -1;
	}
	if (mkdirat(stage->dirfd, "rootfs", 0755) < 0)
		return error_sys(err, "make directory 'rootfs'");
	stage->rootfd = openat(stage->dirfd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return stage->rootfd < 0 ? error_sys(err, "open 'rootfs'") : 0;
}

static char *or_empty(const char *text)
{
	return xstrdup(text ? text : "");
}

static void known_take(const struct template *known, struct template *t)
{
	t->name = xstrdup(known->name);
	t->source = or_empty(known->source);
	t->format = or_empty(known->format);
	t->archive_digest = or_empty(known->archive_digest);
	t->architecture = or_empty(known->architecture);
	t->args = strv_copy(known->args);
	t->env = strv_copy(known->env);
	t->user = or_empty(known->user);
	t->cwd = or_empty(known->cwd);
	t->stop_signal = or_empty(known->stop_signal);
}

/* The disk works on what was written while it is read. */
static int digest_take(const struct store_stage *stage, struct digest *out, struct error *err)
{
	struct writeback writeback;
	struct error lost = { 0 };
	int r;

	writeback_begin(&writeback, stage->dirfd);
	r = manifest_write(stage->dirfd, stage->rootfd, stage->ahead, out, err);
	if (writeback_end(&writeback, r < 0 ? &lost : err) < 0)
		return -1;
	return r;
}

static int describe(const struct store_stage *stage, const struct template *known,
		    struct template *t, struct error *err)
{
	struct digest digest;
	struct osinfo os;

	if (digest_take(stage, &digest, err) < 0)
		return -1;
	osinfo_read(stage->rootfd, &os);
	*t = (struct template){
		.init = TAKE_PTR(os.init),
		.init_kind = TAKE_PTR(os.init_kind),
		.os_id = TAKE_PTR(os.os_id),
		.os_version = TAKE_PTR(os.os_version),
		.os_name = TAKE_PTR(os.os_name),
		.systemd_version = os.systemd_version,
		.size = digest.size,
		.files = digest.files,
		.imported = (uint64_t)time(NULL),
		.is_current = true,
	};
	known_take(known, t);
	if (!*t->stop_signal && os.stop_signal) {
		free(t->stop_signal);
		t->stop_signal = TAKE_PTR(os.stop_signal);
	}
	free(os.stop_signal);
	object_identity(t, digest.hex, t->digest);
	return 0;
}

/* The rename that makes it an object. Returns 1 when there was one with this content already. */
static int settle(const struct store_stage *stage, const struct template *t, struct error *err)
{
	AUTO_CLOSE int objectsfd = object_dir(stage->storefd, err);

	if (objectsfd < 0 || object_write(stage->dirfd, t, err) < 0)
		return -1;
	if (syncfs(stage->dirfd) < 0)
		return error_sys(err, "sync the files");
	if (renameat2(objectsfd, stage->name, objectsfd, t->digest, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST)
			return 1;
		return error_sys(err, "put the template in its place");
	}
	return fsync(objectsfd) < 0 ? error_sys(err, "sync the template store") : 0;
}

/* Makes it a stage again, when it could not be given a name: err says why. */
static void unsettle(const struct store_stage *stage, const struct template *t)
{
	struct error ignored = { 0 };
	AUTO_CLOSE int objectsfd = object_dir(stage->storefd, &ignored);

	if (objectsfd >= 0)
		(void)renameat(objectsfd, t->digest, objectsfd, stage->name);
}

/* Takes the object that is there instead, held so that no removal comes between. */
static int adopt(struct store_stage *stage, struct template *t, const char *name, struct error *err)
{
	AUTO_CLOSE int holdfd = store_hold(stage->storefd, t->digest, err);
	AUTO_TEMPLATE struct template old = { 0 };

	if (holdfd < 0 || object_read(stage->storefd, t->digest, &old, err) < 0)
		return -1;
	if (version_add(stage->storefd, name, t->digest, &old.version, err) < 0)
		return -1;
	template_clear(t);
	*t = old;
	old = (struct template){ 0 };
	free(t->name);
	t->name = xstrdup(name);
	t->is_current = true;
	return 0;
}

int store_stage_commit(struct store_stage *stage, const struct template *known,
		       struct template *out, bool *out_is_new, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	int exists;

	if (template_name_check(known->name, err) < 0 || describe(stage, known, &t, err) < 0)
		return -1;
	exists = settle(stage, &t, err);
	if (exists < 0)
		return -1;
	if (exists) {
		if (adopt(stage, &t, known->name, err) < 0)
			return -1;
	} else if (version_add(stage->storefd, known->name, t.digest, &t.version, err) < 0) {
		unsettle(stage, &t);
		return -1;
	} else {
		stage->name[0] = '\0';
	}
	*out_is_new = !exists;
	*out = t;
	t = (struct template){ 0 };
	store_stage_close(stage);
	return 0;
}

void store_stage_close(struct store_stage *stage)
{
	struct error err = { 0 };

	if (stage->name[0]) {
		AUTO_CLOSE int objectsfd = object_dir(stage->storefd, &err);

		if (objectsfd >= 0)
			(void)path_remove(objectsfd, stage->name, &err); /* a sweep tries again */
		stage->name[0] = '\0';
	}
	if (stage->ahead)
		ahead_clear(stage->ahead);
	free(stage->ahead);
	stage->ahead = NULL;
	cleanup_close(&stage->rootfd);
	cleanup_close(&stage->dirfd);
	stage->rootfd = stage->dirfd = -1;
}
