/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cgroups/unit.h"
#include "oci/oci.h"
#include "oci/resources.h"
#include "oci/resources_undo.h"
#include "oci/rootless.h"
#include "oci/scope.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"

enum { END_MS = 10000, SWEEP_MS = 2000, OWN_MAX = 16 << 10 };

static bool has_groups(const struct container *c)
{
	return c->state.cgroup && *c->state.cgroup;
}

/* "0::/path" or "1:name=systemd:/path", which the host has unless it is pure v2. */
static char *group_of(pid_t pid, struct error *err)
{
	AUTO_FREE char *file = xasprintf("/proc/%d/cgroup", (int)pid);
	AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC); /* host path */
	AUTO_FREE char *text = NULL;
	const char *at;

	if (fd < 0 || fd_read_all(fd, OWN_MAX, &text, NULL, err) < 0) {
		error_sys(err, "read '%s'", file);
		return NULL;
	}
	at = strstr(text, ":name=systemd:/");
	at = at ? at + strlen(":name=systemd:") : strstr(text, "0::/");
	if (at && *at == '0')
		at += strlen("0::");
	if (at)
		return xstrndup(at, strcspn(at, "\n"));
	error_set(err, ERR_UNSUPPORTED, "systemd has no cgroups here");
	return NULL;
}

/* Who is not the host's root was given groups, if any, beside his own: runc(8) goes there too. */
static char *plain_path(const struct container *c, bool is_pure, struct error *err)
{
	const char *path = c->spec.linux_->cgroups_path;
	AUTO_FREE char *beside = NULL;

	if (path && path[0] == '/')
		return xstrdup(path);
	if (is_pure && rootless_is_outsider()) {
		beside = group_of(getpid(), err);
		if (!beside)
			return NULL;
		*strrchr(beside, '/') = '\0';
	}
	return xasprintf("%s/%s", beside ? beside : "", path && *path ? path : c->id);
}

static int claim(struct container *c, char *path, struct error *err)
{
	c->state.claim = path;
	return container_save(c, err);
}

/* A claim becomes the container's own only now: the path may have been that of somebody else's. */
static int own(struct container *c, struct error *err)
{
	c->state.cgroup = TAKE_PTR(c->state.claim);
	return container_save(c, err);
}

static int make_plain(struct groups *g, struct container *c, struct error *err)
{
	char *path;

	if (span_host(&g->span, err) < 0)
		return -1;
	path = plain_path(c, span_is_pure(&g->span), err);
	if (!path || claim(c, path, err) < 0 || span_make(&g->span, path, err) < 0)
		return -1;
	return own(c, err);
}

/* A scope is not there without a process, and the container's own is made into its group. */
static int fork_holder(struct error *err)
{
	pid_t maker = getpid(), pid = fork();

	if (pid < 0)
		return error_sys(err, "make a process for systemd");
	if (pid > 0)
		return pid;
	/* It ends with us, also if we ended before this. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "zone-oci-hold");
	while (getppid() == maker)
		pause();
	_exit(0);
}

static int make_scope(struct groups *g, struct container *c, struct error *err)
{
	AUTO_SCOPE struct scope scope = { .slice = NULL };
	char *path;

	if (scope_parse(&scope, c->spec.linux_->cgroups_path, c->id, err) < 0)
		return -1;
	if (!unit_has_systemd())
		return error_set(err, ERR_UNSUPPORTED, "systemd not running on this host, cannot"
				 " use systemd cgroups manager");
	if (span_host(&g->span, err) < 0 || claim(c, xstrdup(scope.path), err) < 0)
		return -1;
	g->holder = fork_holder(err);
	if (g->holder < 0 ||
	    scope_start(&scope, &c->spec, span_is_pure(&g->span), g->holder, err) < 0) {
		free(TAKE_PTR(c->state.claim));	/* one of that name is somebody else's */
		return -1;
	}
	c->state.uses_systemd = true;
	if (own(c, err) < 0)
		return -1;
	/* Below a user's own systemd it lies deeper. */
	path = group_of(g->holder, err);
	if (!path)
		return -1;
	free(c->state.cgroup);
	c->state.cgroup = path;
	if (container_save(c, err) < 0)
		return -1;
	return span_adopt(&g->span, path, err);
}

static bool has_writable_cgroups(const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct oci_mount *m = &spec->mounts[i];
		bool is_readonly = false;

		if (!m->type || !str_starts(m->type, "cgroup"))
			continue;
		for (size_t j = 0; j < m->n_options; j++)
			is_readonly |= strcmp(m->options[j], "ro") == 0;
		return !is_readonly;
	}
	return false;
}

/* Of a group that the container sees as its root and may write, whoever is the first process there
 * is the owner, as runc has it: its systemd then makes groups below. */
static int give_away(const struct groups *g, const struct container *c, struct error *err)
{
	const struct oci_linux *l = c->spec.linux_;
	uint32_t uid = c->spec.process->user->uid;

	/* Whoever is not the host's root owns what it was given already. */
	if (rootless_is_outsider() || !spec_makes_namespace(&c->spec, OCI_NS_CGROUP) ||
	    !has_writable_cgroups(&c->spec))
		return 0;
	if (!spec_makes_namespace(&c->spec, OCI_NS_USER))
		return uid == 0 ? 0 : span_give(&g->span, uid, err);
	for (size_t i = 0; i < l->n_uids; i++)
		if (uid >= l->uids[i].container && uid - l->uids[i].container < l->uids[i].size)
			return span_give(&g->span, l->uids[i].host + (uid - l->uids[i].container),
					 err);
	return 0;
}

static int limit(const struct groups *g, const struct container *c, struct error *err)
{
	const struct oci_resources *r = c->spec.linux_->resources;

	struct oci_resources others = r ? *r : (struct oci_resources){ .n_devices = 0 };

	/* Only the host's root makes devices, and only such rules keep it from them. */
	if (rootless_is_outsider()) {
		others.n_devices = 0;
		return r ? resources_apply(&g->span, &others, false, err) : 0;
	}
	if ((!r || r->n_devices == 0) && resources_no_devices(&g->span, err) < 0)
		return -1;
	return r ? resources_apply(&g->span, r, false, err) : 0;
}

static bool asks_for_limits(const struct oci_resources *r)
{
	return r && (r->memory || r->cpu || r->pids || r->block_io || r->network ||
		     r->n_hugepages > 0 || r->n_rdma > 0 || r->n_unified > 0);
}

/* Without the host's root there are groups only where somebody gave some away; a container that
 * asks nothing of them does without, as runc and crun have it. */
static int do_without(struct groups *g, struct container *c, struct error *err)
{
	bool is_denied = err->sys == EACCES || err->sys == EPERM || err->sys == EROFS;

	if (!is_denied || asks_for_limits(c->spec.linux_->resources) || !rootless_is_outsider())
		return -1;
	*err = (struct error){ 0 };
	groups_close(g);
	free(TAKE_PTR(c->state.claim));
	free(TAKE_PTR(c->state.cgroup));
	c->state.cgroup = xstrdup("");
	return container_save(c, err);
}

int groups_make(struct groups *out, struct container *c, int manager, struct error *err)
{
	if (manager == OCI_NO_CGROUPS) {
		c->state.cgroup = xstrdup("");
		return container_save(c, err);
	}
	if ((manager == OCI_SYSTEMD ? make_scope(out, c, err) : make_plain(out, c, err)) < 0)
		return do_without(out, c, err);
	return limit(out, c, err) < 0 ? -1 : give_away(out, c, err);
}

void groups_close(struct groups *g)
{
	if (g->holder > 0) {
		(void)kill(g->holder, SIGKILL);	/* our own child, not reaped yet */
		(void)waitpid(g->holder, NULL, 0);
	}
	g->holder = 0;
	span_close(&g->span);
}

int groups_open(const struct container *c, struct span *out, struct error *err)
{
	if (!has_groups(c))
		return error_set(err, ERR_UNSUPPORTED, "container '%s' has no cgroup", c->id);
	return span_host(out, err) < 0 ? -1 : span_open(out, c->state.cgroup, err);
}

/* What its maker began and did not end. A scope is left to systemd, which would go on believing in
 * one whose group others removed; while it has processes it is somebody else's. */
static int sweep(struct span *span, const char *path, struct error *err)
{
	if (str_ends(path, ".scope")) {
		bool is_empty = false;

		if (span_open(span, path, err) < 0 ||
		    span_wait_empty(span, SWEEP_MS, &is_empty, err) < 0)
			return -1;
		if (is_empty && unit_stop(strrchr(path, '/') + 1, err) < 0)
			return -1;
	}
	span_sweep(span, path);
	return 0;
}

int groups_end(struct container *c, struct error *err)
{
	AUTO_SPAN struct span span = { .n = 0 };

	if (!has_groups(c) && (!c->state.claim || !*c->state.claim))
		return 0;
	if (span_host(&span, err) < 0)
		return -1;
	if (!has_groups(c))
		return sweep(&span, c->state.claim, err);
	if (span_open(&span, c->state.cgroup, err) < 0 || span_kill(&span, END_MS, err) < 0)
		return -1;
	if (c->state.uses_systemd && unit_stop(strrchr(c->state.cgroup, '/') + 1, err) < 0)
		return -1;
	return span_remove(&span, c->state.cgroup, err);
}

/* systemd wants both of quota and period, memory and swap: the one that stays as it is, is read. */
static void complete(const struct span *span, struct oci_cpu *cpu, struct oci_memory *m)
{
	int fd = span_v2(span);
	char text[64];
	struct error ignored;
	long long number;

	if (fd_read_control(fd, "cpu.max", text, sizeof(text), &ignored) > 0 &&
	    (cpu->quota.i != 0 || cpu->period.u != 0)) {
		if (cpu->period.u == 0 && strchr(text, ' '))
			cpu->period.u = strtoull(strchr(text, ' '), NULL, 10);
		if (cpu->quota.i == 0)
			cpu->quota.i = text[0] == 'm' ? -1 : strtoll(text, NULL, 10);
		cpu->quota.is_set = cpu->period.is_set = true;
	}
	if (m->limit.i == 0 && m->swap.i != 0 &&
	    fd_read_control(fd, "memory.max", text, sizeof(text), &ignored) > 0 &&
	    sscanf(text, "%lld", &number) == 1)
		m->limit = (struct json_number){ .is_set = true, .i = number };
}

static int update_scope(const struct container *c, const struct span *span,
			const struct oci_resources *given, struct error *err)
{
	struct oci_cpu cpu = given->cpu ? *given->cpu : (struct oci_cpu){ .cpus = NULL };
	struct oci_memory memory = given->memory ? *given->memory
						 : (struct oci_memory){ .limit.i = 0 };
	struct oci_resources r = *given;
	AUTO_STR struct str props = { 0 };

	r.cpu = &cpu;
	r.memory = &memory;
	if (span_is_pure(span))
		complete(span, &cpu, &memory);
	if (scope_limits(&props, &r, span_is_pure(span), err) < 0)
		return -1;
	return unit_set(strrchr(c->state.cgroup, '/') + 1, &props, err);
}

static bool is_same_number(const struct json_number *a, const struct json_number *b)
{
	return a->is_set == b->is_set && (!a->is_set || a->i == b->i);
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool has_same_devices(const struct oci_resources *a, const struct oci_resources *b)
{
	if (!b || a->n_devices != b->n_devices)
		return false;
	for (size_t i = 0; i < a->n_devices; i++) {
		const struct oci_device_rule *one = &a->devices[i], *other = &b->devices[i];

		if (one->allow != other->allow || !is_same_text(one->type, other->type) ||
		    !is_same_text(one->access, other->access) ||
		    !is_same_number(&one->major, &other->major) ||
		    !is_same_number(&one->minor, &other->minor))
			return false;
	}
	return true;
}

/* Engines send all that they know of a container, its device rules too. v1 takes rules one by one,
 * the first of which denies everything: those that are in force already are not written again. */
static int update_groups(struct container *c, const struct span *span,
			 const struct oci_resources *resources, struct error *err)
{
	struct oci_resources r = *resources;

	if (container_spec(c, err) < 0)
		return -1;
	if (has_same_devices(&r, c->spec.linux_->resources))
		r.n_devices = 0;
	return resources_apply(span, &r, true, err);
}

int groups_update(struct container *c, const struct oci_resources *resources, struct error *err)
{
	AUTO_SPAN struct span span = { .n = 0 };
	AUTO_UNDO struct undo undo = { .n = 0 };
	struct error kept = { 0 };

	if (groups_open(c, &span, err) < 0)
		return -1;
	undo_remember(&undo, &span, resources);
	if ((!c->state.uses_systemd || update_scope(c, &span, resources, err) == 0) &&
	    update_groups(c, &span, resources, err) == 0)
		return 0;
	/* The first error is the one that tells. */
	if (undo_restore(&undo, &kept) < 0)
		return error_hint(err, "the limits before it are changed, too: %s", kept.text);
	return -1;
}
