/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "oci/hooks.h"
#include "oci/oci_launch.h"
#include "oci/spec_linux.h"
#include "runtime/caps.h"

/* Builder and caller share memory: what is changed here, the caller sees. */
static struct oci_launch *launch_of(const struct launching *b)
{
	return (struct oci_launch *)(uintptr_t)b->l;
}

static int write_offset(int fd, const char *clock, const struct oci_time_offset *o,
			struct error *err)
{
	char text[64];

	if (!o)
		return 0;
	snprintf(text, sizeof(text), "%s %" PRId64 " %" PRIu32 "\n", clock, o->secs.i, o->nanosecs);
	return fd_write_all(fd, text, strlen(text), err);
}

/* A time namespace is that of the children of whoever makes it, and takes its offsets before the
 * first (time_namespaces(7)). */
static int make_timens(const struct oci_launch *o, struct error *err)
{
	const struct oci_time_offsets *offsets = o->spec->linux_->time_offsets;
	AUTO_CLOSE int fd = -1;

	if (unshare(OCI_NEWTIME) < 0)
		return error_sys(err, "make a time namespace");
	if (!offsets)
		return 0;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC); /* host path */
	if (fd < 0)
		return error_sys(err, "open '/proc/self/timens_offsets'");
	if (write_offset(fd, "monotonic", offsets->monotonic, err) < 0 ||
	    write_offset(fd, "boottime", offsets->boottime, err) < 0)
		return error_wrap(err, "linux.timeOffsets");
	return 0;
}

int oci_launch_begin(struct launching *b, struct error *err)
{
	const struct oci_launch *o = launch_of(b);

	for (size_t i = 0; i < o->n_joins; i++)
		/* A clock is changed only where nobody shares the memory (timens_install()). */
		if (o->joins[i].flag != OCI_NEWTIME &&
		    setns(o->joins[i].fd, o->joins[i].flag) < 0)
			return error_sys(err, "enter a namespace of linux.namespaces");
	return o->makes_timens ? make_timens(o, err) : 0;
}

static int write_maps(const struct oci_launch *o, pid_t pid, struct error *err)
{
	char path[48];

	if (!o->uid_map)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	if (fd_write_control(AT_FDCWD, path, o->uid_map, err) < 0)
		return error_wrap(err, "linux.uidMappings");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	if (fd_write_control(AT_FDCWD, path, o->gid_map, err) < 0)
		return error_wrap(err, "linux.gidMappings");
	return 0;
}

/* What is made in the root filesystem belongs to the container's root. */
static int set_fsids(const struct oci_launch *o, struct error *err)
{
	if (!o->uid_map)
		return 0;
	(void)setfsgid(o->tree.root_gid);	/* both say the old id, failed or not */
	(void)setfsuid(o->tree.root_uid);
	return caps_raise(err);
}

static int run_hooks(const struct oci_launch *o, const char *name, const struct oci_hook *hooks,
		     size_t n, pid_t pid, struct error *err)
{
	AUTO_FREE char *state = n > 0 ? oci_state_text(o->container, "creating", pid) : NULL;
	const struct hook_list list = { name, hooks, n, state, o->bundlefd };

	return hooks_run(&list, err);
}

static int run_host_hooks(const struct oci_launch *o, const struct oci_hooks *h, pid_t pid,
			  struct error *err)
{
	if (run_hooks(o, "prestart", h->prestart, h->n_prestart, pid, err) < 0)
		return -1;
	return run_hooks(o, "createRuntime", h->create_runtime, h->n_create_runtime, pid, err);
}

/* The builder has left the host's mount namespace already. */
static int hooks_outside(const struct oci_launch *o, const struct oci_hooks *h, pid_t pid,
			 struct error *err)
{
	AUTO_CLOSE int ownfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC); /* host path */

	if (ownfd < 0 || setns(o->hostnsfd, CLONE_NEWNS) < 0)
		return error_sys(err, "enter the host's mount namespace");
	if (run_host_hooks(o, h, pid, err) < 0)
		return -1;
	return setns(ownfd, CLONE_NEWNS) < 0 ? error_sys(err, "leave the host's mount namespace")
					     : 0;
}

/* They belong to the host's namespaces, and what they mount shall stay there. */
static int host_hooks(const struct oci_launch *o, pid_t pid, struct error *err)
{
	const struct oci_hooks *h = o->spec->hooks;
	int status;

	if (!h || h->n_prestart + h->n_create_runtime == 0)
		return 0;
	if (oci_host_return(o, err) < 0)
		return -1;
	status = o->launch.builds_apart ? hooks_outside(o, h, pid, err)
					: run_host_hooks(o, h, pid, err);
	return status < 0 ? -1 : oci_host_leave(o, err);
}

static int enter_child(const struct launching *b, struct error *err)
{
	uint64_t flags = b->l->namespaces & (CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
					     CLONE_NEWUTS | CLONE_NEWNS);

	if (flags != 0 && setns(b->out->pidfd, (int)flags) < 0)
		return error_sys(err, "enter the container's namespaces");
	return 0;
}

/* Through the host's proc, which shows whose namespaces the writer is in. */
static int write_sysctls(const struct oci_launch *o, struct error *err)
{
	for (size_t i = 0; i < o->spec->linux_->n_sysctls; i++) {
		const struct json_pair *s = &o->spec->linux_->sysctls[i];
		AUTO_FREE char *path = xasprintf("/proc/sys/%s", s->key);

		/* As sysctl(8) reads it: the first separator is the one. */
		if (strcspn(s->key, ".") < strcspn(s->key, "/"))
			for (char *dot = path; (dot = strchr(dot, '.'));)
				*dot = '/';
		if (fd_write_control(AT_FDCWD, path, s->value, err) < 0)
			return error_wrap(err, "linux.sysctl");
	}
	return 0;
}

static int build_tree(struct launching *b, struct error *err)
{
	struct oci_launch *o = launch_of(b);
	const struct oci_hooks *h = o->spec->hooks;

	if (tree_begin(&o->tree, err) < 0 || tree_root(&o->tree, err) < 0 ||
	    write_sysctls(o, err) < 0 || tree_fill(&o->tree, err) < 0)
		return -1;
	b->out->ptyfd = o->tree.ptyfd;
	if (h && run_hooks(o, "createContainer", h->create_container, h->n_create_container,
			   b->out->pid, err) < 0)
		return -1;
	return tree_enter(&o->tree, o->options.without_pivot, err);
}

/* The child alone: hooks, which the builder runs, keep to the limits of whoever called. */
static int confine_child(struct launching *b, const struct oci_launch *o, struct error *err)
{
	/* It joins by itself, see span_join_v1(). */
	if (span_has_v1(o->span) && launch_hear(b, err) < 0)
		return -1;
	if (process_raise(&o->process, b->out->pid, err) < 0)
		return -1;
	return process_schedule(&o->process, b->out->pid, err);
}

int oci_launch_build(struct launching *b, struct error *err)
{
	const struct oci_launch *o = launch_of(b);

	if (confine_child(b, o, err) < 0 || write_maps(o, b->out->pid, err) < 0 ||
	    oci_host_give(o, b->out->pid, err) < 0 || set_fsids(o, err) < 0 ||
	    host_hooks(o, b->out->pid, err) < 0 || enter_child(b, err) < 0)
		return -1;
	return build_tree(b, err) < 0 ? -1 : launch_tell(b, err);
}
