/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SITE_FIXTURE_H
#define TESTS_UNIT_SITE_FIXTURE_H

/* A site of its own below /tmp, for tests that run as root and skip otherwise. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "runtime/site.h"

static char site_root[32];
static struct site site;

/* Root in a user namespace can't give files to the ids of a zone. */
static inline bool is_host_root(void)
{
	struct error err = { 0 };
	char map[128] = "";

	return geteuid() == 0 &&
	       fd_read_control(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map), &err) > 0 &&
	       strstr(map, " 4294967295");
}

#define NEEDS_ROOT() do { if (!is_host_root()) skip(); } while (0)

static inline int site_setup(void **state)
{
	struct error err = { 0 };

	(void)state;
	if (!is_host_root())
		return 0;
	strcpy(site_root, "/tmp/test-site-XXXXXX");
	return mkdtemp(site_root) ? site_open(&site, site_root, &err) : -1;
}

static inline int site_teardown(void **state)
{
	AUTO_CLOSE int tmpfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };

	(void)state;
	if (!is_host_root())
		return 0;
	site_close(&site);
	return path_remove(tmpfd, site_root + strlen("/tmp/"), &err);
}

static inline bool is_there(int atfd, const char *path)
{
	return faccessat(atfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#define SITE_TEST(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)

#endif
