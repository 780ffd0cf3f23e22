/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/external.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sha256.h"
#include "oci/mount_options.h"
#include "oci/protobuf.h"
#include "oci/spec_check.h"
#include "oci/spec_linux.h"
#include "oci/spec_seccomp.h"
#include "oci/tree.h"

enum { KEY_SIZE = 20 };

/* Namespaces that criu joins again: as ours outside what it makes, or (NULL) by their path. */
/* clang-format off */
static const struct {
	int type;			/* enum oci_namespace_type */
	const char *name;		/* in /proc/PID/ns */
	const char *key;		/* criu's; NULL: join_ns */
} namespace_rows[] = {
	{ OCI_NS_NETWORK, "net", "extRootNetNS" },
	{ OCI_NS_PID,     "pid", "extRootPidNS" },
	{ OCI_NS_IPC,     "ipc", NULL },
	{ OCI_NS_UTS,     "uts", NULL },
};
/* clang-format on */

static bool can_be_joined(int type)
{
	for (size_t i = 0; i < N_ROWS(namespace_rows); i++)
		if (namespace_rows[i].type == type)
			return true;
	return false;
}

static const char *path_of(const struct oci_spec *spec, int type)
{
	for (size_t i = 0; i < spec->linux_->n_namespaces; i++)
		if (spec->linux_->namespaces[i].type == type)
			return spec->linux_->namespaces[i].path;
	return NULL;
}

static int check_mount(const struct oci_mount *m, struct error *err)
{
	struct mount_options o;
	bool is_mapped;

	mount_options_read(&o, m);
	is_mapped = m->n_uids + m->n_gids > 0 || o.is_idmapped || o.is_idmapped_below;
	mount_options_clear(&o);
	return !is_mapped ? 0 : error_set(err, ERR_UNSUPPORTED, "mount '%s': files that belong to"
					  " other users there cannot be checkpointed",
					  m->destination);
}

int external_check(const struct oci_spec *spec, struct error *err)
{
	const struct oci_linux *l = spec->linux_;

	for (size_t i = 0; i < l->n_namespaces; i++)
		if (l->namespaces[i].path && *l->namespaces[i].path &&
		    !can_be_joined(l->namespaces[i].type))
			return error_set(err, ERR_UNSUPPORTED, "linux.namespaces: '%s' is another's"
					 " and cannot be checkpointed", l->namespaces[i].path);
	if (!spec_has_namespace(spec, OCI_NS_MOUNT) || !spec_has_namespace(spec, OCI_NS_PID))
		return error_set(err, ERR_UNSUPPORTED, "a container that shares the host's mount or"
				 " pid namespace cannot be checkpointed");
	/* What is restored in one can't read its own images. */
	if (spec_has_namespace(spec, OCI_NS_USER))
		return error_set(err, ERR_UNSUPPORTED, "linux.namespaces: a container with a user"
				 " namespace cannot be checkpointed");
	if (l->seccomp && l->seccomp->listener_path)
		return error_set(err, ERR_UNSUPPORTED, "linux.seccomp.listenerPath: a filter that"
				 " somebody answers for cannot be checkpointed");
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (check_mount(&spec->mounts[i], err) < 0)
			return -1;
	return 0;
}

static void name_of(const char *place, char out[KEY_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, place, strlen(place));
	sha256_end(&s, digest);
	snprintf(out, KEY_SIZE, "m%.16s", sha256_hex(digest, hex));
}

/* Calls each with every place that may hold something of the host's, and with what. */
struct walk {
	const struct container *c;
	const struct span *span;
	int (*each)(struct walk *w, const char *place, const char *source, struct error *err);
	struct str *opts;
	int rootfd;			/* of the container's own root, in a dump */
};

static int walk_cgroup(struct walk *w, const struct oci_mount *m, struct error *err)
{
	if (span_is_pure(w->span)) {
		AUTO_FREE char *source = xasprintf("%s%s", w->span->parts[0].where,
						   w->c->state.cgroup);

		return w->each(w, m->destination, source, err);
	}
	for (size_t i = 0; i < w->span->n; i++) {
		const struct span_part *part = &w->span->parts[i];
		AUTO_FREE char *place = xasprintf("%s/%s", m->destination,
						  tree_cgroup_name(part));
		AUTO_FREE char *source = xasprintf("%s%s", part->where, w->c->state.cgroup);

		if (part->names[0] != '\0' && part->fd >= 0 && w->each(w, place, source, err) < 0)
			return -1;
	}
	return 0;
}

static int walk_bind(struct walk *w, const struct oci_mount *m, struct error *err)
{
	AUTO_FREE char *source = NULL;

	if (!m->source)
		return 0;
	source = m->source[0] == '/' ? xstrdup(m->source)
				     : xasprintf("%s/%s", w->c->state.bundle, m->source);
	return w->each(w, m->destination, source, err);
}

static int walk_mount(struct walk *w, const struct oci_mount *m, struct error *err)
{
	struct mount_options o;
	bool is_bind;

	if (m->type && (strcmp(m->type, "cgroup") == 0 || strcmp(m->type, "cgroup2") == 0))
		return walk_cgroup(w, m, err);
	mount_options_read(&o, m);
	is_bind = o.is_bind;
	mount_options_clear(&o);
	return is_bind ? walk_bind(w, m, err) : 0;
}

static int walk(struct walk *w, struct error *err)
{
	const struct oci_spec *spec = &w->c->spec;
	const struct oci_linux *l = spec->linux_;

	for (size_t i = 0; i < spec->n_mounts; i++)
		if (walk_mount(w, &spec->mounts[i], err) < 0)
			return -1;
	for (size_t i = 0; i < l->n_masked_paths; i++)
		if (w->each(w, l->masked_paths[i], "/dev/null", err) < 0)
			return -1;
	return 0;
}

/* The mount point as the container sees it, no link on the way: what criu compares with. What is
 * not there needs no name, and masked directories are filesystems of the container's own. */
static int leave_out(struct walk *w, const char *place, const char *source, struct error *err)
{
	struct error missing = { 0 };
	AUTO_CLOSE int fd = path_open(w->rootfd, place, O_PATH, &missing);
	char link[32], name[KEY_SIZE], path[PATH_MAX];
	AUTO_FREE char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (strcmp(source, "/dev/null") == 0 && S_ISDIR(st.st_mode))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1); /* host path */
	if (n < 0)
		return error_sys(err, "look at '%s' of the container", place);
	path[n] = '\0';
	if (strchr(path, ']'))
		return error_set(err, ERR_UNSUPPORTED, "mount '%s': criu takes no ']' in the path"
				 " of a mount", place);
	name_of(place, name);
	text = xasprintf("mnt[%s]:%s", path, name);
	protobuf_put_str(w->opts, CRIU_EXTERNAL, text);
	return 0;
}

static int bring_in(struct walk *w, const char *place, const char *source, struct error *err)
{
	char name[KEY_SIZE];
	AUTO_FREE char *text = NULL;

	(void)err;
	name_of(place, name);
	text = xasprintf("mnt[%s]:%s", name, source);
	protobuf_put_str(w->opts, CRIU_EXTERNAL, text);
	return 0;
}

static int leave_out_namespaces(struct str *opts, const struct container *c, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(namespace_rows); i++) {
		const char *path = path_of(&c->spec, namespace_rows[i].type);
		AUTO_FREE char *own = xasprintf("/proc/%d/ns/%s", (int)c->state.init.pid,
						namespace_rows[i].name);
		AUTO_FREE char *text = NULL;
		struct stat st;

		if (!path || !*path || !namespace_rows[i].key)
			continue;
		if (stat(own, &st) < 0) /* host path */
			return error_sys(err, "look at '%s'", own);
		text = xasprintf("%s[%llu]:%s", namespace_rows[i].name,
				 (unsigned long long)st.st_ino, namespace_rows[i].key);
		protobuf_put_str(opts, CRIU_EXTERNAL, text);
	}
	return 0;
}

int external_leave_out(struct str *opts, const struct container *c, const struct span *span,
		       struct error *err)
{
	AUTO_FREE char *root = xasprintf("/proc/%d/root", (int)c->state.init.pid);
	AUTO_CLOSE int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	struct walk w = { .c = c, .span = span, .each = leave_out, .opts = opts, .rootfd = rootfd };

	if (rootfd < 0)
		return error_sys(err, "open the container's root");
	return walk(&w, err) < 0 ? -1 : leave_out_namespaces(opts, c, err);
}

/* inherit_fd and join_namespace are messages of two and three fields. */
static int bring_in_namespaces(struct criu_request *r, const struct container *c, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(namespace_rows); i++) {
		const char *path = path_of(&c->spec, namespace_rows[i].type);
		const char *key = namespace_rows[i].key;
		AUTO_STR struct str inner = { 0 };
		AUTO_CLOSE int fd = -1;

		if (!path || !*path)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC); /* host path */
		if (fd < 0)
			return error_sys(err, "open namespace '%s'", path);
		protobuf_put_str(&inner, 1, key ? key : namespace_rows[i].name);
		if (key)
			protobuf_put_u64(&inner, 2, (uint64_t)fd);
		else
			protobuf_put_str(&inner, 2, path);
		protobuf_put_message(&r->opts, key ? CRIU_INHERIT_FD : CRIU_JOIN_NS, &inner);
		if (key)
			criu_keep(r, TAKE_FD(fd));
	}
	return 0;
}

int external_bring_in(struct criu_request *r, const struct container *c, const struct span *span,
		      struct error *err)
{
	struct walk w = { .c = c, .span = span, .each = bring_in, .opts = &r->opts, .rootfd = -1 };

	return walk(&w, err) < 0 ? -1 : bring_in_namespaces(r, c, err);
}
