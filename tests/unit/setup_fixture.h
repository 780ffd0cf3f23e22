/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SETUP_FIXTURE_H
#define TESTS_UNIT_SETUP_FIXTURE_H

/* A small root filesystem below /tmp that setup_apply() sees as its "/". Needs root, for chroot(2);
 * skips otherwise. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "runtime/setup.h"

#define BEGIN "# zonectl: begin (rewritten when the zone's properties change)\n"
#define END "# zonectl: end\n"
#define MARK "# Written by zonectl from the zone's properties.\n"
#define UUID "01234567-89ab-4def-8123-456789abcdef"

static char tree[32];
static int treefd = -1;
static struct setup_report *report;

static inline int tree_open(void **state)
{
	(void)state;
	strcpy(tree, "/tmp/zonectl-test-XXXXXX");
	if (!mkdtemp(tree))
		return -1;
	treefd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	return treefd < 0 || report == MAP_FAILED ? -1 : 0;
}

static inline int tree_close(void **state)
{
	struct error err = { 0 };
	int tmpfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret = path_remove(tmpfd, tree + strlen("/tmp/"), &err);

	(void)state;
	close(tmpfd);
	close(treefd);
	munmap(report, sizeof(*report));
	return ret;
}

#define SETUP_TEST(claim) cmocka_unit_test_setup_teardown(claim, tree_open, tree_close)
#define NEEDS_ROOT() do { if (geteuid() != 0) skip(); } while (0)

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

/* As the zone's first process does it, and in no more than two seconds. */
static inline void apply(const struct setup *wanted, unsigned int parts)
{
	struct setup s = *wanted;
	int status;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	s.report = report;
	s.parts = parts;
	if (!s.uuid)
		s.uuid = UUID;
	if (!s.hostname)
		s.hostname = "web1";
	if (!s.init_kind)
		s.init_kind = "";
	pid = fork();
	if (pid == 0) {
		alarm(2);
		if (chroot(tree) < 0 || chdir("/") < 0)
			_exit(1);
		setup_apply(&s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(report->is_complete);
}

static inline void apply_ok(const struct setup *wanted, unsigned int parts)
{
	apply(wanted, parts);
	if (report->n_warnings > 0 || report->failed != 0)
		fail_msg("warned: %s", report->warnings[0]);
}

#define PART(part) (1u << (part))

#endif
