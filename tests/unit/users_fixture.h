/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_USERS_FIXTURE_H
#define TESTS_UNIT_USERS_FIXTURE_H

/* A root filesystem on the host's own, with an empty etc. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"

#define PASSWD "etc/passwd"
#define GROUP "etc/group"

struct fixture {
	char dir[32];
	int rootfd;
};

static inline int fixture_up(void **state)
{
	static struct fixture f;

	strcpy(f.dir, "/tmp/test_users.XXXXXX");
	if (!mkdtemp(f.dir))
		return -1;
	f.rootfd = open(f.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = &f;
	return f.rootfd < 0 ? -1 : mkdirat(f.rootfd, "etc", 0755);
}

static inline int fixture_down(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	if (path_remove(f->rootfd, "etc", &err) < 0 || path_remove(f->rootfd, "dev", &err) < 0)
		print_message("# %s\n", err.text);
	close(f->rootfd);
	return rmdir(f->dir);
}

static inline void put_bytes(const struct fixture *f, const char *path, const char *text,
			     size_t len)
{
	struct error err = { 0 };

	assert_int_equal(path_write(f->rootfd, path, 0644, text, len, &err), 0);
}

static inline void put(const struct fixture *f, const char *path, const char *text)
{
	put_bytes(f, path, text, strlen(text));
}

#endif
