/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/confine.h"

static const char *reason_of(int code)
{
	switch (code) {
	case EACCES:
		return "permission denied";
	case ENOENT:
		return "no such file or directory";
	case ENOTDIR:
		return "not a directory";
	default:
		return strerror(code);
	}
}

static void *fail(struct error *err, int code, const char *name, const char *what)
{
	error_set(err, ERR_FAILED, "exec: \"%s\": %s%s", name, what, reason_of(code));
	err->sys = code;
	return NULL;
}

/* A path is executed as it stands. */
static char *check_path(const char *name, struct error *err)
{
	struct stat st;

	if (fstatat(AT_FDCWD, name, &st, 0) < 0) {
		int code = errno;
		char *what = xasprintf("stat %s: ", name);

		return fail(err, code, name, what);
	}
	if (S_ISDIR(st.st_mode)) {
		/* Newer engines look for the first reason, older ones for the second. */
		error_set(err, ERR_FAILED, "exec: \"%s\": is a directory: permission denied", name);
		err->sys = EACCES;
		return NULL;
	}
	return confine_is_program(name) ? xstrdup(name) : fail(err, EACCES, name, "");
}

char *program_find(const char *name, char *const *env, struct error *err)
{
	struct error missing = { 0 };
	char *path;

	if (strchr(name, '/'))
		return check_path(name, err);
	path = *name ? confine_find(name, env, &missing) : NULL;
	if (path)
		return path;
	error_set(err, ERR_FAILED, "exec: \"%s\": executable file not found in $PATH", name);
	err->sys = ENOENT;
	return NULL;
}
