/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_GUEST_FIXTURE_H
#define TESTS_UNIT_GUEST_FIXTURE_H

/* A small root filesystem below /tmp: made, filled, looked at, removed. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"

static char tree[32];
static int treefd = -1;

static inline int guest_make(void)
{
	strcpy(tree, "/tmp/zonectl-test-XXXXXX");
	if (!mkdtemp(tree))
		return -1;
	treefd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return treefd < 0 ? -1 : 0;
}

static inline int guest_unmake(void)
{
	struct error err = { 0 };
	int tmpfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret = path_remove(tmpfd, tree + strlen("/tmp/"), &err);

	close(tmpfd);
	close(treefd);
	return ret;
}

static inline void put_dir(const char *path)
{
	struct error err = { 0 };
	int fd = path_mkdirs(treefd, path, 0755, &err);

	assert_true(fd >= 0);
	close(fd);
}

/* Makes the directories above, too. */
static inline void put_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);

	put_dir(dir);
}

static inline void put_file(const char *path, const char *text)
{
	struct error err = { 0 };

	put_parent(path);
	if (path_write(treefd, path, 0644, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static inline void put_link(const char *path, const char *target)
{
	put_parent(path);
	assert_int_equal(symlinkat(target, treefd, path), 0);
}

static inline bool has(const char *path)
{
	return faccessat(treefd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline struct stat look(const char *path)
{
	struct stat st;

	if (fstatat(treefd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("no %s", path);
	return st;
}

static inline char *text_of(const char *path)
{
	AUTO_CLOSE int fd = openat(treefd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct error err = { 0 };
	char *text = NULL;

	if (fd < 0 || fd_read_all(fd, 1 << 20, &text, NULL, &err) < 0) {
		fail_msg("can't read %s", path);
		abort();
	}
	return text;
}

static inline void assert_file(const char *path, const char *expected)
{
	AUTO_FREE char *text = text_of(path);

	assert_string_equal(text, expected);
}

static inline void assert_holds(const char *path, const char *part)
{
	AUTO_FREE char *text = text_of(path);

	if (!strstr(text, part))
		fail_msg("%s has no '%s':\n%s", path, part, text);
}

static inline void assert_target(const char *path, const char *expected)
{
	char target[256] = "";

	assert_true(readlinkat(treefd, path, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, expected);
}

#endif
