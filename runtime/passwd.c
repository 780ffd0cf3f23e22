/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/passwd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strv.h"
#include "runtime/inside.h"
#include "runtime/property_users.h"
#include "runtime/setup_access.h"
#include "templates/program.h"

enum { HASH_MAX = 512 };

static int start_crypt(int fd, int outfd, struct error *err)
{
	AUTO_CLOSE int programfd = program_open("zone-crypt", err);
	AUTO_STRV char **argv = NULL;
	const int keep[] = { programfd };
	struct proc_spawn spawn = {
		.stdin_fd = fd, .stdout_fd = outfd, .stderr_fd = -1,
		.keep_fds = keep, .n_keep_fds = N_ROWS(keep), .dirfd = -1,
	};
	pid_t pid;

	if (programfd < 0)
		return -1;
	strv_addf(&argv, "/proc/self/fd/%d", programfd);
	spawn.argv = argv;
	return proc_spawn(&spawn, &pid, err);
}

char *passwd_hash(int fd, struct error *err)
{
	AUTO_CLOSE int pidfd = -1;
	AUTO_FREE char *hash = NULL;
	int out[2], ret, status;

	if (pipe2(out, O_CLOEXEC) < 0) {
		error_sys(err, "make a pipe");
		return NULL;
	}
	pidfd = start_crypt(fd, out[1], err);
	close(out[1]);
	ret = pidfd < 0 ? -1 : fd_read_all(out[0], HASH_MAX, &hash, NULL, err);
	close(out[0]);
	status = pidfd < 0 ? -1 : proc_reap(pidfd, err);
	if (ret < 0 || status < 0)
		return NULL;
	if (status > 0) {
		error_set(err, ERR_USAGE, "standard input is not a password: one line, not empty, "
			  "at most 512 bytes");
		return NULL;
	}
	hash[strcspn(hash, "\n")] = '\0';
	return TAKE_PTR(hash);
}

struct change {
	const char *user, *hash;
};

static int set_inside(void *arg, struct error *err)
{
	const struct change *c = arg;

	return setup_set_password(c->user, c->hash, err);
}

int passwd_set(struct zone *z, bool is_up, const char *user, const char *hash, struct error *err)
{
	struct change c = { user, hash };

	if (property_check_password_hash(hash, err) < 0)
		return -1;
	if (!*user || strpbrk(user, ":\n"))
		return error_set(err, ERR_USAGE, "'%s' is no name of a user", user);
	return inside_call(z, is_up, set_inside, &c, err);
}
