/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/oci_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "oci/idmap.h"
#include "oci/notices.h"
#include "oci/rootless.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "oci/spec_resources.h"

/* In the order in which others are entered: the user namespace gives the power over the rest, and
 * the mount namespace takes away the paths. */
/* clang-format off */
static const struct {
	int type;
	int flag;
	bool is_cloned;			/* clone3(2) makes it; the others are made by their own */
} rows[] = {
	{ OCI_NS_USER,    CLONE_NEWUSER,     true },
	{ OCI_NS_IPC,     CLONE_NEWIPC,      true },
	{ OCI_NS_UTS,     CLONE_NEWUTS,      true },
	{ OCI_NS_NETWORK, CLONE_NEWNET,      true },
	{ OCI_NS_PID,     CLONE_NEWPID,      true },
	{ OCI_NS_CGROUP,  CLONE_NEWCGROUP,   false },
	{ OCI_NS_TIME,    OCI_NEWTIME,       false },
	{ OCI_NS_MOUNT,   CLONE_NEWNS,       false },
};
/* clang-format on */

static const struct launch_kind kind = { .begin = oci_launch_begin, .build = oci_launch_build,
					 .inside = oci_launch_inside };

static const char *path_of(const struct oci_spec *spec, int type)
{
	for (size_t i = 0; i < spec->linux_->n_namespaces; i++)
		if (spec->linux_->namespaces[i].type == type)
			return spec->linux_->namespaces[i].path;
	return NULL;
}

static int compile_namespaces(struct oci_launch *o, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		const char *path = path_of(o->spec, rows[i].type);

		if (rows[i].type == OCI_NS_USER && o->options.is_in_userns)
			continue;
		if (spec_makes_namespace(o->spec, rows[i].type)) {
			if (rows[i].is_cloned)
				o->launch.namespaces |= (uint64_t)rows[i].flag;
		} else if (path && *path) {
			int fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */

			if (fd < 0)
				return error_sys(err, "open namespace '%s'", path);
			o->joins[o->n_joins].flag = rows[i].flag;
			o->joins[o->n_joins++].fd = fd;
		}
	}
	o->makes_mountns = spec_makes_namespace(o->spec, OCI_NS_MOUNT);
	o->makes_cgroupns = spec_makes_namespace(o->spec, OCI_NS_CGROUP);
	o->makes_timens = spec_makes_namespace(o->spec, OCI_NS_TIME);
	if (!o->makes_mountns && o->spec->root->readonly)
		return error_set(err, ERR_UNSUPPORTED, "root.readonly: it needs a mount namespace"
				 " of the container's own");
	o->launch.builds_apart = o->makes_mountns && (o->launch.namespaces & CLONE_NEWUSER) != 0;
	if (o->makes_mountns && !o->launch.builds_apart)
		o->launch.namespaces |= CLONE_NEWNS;
	return 0;
}

/* The host's id of the container's root; what is not mapped stays the host's. */
static uint32_t host_id(const struct oci_id_mapping *maps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (maps[i].container == 0)
			return maps[i].host;
	return 0;
}

static void compile_ids(struct oci_launch *o)
{
	const struct oci_linux *l = o->spec->linux_;

	if (!(o->launch.namespaces & CLONE_NEWUSER))
		return;
	o->uid_map = idmap_text(l->uids, l->n_uids);
	o->gid_map = idmap_text(l->gids, l->n_gids);
	o->tree.root_uid = host_id(l->uids, l->n_uids);
	o->tree.root_gid = host_id(l->gids, l->n_gids);
}

static int compile_seccomp(struct oci_launch *o, struct error *err)
{
	const struct oci_seccomp *s = o->spec->linux_->seccomp;

	if (!s)
		return 0;
	if (seccomp_compile(&o->seccomp, s, err) < 0)
		return -1;
	o->process.seccomp = &o->seccomp;
	if (!o->seccomp.filter.has_notices)
		return 0;
	o->noticesock = notices_connect(s->listener_path, err);
	return o->noticesock < 0 ? -1 : 0;
}

/* The namespace of this kind that is entered, or -1. */
static int joined(const struct oci_launch *o, int flag)
{
	for (size_t i = 0; i < o->n_joins; i++)
		if (o->joins[i].flag == flag)
			return o->joins[i].fd;
	return -1;
}

static int compile_tree(struct oci_launch *o, struct error *err)
{
	const struct oci_resources *r = o->spec->linux_->resources;
	const struct container *c = o->container;

	o->tree.spec = o->spec;
	o->tree.rootfs = c->state.rootfs;
	o->tree.bundle = c->state.bundle;
	o->tree.span = o->span;
	o->tree.cgroup = c->state.cgroup;
	o->tree.has_own_mounts = o->makes_mountns;
	o->tree.opens_no_nodes = !*c->state.cgroup && r && r->n_devices > 0 &&
				 !rootless_is_outsider();
	o->idmaps = idmap_open_all(o->spec, joined(o, CLONE_NEWUSER), err);
	o->tree.idmaps = o->idmaps;
	if (!o->idmaps)
		return -1;
	o->bundlefd = open(c->state.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (o->bundlefd < 0)
		return error_sys(err, "open bundle '%s'", c->state.bundle);
	o->hostnsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC); /* host path */
	return o->hostnsfd < 0 ? error_sys(err, "open the mount namespace") : 0;
}

int oci_launch_compile(struct oci_launch *out, struct container *c, const struct span *span,
		       const struct oci_launch_options *options, struct error *err)
{
	*out = (struct oci_launch){
		.launch = { .kind = &kind, .name = c->id, .cgroupfd = span_v2(span) },
		.options = *options,
		.container = c,
		.spec = &c->spec,
		.span = span,
		.tree = { .rootfd = -1, .ptyfd = -1 },
		.host = { .rdtfd = -1, .homes = { [0 ... OCI_JOINS_MAX - 1] = -1 } },
		.hostnsfd = -1, .bundlefd = -1, .noticesock = -1,
	};
	if (process_compile(&out->process, c->spec.process, c->spec.linux_, err) < 0)
		return -1;
	out->process.keeps_keyring = options->keeps_keyring;
	out->launch.argv = (char *const *)c->spec.process->args;
	out->env = strv_copy((char *const *)c->spec.process->env);
	inherit_tell(&options->inherit, &out->env);
	out->launch.env = out->env;
	if (compile_namespaces(out, err) < 0 || compile_seccomp(out, err) < 0)
		return -1;
	compile_ids(out);
	return compile_tree(out, err) < 0 ? -1 : oci_host_open(out, err);
}

void oci_launch_clear(struct oci_launch *o)
{
	int *fds[] = { &o->hostnsfd, &o->bundlefd, &o->noticesock, &o->tree.rootfd };

	oci_host_close(o);
	for (size_t i = 0; i < o->n_joins; i++)
		close(o->joins[i].fd);
	for (size_t i = 0; i < N_ROWS(fds); i++)
		if (*fds[i] >= 0)
			close(TAKE_FD(*fds[i]));
	o->n_joins = 0;
	seccomp_clear(&o->seccomp);
	idmap_close_all(TAKE_PTR(o->idmaps), o->spec->n_mounts);
	free(TAKE_PTR(o->uid_map));
	free(TAKE_PTR(o->gid_map));
	strv_clear(&o->env);
}

void oci_state_add(struct json_out *out, const char *key, const struct container *c,
		   const char *status, pid_t pid)
{
	json_out_object(out, key);
	json_out_str(out, "ociVersion", c->spec.version);
	json_out_str(out, "id", c->id);
	json_out_str(out, "status", status);
	if (pid > 0)
		json_out_i64(out, "pid", pid);
	json_out_str(out, "bundle", c->state.bundle);
	json_out_object(out, "annotations");
	for (size_t i = 0; i < c->spec.n_annotations; i++)
		json_out_str(out, c->spec.annotations[i].key, c->spec.annotations[i].value);
	json_out_end_object(out);
	json_out_end_object(out);
}

char *oci_state_text(const struct container *c, const char *status, pid_t pid)
{
	struct json_out out = { .compact = true };

	oci_state_add(&out, NULL, c, status, pid);
	return str_take(&out.text);
}
