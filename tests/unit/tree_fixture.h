/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_TREE_FIXTURE_H
#define TESTS_TREE_FIXTURE_H

/* A directory of its own for each test of templates/, with a small tree made without the code
 * under test, and its removal. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"

struct fixture {
	char dir[sizeof("/tmp/zonectl-test-XXXXXX")];
	int dirfd;
	int rootfd;			/* "root" in it, empty */
};

static inline void put(int dirfd, const char *name, mode_t mode, const char *text)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static inline void made(int result)
{
	assert_true(result >= 0);
}

static inline int make_dir(int dirfd, const char *name)
{
	int fd;

	made(mkdirat(dirfd, name, 0755));
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	made(fd);
	return fd;
}

static inline int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	strcpy(f->dir, "/tmp/zonectl-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->dirfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->rootfd = make_dir(f->dirfd, "root");
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	AUTO_CLOSE int tmpfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = path_remove(tmpfd, f->dir + strlen("/tmp/"), &err);

	close(f->rootfd);
	close(f->dirfd);
	free(f);
	return r;
}

#define TREE_TEST(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

#endif
