/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive, and a last byte that says whether it is a layer over a tree that
 * is there: whatever it holds, the tree has nothing that a template may not have,
 * nothing outside it is touched, no descriptor stays open, and an error can be
 * shown. The writer is the real one, on a tmpfs of this process's own; the
 * sandbox is not there, so that what it would catch is found. Headers get their
 * sums after a mutation: else hardly one would be looked at.
 *
 * tests/lib/archives.py seeds DIR makes the corpus to begin with.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "templates/unpack.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed);

enum { RECORD = 512, SIZE_AT = 124, SUM_AT = 148, SUM_LEN = 8, ID_MAX = 65535 };

static char box[] = "/tmp/fuzz_unpack.XXXXXX";
static int boxfd = -1, archivefd = -1;
static struct stat box_was, canary_was;

static void check(int is_true, const char *claim)
{
	if (is_true)
		return;
	fprintf(stderr, "not so: %s (errno %d)\n", claim, errno);
	abort();
}

static void box_remove(void)
{
	(void)umount2(box, MNT_DETACH);	/* it goes with the process in any case */
	(void)rmdir(box);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd;

	(void)argc;
	(void)argv;
	check(mkdtemp(box) != NULL && unshare(CLONE_NEWNS) == 0, "a directory can be made");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	      mount("fuzz", box, "tmpfs", MS_NODEV, "size=256m,mode=755") == 0, "it is a tmpfs");
	boxfd = open(box, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(boxfd >= 0 && mkdirat(boxfd, "in", 0755) == 0 && mkdirat(boxfd, "canary", 0755) == 0,
	      "it has a canary");
	fd = openat(boxfd, "canary/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	check(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0, "the canary has a file");
	archivefd = memfd_create("archive", MFD_CLOEXEC);
	check(archivefd >= 0, "an archive can be made");
	umask(0);
	check(fstat(boxfd, &box_was) == 0 && fstatat(boxfd, "canary/file", &canary_was, 0) == 0,
	      "both can be looked at");
	return atexit(box_remove);
}

static uint64_t size_of(const uint8_t *header)
{
	uint64_t n = 0;

	for (size_t i = SIZE_AT; i < SIZE_AT + 12 && header[i] >= '0' && header[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(header[i] - '0');
	return n;
}

/* Gives the headers that are where headers should be the right sum. */
static void sums_mend(uint8_t *data, size_t size)
{
	size_t at = 0;

	while (size - at >= RECORD) {
		uint8_t *header = data + at;
		uint64_t len = size_of(header);
		unsigned int sum = 0;
		char text[SUM_LEN + 1];

		at += RECORD;
		if (header[0] == '\0')
			continue;
		memset(header + SUM_AT, ' ', SUM_LEN);
		for (size_t i = 0; i < RECORD; i++)
			sum += header[i];
		snprintf(text, sizeof(text), "%06o", sum);
		memcpy(header + SUM_AT, text, SUM_LEN - 1);
		if (len > size - at)
			return;
		at += (size_t)(len + RECORD - 1) / RECORD * RECORD;
		if (at > size)
			return;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, room);
	if (seed % 8 != 0 && size > RECORD)
		sums_mend(data, size - 1);
	return size;
}

static void xattrs_check(int fd)
{
	char names[4096];
	ssize_t len = flistxattr(fd, names, sizeof(names));

	for (const char *name = names; len > 0 && name < names + len; name += strlen(name) + 1)
		check(strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0 ||
		      strncmp(name, "system.posix_acl_", 17) == 0, "the xattr is on the list");
}

/* Takes dirfd. */
static void tree_check(int dirfd)
{
	AUTO_CLOSEDIR DIR *dir = fdopendir(dirfd);
	const struct dirent *e;

	check(dir != NULL, "a directory can be read");
	while ((e = readdir(dir))) {
		struct stat st;
		int fd;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		check(fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0, "it is there");
		check(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode) ||
		      S_ISFIFO(st.st_mode), "it is no device");
		check(st.st_uid <= ID_MAX && st.st_gid <= ID_MAX, "its owner is of a zone");
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			continue;
		fd = openat(dirfd, e->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		check(fd >= 0, "it can be opened");
		xattrs_check(fd);
		if (S_ISDIR(st.st_mode))
			tree_check(fd);
		else
			close(fd);
	}
}

static void file_make(int dirfd, const char *path)
{
	AUTO_CLOSE int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	check(fd >= 0 && write(fd, "lower\n", 6) == 6, "a file can be made");
}

/* What lower layers left. */
static void lower_make(int rootfd)
{
	check(mkdirat(rootfd, "d", 0755) == 0 && mkdirat(rootfd, "d/e", 0755) == 0 &&
	      symlinkat("../../canary", rootfd, "l") == 0 &&
	      symlinkat("../../../canary", rootfd, "d/l") == 0, "a tree can be made");
	file_make(rootfd, "a");
	file_make(rootfd, "d/x");
	file_make(rootfd, "d/e/x");
}

static int is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_nlink == b->st_nlink && a->st_mode == b->st_mode &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void outside_check(void)
{
	struct stat box_is, canary_is;

	check(fstat(boxfd, &box_is) == 0 && is_same(&box_is, &box_was), "no neighbour came");
	check(fstatat(boxfd, "canary/file", &canary_is, 0) == 0 && is_same(&canary_is, &canary_was),
	      "the canary is untouched");
}

static int descriptors_next(void)
{
	int fd = dup(boxfd);

	close(fd);
	return fd;
}

/* Takes rootfd. */
static void unpack(int rootfd, bool is_layer)
{
	struct unpack_options options = { .is_layer = is_layer };
	struct unpack_report report = { .entries = 0 };
	struct error err = { .kind = ERR_NONE };

	unpack_limits_init(&options.limits);
	options.limits.bytes = 1 << 20;
	options.limits.entries = 200;
	if (unpack_archive(archivefd, rootfd, &options, &report, &err) == 0) {
		int fd = openat(boxfd, "in/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		check(report.entries <= 200 && report.bytes <= 1 << 20, "the limits hold");
		tree_check(fd);
		return;
	}
	check(err.kind > ERR_NONE && err.kind <= ERR_PARTIAL, "the kind is one of those");
	check(err.text[0] && str_is_clean(err.text) && str_is_clean(err.hint), "it can be shown");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int infd = openat(boxfd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = { .kind = ERR_NONE };
	int rootfd, before;

	if (size == 0)
		return -1;
	check(ftruncate(archivefd, 0) == 0 &&
	      pwrite(archivefd, data, size - 1, 0) == (ssize_t)size - 1 &&
	      lseek(archivefd, 0, SEEK_SET) == 0, "the archive can be written");
	check(infd >= 0 && mkdirat(infd, "root", 0755) == 0, "a root can be made");
	before = descriptors_next();
	rootfd = openat(infd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(rootfd >= 0, "the root can be opened");
	if (data[size - 1] & 1)
		lower_make(rootfd);
	unpack(rootfd, data[size - 1] & 1);
	check(descriptors_next() == before, "no descriptor stays open");
	outside_check();
	check(path_remove(infd, "root", &err) == 0, "the tree can be removed");
	return 0;
}
