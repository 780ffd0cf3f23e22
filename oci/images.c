/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "oci/protobuf.h"

enum { LOG_LEVEL = 4, LOG_END = 64 << 10, STREAMS_MAX = 64 << 10 };
enum { CRIU_SOFT = 3 };			/* enum criu_cg_mode */

static const char streams_name[] = "descriptors.json";

static int open_dir(const char *path, bool is_new, struct error *err)
{
	int fd;

	if (is_new && mkdir(path, 0700) < 0 && errno != EEXIST) /* host path */
		return error_sys(err, "make '%s'", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

/* Counts the images of a directory, or removes them with what we keep beside. */
static size_t each_image(int dirfd, bool removes)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (!str_ends(e->d_name, ".img") && strcmp(e->d_name, streams_name) != 0)
			continue;
		n++;
		if (removes)
			(void)unlinkat(dirfd, e->d_name, 0);
	}
	return n;
}

int images_open(struct images *out, const struct images_options *o, const char *log, bool is_new,
		struct error *err)
{
	const char *work = o->work ? o->work : o->path;
	AUTO_FREE char *path = NULL;

	*out = (struct images)IMAGES_NONE;
	out->dirfd = open_dir(o->path, is_new, err);
	if (out->dirfd < 0)
		return -1;
	out->was_empty = is_new && each_image(out->dirfd, false) == 0;
	out->workfd = open_dir(work, true, err);
	if (out->workfd < 0)
		return -1;
	(void)unlinkat(out->workfd, log, 0);	/* else an older failure would be told */
	path = realpath(work, NULL); /* host path */
	out->log = log;
	out->log_path = xasprintf("%s/%s", path ? path : work, log);
	return 0;
}

void images_close(struct images *i)
{
	cleanup_close(&i->dirfd);
	cleanup_close(&i->workfd);
	free(TAKE_PTR(i->log_path));
}

static int reopen(int fd, struct error *err)
{
	AUTO_FREE char *link = xasprintf("/proc/self/fd/%d", fd);
	AUTO_CLOSE int newfd = -1;
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof(path) - 1); /* host path */

	path[n < 0 ? 0 : n] = '\0';
	newfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (newfd < 0 || dup2(newfd, fd) < 0)
		return error_sys(err, "open '%s'", path);
	return 0;
}

int images_reopen(const struct images *i, struct error *err)
{
	return reopen(i->dirfd, err) < 0 ? -1 : reopen(i->workfd, err);
}

static void put_config(struct str *opts, const struct container *c)
{
	static const char *const places[] = { "/etc/criu/zone-oci.conf", "/etc/criu/runc.conf" };

	for (size_t i = 0; i < c->spec.n_annotations; i++)
		if (strcmp(c->spec.annotations[i].key, "org.criu.config") == 0) {
			if (*c->spec.annotations[i].value)
				protobuf_put_str(opts, CRIU_CONFIG_FILE,
						 c->spec.annotations[i].value);
			return;
		}
	for (size_t i = 0; i < N_ROWS(places); i++)
		if (access(places[i], R_OK) == 0) { /* host path */
			protobuf_put_str(opts, CRIU_CONFIG_FILE, places[i]);
			return;
		}
}

void images_begin(const struct images *i, const struct images_options *o,
		  const struct container *c, struct criu_request *r)
{
	struct str *opts = &r->opts;

	protobuf_put_u64(opts, CRIU_IMAGES_DIR, (uint64_t)i->dirfd);
	protobuf_put_u64(opts, CRIU_WORK_DIR, (uint64_t)i->workfd);
	criu_keep(r, i->dirfd);
	criu_keep(r, i->workfd);
	protobuf_put_str(opts, CRIU_LOG_FILE, i->log);
	protobuf_put_u64(opts, CRIU_LOG_LEVEL, LOG_LEVEL);
	protobuf_put_u64(opts, CRIU_MANAGE_CGROUPS, 1);
	protobuf_put_u64(opts, CRIU_CGROUPS_MODE, CRIU_SOFT);
	protobuf_put_u64(opts, CRIU_ORPHAN_PTS_MASTER, 1);
	/* Of fields that are given twice, the last counts. */
	str_addn(opts, str_text(&o->opts), o->opts.len);
	put_config(opts, c);
}

/* "(00.12) Error (criu/mount.c:1): mnt: ..." without the time. The lines that follow only say that
 * it failed. */
static const char *last_error(char *text)
{
	const char *last = NULL;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *at = strstr(line, "Error (");

		if (at && !strstr(at, "FAILED") && !strstr(at, "failed with -1"))
			last = at;
	}
	return last;
}

int images_explain(const struct images *i, struct error *err)
{
	AUTO_CLOSE int fd = openat(i->workfd, i->log, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = xcalloc(1, LOG_END + 1);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	const char *last;

	if (size < 0 || pread(fd, text, LOG_END, size > LOG_END ? size - LOG_END : 0) < 0)
		return -1;
	last = strstr(err->text, "Error (") ? NULL : last_error(text);	/* else criu told it */
	if (last) {
		AUTO_STR struct str shown = { 0 };
		struct error whole = { 0 };

		str_add_printable(&shown, last, strlen(last));
		error_set(&whole, err->kind, "%s: %s", err->text, str_text(&shown));
		whole.sys = err->sys;
		*err = whole;
	}
	return error_hint(err, "log file: %s", i->log_path);
}

void images_discard(const struct images *i)
{
	if (i->was_empty)
		(void)each_image(i->dirfd, true);
}

int images_keep_streams(const struct images *i, const struct container *c, struct error *err)
{
	struct json_out out = { .compact = true };
	int status;

	json_out_array(&out, NULL);
	for (int fd = 0; fd < IMAGES_STREAMS; fd++) {
		AUTO_FREE char *path = xasprintf("/proc/%d/fd/%d", (int)c->state.init.pid, fd);
		char target[PATH_MAX];
		ssize_t n = readlink(path, target, sizeof(target) - 1); /* host path */

		target[n < 0 ? 0 : n] = '\0';
		json_out_str(&out, NULL, target);
	}
	json_out_end_array(&out);
	status = path_write(i->dirfd, streams_name, 0600, str_text(&out.text), out.text.len, err);
	json_out_clear(&out);
	return status;
}

static void pass_stream(const char *target, int fd, struct str *opts)
{
	AUTO_STR struct str inner = { 0 };

	if (!str_starts(target, "pipe:["))
		return;
	protobuf_put_str(&inner, 1, target);
	protobuf_put_u64(&inner, 2, (uint64_t)fd);
	protobuf_put_message(opts, CRIU_INHERIT_FD, &inner);
}

int images_pass_streams(const struct images *i, struct str *opts, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_JSON struct json *j = NULL;
	AUTO_STRV char **targets = NULL;
	size_t len;

	if (path_read(i->dirfd, streams_name, STREAMS_MAX, &text, &len, err) < 0)
		return error_wrap(err, "the images");
	j = json_parse(streams_name, text, len, NULL, err);
	if (!j || json_strv(j, streams_name, &targets, err) < 0)
		return -1;
	for (int fd = 0; fd < IMAGES_STREAMS && targets && targets[fd]; fd++)
		pass_stream(targets[fd], fd, opts);
	return 0;
}
