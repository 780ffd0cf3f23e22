/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mount.h"
#include "base/proc.h"
#include "base/sys.h"
#include "oci/checkpoint.h"
#include "oci/external.h"
#include "oci/groups.h"
#include "oci/life_parts.h"
#include "oci/protobuf.h"
#include "oci/rootless.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "oci/tree.h"

struct work {
	struct container *c;
	const struct life_options *o;
	struct restored *out;
	const struct images *images;
	struct groups groups;
	struct tree tree;
};

/* In a mount namespace that ends with criu: what is restored is attached to a root that is a mount,
 * over the root filesystem itself, and born in the container's groups. */
static int prepare(void *arg, struct error *err)
{
	struct work *w = arg;

	if (unshare(CLONE_NEWNS) < 0)
		return error_sys(err, "make a mount namespace");
	if (tree_begin(&w->tree, err) < 0 || tree_root(&w->tree, err) < 0 ||
	    tree_places(&w->tree, err) < 0 || images_reopen(w->images, err) < 0)
		return -1;
	/* What criu makes inherits this, and criu 3.17 knows nothing of it. */
	if (w->c->spec.process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, "set no_new_privs");
	/* criu sees to the others' flags, and takes this one as it is. */
	if (w->tree.spec->root->readonly &&
	    mount_change(w->tree.rootfd, MOUNT_ATTR_RDONLY, 0, false, err) < 0)
		return error_wrap(err, "root filesystem");
	return w->groups.span.n > 0 ? span_join(&w->groups.span, err) : 0;
}

/* The programs that give it a network, as when it was made. */
static int set_up_namespaces(struct work *w, pid_t pid, struct error *err)
{
	const struct oci_hooks *h = w->c->spec.hooks;
	struct container *c = w->c;
	int status;

	if (!h)
		return 0;
	c->state.init.pid = pid;
	status = life_run_hooks(c, "prestart", h->prestart, h->n_prestart, "creating", err);
	if (status == 0)
		status = life_run_hooks(c, "createRuntime", h->create_runtime,
					h->n_create_runtime, "creating", err);
	c->state.init.pid = 0;
	return status;
}

/* Its limits are those of its groups, wherever the images say that it was. */
static int check_groups(const struct work *w, pid_t pid, struct error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	bool is_in = w->groups.span.n == 0;
	size_t n = 0;

	if (!is_in && span_pids(&w->groups.span, &pids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		is_in |= pids[i] == pid;
	return is_in ? 0 : error_set(err, ERR_FAILED, "criu put the container into other groups"
				     " than '%s'", w->c->state.cgroup);
}

/* All is there, and does not run yet. */
static int take_over(struct work *w, pid_t pid, struct error *err)
{
	if (check_groups(w, pid, err) < 0)
		return -1;
	if (proc_id_of(pid, &w->c->state.init, err) < 0 || container_save(w->c, err) < 0)
		return -1;
	w->out->pid = pid;
	w->out->pidfd = sys_pidfd_open(pid, 0);
	if (w->out->pidfd < 0)
		return error_sys(err, "open the container's first process");
	return handover_give(&w->o->handover, pid, w->out->pidfd, w->out->ptyfd, err);
}

static int notice(void *arg, const char *script, pid_t pid, int fd, struct error *err)
{
	struct work *w = arg;

	if (strcmp(script, "setup-namespaces") == 0)
		return set_up_namespaces(w, pid, err);
	if (strcmp(script, "orphan-pts-master") == 0 && w->out->ptyfd < 0) {
		w->out->ptyfd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return w->out->ptyfd < 0 ? error_sys(err, "keep the terminal") : 0;
	}
	return strcmp(script, "post-restore") == 0 ? take_over(w, pid, err) : 0;
}

/* cgroup_root of every hierarchy: what was dumped may have had another path. */
static void put_cgroups(const struct work *w, struct str *opts)
{
	AUTO_STR struct str inner = { 0 };

	if (w->groups.span.n == 0)
		return;
	protobuf_put_str(&inner, 2, w->c->state.cgroup);
	protobuf_put_message(opts, CRIU_CG_ROOT, &inner);
}

static int put_all(struct criu_request *r, struct work *w, const struct images *i,
		   const struct images_options *o, struct error *err)
{
	images_begin(i, o, w->c, r);
	protobuf_put_str(&r->opts, CRIU_ROOT, w->c->state.rootfs);
	protobuf_put_u64(&r->opts, CRIU_RST_SIBLING, 1);
	protobuf_put_u64(&r->opts, CRIU_NOTIFY_SCRIPTS, 1);
	put_cgroups(w, &r->opts);
	if (images_pass_streams(i, &r->opts, err) < 0)
		return -1;
	return external_bring_in(r, w->c, &w->groups.span, err);
}

static int restore(struct work *w, const struct images *i, const struct images_options *o,
		   struct error *err)
{
	struct criu_request r = CRIU_REQUEST(CRIU_RESTORE, o->program);
	int status;

	r.prepare = prepare;
	r.notice = notice;
	r.arg = w;
	status = put_all(&r, w, i, o, err);
	if (status == 0 && criu_do(&r, err) < 0)
		status = images_explain(i, err);
	if (status == 0 && w->out->pid == 0)
		status = error_set(err, ERR_FAILED, "criu restored nothing");
	str_clear(&r.opts);
	return status;
}

static void plan_tree(struct work *w)
{
	const struct container *c = w->c;

	w->tree = (struct tree){
		.spec = &c->spec, .rootfs = c->state.rootfs, .bundle = c->state.bundle,
		.has_own_mounts = true, .rootfd = -1, .ptyfd = -1,
	};
}

static int make(struct work *w, const struct images_options *o, struct error *err)
{
	AUTO_IMAGES struct images images = IMAGES_NONE;

	if (rootless_is_outsider())
		return error_set(err, ERR_UNSUPPORTED, "restore needs the host's root");
	if (images_open(&images, o, "restore.log", false, err) < 0 ||
	    life_take_bundle(w->c, w->o, err) < 0 || life_check_spec(w->c, w->o, err) < 0 ||
	    external_check(&w->c->spec, err) < 0 ||
	    handover_check(&w->o->handover, w->c->spec.process, w->o->is_foreground, err) < 0 ||
	    groups_make(&w->groups, w->c, w->o->cgroup_manager, err) < 0)
		return -1;
	w->images = &images;
	plan_tree(w);
	return restore(w, &images, o, err);
}

int checkpoint_restore(struct container *c, const struct images_options *images,
		       const struct life_options *o, struct restored *out, struct error *err)
{
	struct work w = { .c = c, .o = o, .out = out, .groups = GROUPS_NONE };
	struct error ignored = { 0 };
	int status = make(&w, images, err);

	groups_close(&w.groups);
	if (status == 0)
		return 0;
	cleanup_close(&out->pidfd);
	cleanup_close(&out->ptyfd);
	*out = (struct restored)RESTORED_NONE;
	(void)life_end(c, &ignored, &ignored);	/* the first error is the one that tells */
	return -1;
}
