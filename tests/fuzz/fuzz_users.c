/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spec, a passwd and a group file, one behind the other with a byte 0xff between: whatever they
 * hold, the answer is a user within the bounds of users.h or an error that can be shown.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/users.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz_users.XXXXXX";
static int rootfd = -1;

static void check(int is_true, const char *claim)
{
	if (is_true)
		return;
	fprintf(stderr, "not so: %s\n", claim);
	abort();
}

static void remove_files(void)
{
	struct error err = { 0 };

	check(path_remove(rootfd, "etc", &err) == 0 && rmdir(dir) == 0, "the files can be removed");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	check(mkdtemp(dir) != NULL, "a directory can be made");
	rootfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(rootfd >= 0 && mkdirat(rootfd, "etc", 0755) == 0, "a root can be made");
	return atexit(remove_files);
}

static void put_file(const char *path, const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = openat(rootfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "a file can be written");
}

/* The bytes before the next separator; *data moves behind it. */
static size_t take_part(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, 0xff, *size) : NULL;
	size_t len = end ? (size_t)(end - *data) : *size;
	size_t used = end ? len + 1 : len;

	*data += used;
	*size -= used;
	return len;
}

static void check_user(const struct user *user)
{
	const struct confine_user *ids = &user->ids;

	check(ids->uid <= USERS_ID_MAX && ids->gid <= USERS_ID_MAX, "the ids are of the zone");
	check(ids->n_groups >= 1 && ids->n_groups <= CONFINE_GROUPS_MAX, "the groups fit");
	check(ids->groups[0] == ids->gid, "the own group is the first");
	for (size_t i = 0; i < ids->n_groups; i++) {
		check(ids->groups[i] <= USERS_ID_MAX, "the groups are of the zone");
		for (size_t k = 0; k < i; k++)
			check(ids->groups[i] != ids->groups[k], "a group is listed once");
	}
	check(str_is_clean(user->name) && user->name[0] != '-', "the name can be an operand");
	check(user->home[0] == '/' && str_is_clean(user->home), "the home is a path");
	check(user->shell[0] == '/' && str_is_clean(user->shell), "the shell is a path");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *spec = data;
	size_t len = take_part(&data, &size);
	AUTO_FREE char *text = strndup((const char *)spec, len);
	const uint8_t *passwd = data;
	struct error err = { 0 };
	struct user user;

	put_file("etc/passwd", passwd, take_part(&data, &size));
	put_file("etc/group", data, size);
	if (users_find(rootfd, text, &user, &err) < 0) {
		check(err.kind == ERR_USAGE || err.kind == ERR_NOT_FOUND, "the kind is one of two");
		check(str_is_clean(err.text) && err.text[0], "the error can be shown");
		return 0;
	}
	check_user(&user);
	if (text[0] && !text[strspn(text, "0123456789")])
		check(user.ids.uid == strtoul(text, NULL, 10), "digits are the uid");
	return 0;
}
