/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "oci/entry.h"
#include "oci/foreground.h"
#include "oci/handover.h"
#include "oci/inherit.h"
#include "oci/oci.h"
#include "runtime/caps.h"

enum {
	PROCESS, DETACH, CONSOLE, PID_FILE, PIDFD, PRESERVE, TTY, CWD, ENV, USER, GROUPS, CAP,
	NO_PRIVILEGES, APPARMOR, LABEL, CGROUP, IGNORE_PAUSED, N_OPTIONS,
};

enum { EXEC_FAILED = 255 };	/* as runc says that it was not the command that failed */

const struct oci_option oci_exec_options[] = {
	[PROCESS] = { "process", 'p', true },
	[DETACH] = { "detach", 'd', false },
	[CONSOLE] = { "console-socket", 0, true },
	[PID_FILE] = { "pid-file", 0, true },
	[PIDFD] = { "pidfd-socket", 0, true },
	[PRESERVE] = { "preserve-fds", 0, true },
	[TTY] = { "tty", 't', false },
	[CWD] = { "cwd", 0, true },
	[ENV] = { "env", 'e', true },
	[USER] = { "user", 'u', true },
	[GROUPS] = { "additional-gids", 'g', true },
	[CAP] = { "cap", 'c', true },
	[NO_PRIVILEGES] = { "no-new-privs", 0, false },
	[APPARMOR] = { "apparmor", 0, true },
	[LABEL] = { "process-label", 0, true },
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

/* The container's own process with another command, as far as options do not say otherwise, and
 * what was made for that. */
struct own_process {
	struct oci_process process;
	struct oci_user user;
	struct oci_capabilities caps;
	char **env;
};

static int add_group(struct oci_user *user, const char *text, struct error *err)
{
	AUTO_STRV char **words = strv_split(text, ",");

	for (char **w = words; w && *w; w++) {
		uint64_t gid;

		if (num_u64(*w, 0, UINT32_MAX, &gid, err) < 0)
			return error_wrap(err, "--additional-gids");
		user->groups = xreallocarray(user->groups, user->n_groups + 1,
					     sizeof(*user->groups));
		user->groups[user->n_groups++] = (uint32_t)gid;
	}
	return 0;
}

static void add_name(const char ***list, size_t *n, const char *name)
{
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = name;
}

static int add_capability(struct oci_capabilities *caps, const char *name, struct error *err)
{
	if (caps_number(name) < 0)
		return error_set(err, ERR_USAGE, "--cap: unknown capability '%s'", name);
	add_name(&caps->bounding, &caps->n_bounding, name);
	add_name(&caps->permitted, &caps->n_permitted, name);
	add_name(&caps->effective, &caps->n_effective, name);
	return 0;
}

static void copy_names(const char ***list, size_t n)
{
	const char **copy = xcalloc(n + 1, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = (*list)[i];
	*list = copy;
}

/* What options add to is copied first. */
static void own_init(struct own_process *own, const struct oci_process *spec)
{
	uint32_t *groups = xcalloc(spec->user->n_groups + 1, sizeof(*groups));

	*own = (struct own_process){ .process = *spec, .user = *spec->user,
				     .env = strv_copy((char *const *)spec->env) };
	for (size_t i = 0; i < spec->user->n_groups; i++)
		groups[i] = spec->user->groups[i];
	own->user.groups = groups;
	if (spec->capabilities)
		own->caps = *spec->capabilities;
	copy_names(&own->caps.bounding, own->caps.n_bounding);
	copy_names(&own->caps.permitted, own->caps.n_permitted);
	copy_names(&own->caps.effective, own->caps.n_effective);
	own->process.user = &own->user;
	own->process.capabilities = &own->caps;
}

static void own_clear(struct own_process *own)
{
	strv_clear(&own->env);
	free(TAKE_PTR(own->user.groups));
	free(TAKE_PTR(own->caps.bounding));
	free(TAKE_PTR(own->caps.permitted));
	free(TAKE_PTR(own->caps.effective));
}

/* Those that may be given again. */
static int take_one(struct own_process *own, const struct oci_given *given, struct error *err)
{
	const char *equals = strchr(given->value, '=');
	AUTO_FREE char *name = NULL;

	switch (given->row) {
	case ENV:
		name = xstrndup(given->value, strcspn(given->value, "="));
		strv_env_set(&own->env, name, equals ? equals + 1 : "");
		return 0;
	case GROUPS:
		return add_group(&own->user, given->value, err);
	case CAP:
		return add_capability(&own->caps, given->value, err);
	default:
		return 0;
	}
}

static int own_read(struct own_process *own, const struct oci *oci, struct error *err)
{
	struct oci_process *p = &own->process;

	if (oci->n_operands < 2)
		return error_set(err, ERR_USAGE, "process args cannot be empty");
	p->args = (const char **)(oci->operands + 1);
	p->n_args = (size_t)oci->n_operands - 1;
	p->terminal = oci_value(oci, TTY) != NULL;
	p->console_size = NULL;
	if (oci_value(oci, CWD))
		p->cwd = oci_value(oci, CWD);
	if (oci_value(oci, APPARMOR))
		p->apparmor_profile = oci_value(oci, APPARMOR);
	if (oci_value(oci, LABEL))
		p->selinux_label = oci_value(oci, LABEL);
	if (oci_value(oci, NO_PRIVILEGES))
		p->no_new_privileges = true;
	for (size_t i = 0; i < oci->n_given; i++)
		if (take_one(own, &oci->given[i], err) < 0)
			return -1;
	p->env = (const char **)own->env;
	p->n_env = strv_len(own->env);
	return oci_value(oci, USER) ? set_user(oci_value(oci, USER), &own->user, err) : 0;
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

static int give(struct oci *oci, const struct handover *handover, struct entered_process *entered,
		struct foreground *f, struct error *err)
{
	if (handover_give(handover, entered->pid, entered->pidfd, entered->ptyfd, err) < 0)
		return -1;
	if (oci_value(oci, DETACH))
		return 0;
	return foreground_wait(f, entered->pidfd, &entered->ptyfd, &oci->status, err);
}

static char **given_cgroups(const struct oci *oci)
{
	char **list = NULL;

	for (size_t i = 0; i < oci->n_given; i++)
		if (oci->given[i].row == CGROUP)
			strv_add(&list, oci->given[i].value);
	return list;
}

static int exec_process(struct oci *oci, struct container *c, const struct oci_process *process,
			unsigned int n_kept, struct error *err)
{
	const struct handover handover = { oci_value(oci, PID_FILE), oci_value(oci, CONSOLE),
					   oci_value(oci, PIDFD) };
	AUTO_STRV char **cgroups = given_cgroups(oci);
	const struct entry_options options = {
		.process = process, .cgroups = cgroups, .n_kept = n_kept,
	};
	bool is_detached = oci_value(oci, DETACH) != NULL;
	struct foreground f = FOREGROUND_NONE;
	struct entered_process entered;
	int status;

	if (handover_check(&handover, process, !is_detached, err) < 0)
		return -1;
	status = is_detached ? 0
			     : foreground_open(&f, process->terminal && !handover.console_socket,
					       err);
	if (status == 0)
		status = entry_start(c, &options, &entered, err);
	if (status == 0) {
		status = give(oci, &handover, &entered, &f, err);
		entered_close(&entered);
	}
	foreground_close(&f);
	return status;
}

static int exec_file(struct oci *oci, struct container *c, unsigned int n_kept,
		     struct error *err)
{
	struct oci_spec file = { 0 };
	int status = from_file(oci, &file, err);

	if (status == 0)
		status = exec_process(oci, c, file.process, n_kept, err);
	spec_clear(&file);
	return status;
}

static int exec_own(struct oci *oci, struct container *c, unsigned int n_kept, struct error *err)
{
	struct own_process own;
	int status;

	own_init(&own, c->spec.process);
	status = own_read(&own, oci, err);
	if (status == 0)
		status = exec_process(oci, c, &own.process, n_kept, err);
	own_clear(&own);
	return status;
}

int oci_exec(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct inherit inherit;

	oci->failed = EXEC_FAILED;
	/* Before anything of ours stands in their places. */
	if (inherit_read(&inherit, oci_value(oci, PRESERVE), err) < 0 ||
	    container_open(&c, oci->root, oci->operands[0], 0, err) < 0 ||
	    container_spec(&c, err) < 0 || check_status(oci, &c, err) < 0)
		return -1;
	return oci_value(oci, PROCESS) ? exec_file(oci, &c, inherit.n, err)
				       : exec_own(oci, &c, inherit.n, err);
}
