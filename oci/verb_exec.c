/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "oci/entry.h"
#include "oci/handover.h"
#include "oci/oci.h"
#include "runtime/confine.h"

enum {
	PROCESS, DETACH, CONSOLE, PID_FILE, PRESERVE, TTY, CWD, ENV, USER, NO_PRIVILEGES, CGROUP,
	IGNORE_PAUSED, N_OPTIONS,
};

const struct oci_option oci_exec_options[] = {
	[PROCESS] = { "process", 'p', true },
	[DETACH] = { "detach", 'd', false },
	[CONSOLE] = { "console-socket", 0, true },
	[PID_FILE] = { "pid-file", 0, true },
	[PRESERVE] = { "preserve-fds", 0, true },
	[TTY] = { "tty", 't', false },
	[CWD] = { "cwd", 0, true },
	[ENV] = { "env", 'e', true },
	[USER] = { "user", 'u', true },
	[NO_PRIVILEGES] = { "no-new-privs", 0, false },
	[CGROUP] = { "cgroup", 0, true },
	[IGNORE_PAUSED] = { "ignore-paused", 0, false },
	[N_OPTIONS] = { 0 },
};

/* UID or UID:GID. */
static int set_user(const char *text, struct oci_user *user, struct error *err)
{
	AUTO_FREE char *uid = xstrndup(text, strcspn(text, ":"));
	const char *colon = strchr(text, ':');
	uint64_t value;

	if (num_u64(uid, 0, UINT32_MAX, &value, err) < 0)
		return error_wrap(err, "--user");
	user->uid = (uint32_t)value;
	if (!colon)
		return 0;
	if (num_u64(colon + 1, 0, UINT32_MAX, &value, err) < 0)
		return error_wrap(err, "--user");
	user->gid = (uint32_t)value;
	return 0;
}

/* The container's own process with another command, as far as options do not say otherwise. */
static int from_options(const struct oci *oci, const struct oci_spec *spec, struct oci_process *out,
			struct oci_user *user, char ***env, struct error *err)
{
	*out = *spec->process;
	*user = *spec->process->user;
	out->user = user;
	if (oci->n_operands < 2)
		return error_set(err, ERR_USAGE, "process args cannot be empty");
	out->args = (const char **)(oci->operands + 1);
	out->n_args = (size_t)oci->n_operands - 1;
	out->terminal = oci_value(oci, TTY) != NULL;
	if (oci_value(oci, CWD))
		out->cwd = oci_value(oci, CWD);
	if (oci_value(oci, NO_PRIVILEGES))
		out->no_new_privileges = true;
	*env = strv_copy((char *const *)out->env);
	for (size_t i = 0; i < oci->n_given; i++) {
		const char *given = oci->given[i].value;
		AUTO_FREE char *name = xstrndup(given, strcspn(given, "="));

		if (oci->given[i].row == ENV)
			strv_env_set(env, name, strchr(given, '=') ? strchr(given, '=') + 1 : "");
	}
	out->env = (const char **)*env;
	out->n_env = strv_len(*env);
	return oci_value(oci, USER) ? set_user(oci_value(oci, USER), user, err) : 0;
}

static int from_file(const struct oci *oci, struct oci_spec *out, struct error *err)
{
	const char *path = oci_value(oci, PROCESS);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */

	if (fd < 0)
		return error_sys(err, "open '%s'", path);
	return spec_read_process(out, fd, "process.json", err);
}

static int check_status(const struct oci *oci, const struct container *c, struct error *err)
{
	enum container_status status;

	if (container_status(c, &status, err) < 0)
		return -1;
	if (status == CONTAINER_STOPPED)
		return error_set(err, ERR_STATE, "cannot exec in a stopped container");
	if (status == CONTAINER_PAUSED && !oci_value(oci, IGNORE_PAUSED))
		return error_set(err, ERR_STATE, "cannot exec in a paused container (use"
				 " --ignore-paused to override)");
	return 0;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int exec_process(struct oci *oci, struct container *c, const struct oci_process *process,
			struct error *err)
{
	const struct handover handover = { .pid_file = oci_value(oci, PID_FILE),
					   .console_socket = oci_value(oci, CONSOLE) };
	struct entry_options options = { .process = process, .cgroup = oci_value(oci, CGROUP) };
	struct entered_process entered;
	uint64_t n_kept = 0;
	int status;

	if (oci_value(oci, PRESERVE) &&
	    num_u64(oci_value(oci, PRESERVE), 0, CONFINE_KEEP_MAX, &n_kept, err) < 0)
		return error_wrap(err, "--preserve-fds");
	options.n_kept = (unsigned int)n_kept;
	if (handover_check(&handover, process, !oci_value(oci, DETACH), err) < 0 ||
	    entry_start(c, &options, &entered, err) < 0)
		return -1;
	status = handover_give(&handover, entered.pid, entered.ptyfd, err);
	if (status == 0 && !oci_value(oci, DETACH))
		oci->status = wait_for(entered.pid);
	close(entered.pidfd);
	if (entered.ptyfd >= 0)
		close(entered.ptyfd);
	return status;
}

int oci_exec(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct oci_spec file = { 0 };
	struct oci_process process;
	struct oci_user user;
	AUTO_STRV char **env = NULL;
	int status;

	if (container_open(&c, oci->root, oci->operands[0], 0, err) < 0 ||
	    container_spec(&c, err) < 0 || check_status(oci, &c, err) < 0)
		return -1;
	if (oci_value(oci, PROCESS)) {
		status = from_file(oci, &file, err);
		if (status == 0)
			status = exec_process(oci, &c, file.process, err);
		spec_clear(&file);
		return status;
	}
	if (from_options(oci, &c.spec, &process, &user, &env, err) < 0)
		return -1;
	return exec_process(oci, &c, &process, err);
}
