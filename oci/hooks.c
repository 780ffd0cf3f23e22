/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/hooks.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

enum { SAID_MAX = 300 };

/* A file, so that a hook that does not read it stops nobody. */
static int state_file(const char *state, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "make a memfd");
	if (fd_write_all(fd, state, strlen(state), err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read the state");
	return TAKE_FD(fd);
}

/* The end of what it wrote, in one printable line. */
static void last_words(int fd, struct str *out)
{
	char text[SAID_MAX];
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n = size < 0 ? 0 : pread(fd, text, sizeof(text),
					 size > SAID_MAX ? size - SAID_MAX : 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0)
		str_add_printable(out, text, (size_t)n);
}

static int failed(const struct hook_list *l, size_t i, int status, int errorfd, struct error *err)
{
	AUTO_STR struct str said = { 0 };

	last_words(errorfd, &said);
	error_set(err, ERR_FAILED, "error running %s hook #%zu '%s': exit status %d%s%s", l->name,
		  i, l->hooks[i].path, status, said.len > 0 ? ", stderr: " : "", str_text(&said));
	return -1;
}

static int wait_for(const struct hook_list *l, size_t i, int pidfd, int errorfd, struct error *err)
{
	const struct oci_hook *hook = &l->hooks[i];
	int timeout_ms = hook->timeout.is_set ? (int)(hook->timeout.i > 1000000 ? 1000000
						      : hook->timeout.i) * 1000 : -1;
	int done = proc_wait_end(pidfd, timeout_ms, err);
	int status;

	if (done < 0)
		return -1;
	if (done == 0 && proc_signal(pidfd, SIGKILL, err) < 0)
		return -1;
	status = proc_reap(pidfd, err);
	if (done == 0)
		return error_set(err, ERR_FAILED, "error running %s hook #%zu '%s': not done after"
				 " %d s", l->name, i, hook->path, (int)hook->timeout.i);
	return status == 0 ? 0 : failed(l, i, status, errorfd, err);
}

static int run_one(const struct hook_list *l, size_t i, struct error *err)
{
	const struct oci_hook *hook = &l->hooks[i];
	char *const alone[] = { (char *)hook->path, NULL };
	char *const nothing[] = { NULL };
	AUTO_CLOSE int statefd = state_file(l->state, err);
	AUTO_CLOSE int errorfd = memfd_create("stderr", MFD_CLOEXEC);
	AUTO_CLOSE int pidfd = -1;
	const struct proc_spawn spawn = {
		.file = hook->path,
		.argv = hook->n_args > 0 ? (char *const *)hook->args : alone,
		.env = hook->env ? (char *const *)hook->env : nothing,
		.stdin_fd = statefd, .stdout_fd = -1, .stderr_fd = errorfd, .dirfd = l->dirfd,
	};
	pid_t pid;

	if (statefd < 0)
		return -1;
	if (errorfd < 0)
		return error_sys(err, "make a memfd");
	pidfd = proc_spawn(&spawn, &pid, err);
	if (pidfd < 0)
		return error_wrap(err, "error running %s hook #%zu '%s'", l->name, i, hook->path);
	return wait_for(l, i, pidfd, errorfd, err);
}

int hooks_run(const struct hook_list *list, struct error *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (run_one(list, i, err) < 0)
			return -1;
	return 0;
}
