/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/path.h"
#include "oci/mount_options.h"
#include "oci/spec_linux.h"
#include "oci/tree_parts.h"
#include "runtime/dev.h"

/* What the specification gives every container ("Default Devices"). */
/* clang-format off */
static const struct {
	const char *path;
	unsigned int major, minor;
} node_rows[] = {
	{ "/dev/null",    1, 3 },
	{ "/dev/zero",    1, 5 },
	{ "/dev/full",    1, 7 },
	{ "/dev/random",  1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty",     5, 0 },
};

static const struct {
	const char *path, *target;
} link_rows[] = {
	{ "/dev/fd",     "/proc/self/fd" },
	{ "/dev/stdin",  "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx",   "pts/ptmx" },
};
/* clang-format on */

struct node {
	const char *path;
	mode_t mode;			/* with its type */
	dev_t device;
	uid_t uid;
	gid_t gid;
};

static int bind_node(const struct tree *t, const struct node *n, struct error *err)
{
	AUTO_CLOSE int fd = open(n->path, O_PATH | O_NOFOLLOW | O_CLOEXEC); /* host path */
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open '%s'", n->path);
	if ((st.st_mode & S_IFMT) != (n->mode & S_IFMT) || st.st_rdev != n->device)
		return error_set(err, ERR_UNSUPPORTED, "'%s' of the host is another device",
				 n->path);
	return tree_bind(t, fd, n->path, 0, err);
}

/* One that is there and the same is left; another file is no place for it. */
static int check_node(int dirfd, const char *name, const struct node *n, struct error *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at '%s'", n->path);
	if ((st.st_mode & S_IFMT) == (n->mode & S_IFMT) && st.st_rdev == n->device)
		return 0;
	return error_set(err, ERR_EXISTS, "'%s' is there and another file", n->path);
}

static int make_node(const struct tree *t, const struct node *n, struct error *err)
{
	const char *name = NULL;
	AUTO_CLOSE int dirfd = tree_parent(t, n->path, &name, err);

	if (dirfd < 0)
		return -1;
	if (t->opens_no_nodes && !S_ISFIFO(n->mode))
		return bind_node(t, n, err);
	if (mknodat(dirfd, name, n->mode, n->device) < 0) {
		if (errno == EEXIST)
			return check_node(dirfd, name, n, err);
		/* Only the host's root makes devices; others have the host's, bound. */
		return errno == EPERM ? bind_node(t, n, err)
				      : error_sys(err, "make '%s'", n->path);
	}
	if (fchmodat(dirfd, name, n->mode & 07777, 0) < 0 ||
	    fchownat(dirfd, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "give '%s' its mode and owner", n->path);
	return 0;
}

static mode_t type_of(const char *type)
{
	switch (type[0]) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR;		/* "c" and, unbuffered, "u" */
	}
}

static int make_spec_node(const struct tree *t, const struct oci_device *d, struct error *err)
{
	const struct node n = {
		.path = d->path,
		.mode = type_of(d->type) | (d->mode.is_set ? (mode_t)d->mode.i & 07777 : 0666),
		.device = d->type[0] == 'p' ? 0 : makedev((unsigned int)d->major.i,
							  (unsigned int)d->minor.i),
		.uid = t->root_uid + (d->uid.is_set ? (uid_t)d->uid.i : 0),
		.gid = t->root_gid + (d->gid.is_set ? (gid_t)d->gid.i : 0),
	};

	return make_node(t, &n, err);
}

static bool is_named(const struct oci_linux *l, const char *path)
{
	for (size_t i = 0; i < l->n_devices; i++)
		if (strcmp(l->devices[i].path, path) == 0)
			return true;
	return false;
}

static int make_nodes(const struct tree *t, struct error *err)
{
	const struct oci_linux *l = t->spec->linux_;

	for (size_t i = 0; i < N_ROWS(node_rows); i++) {
		const struct node n = {
			node_rows[i].path, S_IFCHR | 0666,
			makedev(node_rows[i].major, node_rows[i].minor), t->root_uid, t->root_gid,
		};

		if (!is_named(l, n.path) && make_node(t, &n, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < l->n_devices; i++)
		if (make_spec_node(t, &l->devices[i], err) < 0)
			return -1;
	return 0;
}

static int make_links(const struct tree *t, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(link_rows); i++) {
		const char *name = NULL;
		AUTO_CLOSE int dirfd = tree_parent(t, link_rows[i].path, &name, err);

		if (dirfd < 0)
			return -1;
		if (strcmp(name, "ptmx") == 0)
			(void)unlinkat(dirfd, name, 0);	/* a node of the image's, or nothing */
		if (symlinkat(link_rows[i].target, dirfd, name) < 0 && errno != EEXIST)
			return error_sys(err, "link '%s'", link_rows[i].path);
	}
	return 0;
}

static int make_terminal(struct tree *t, struct error *err)
{
	AUTO_CLOSE int ptsfd = path_open_nolink(t->rootfd, "/dev/pts", O_PATH | O_DIRECTORY, false,
						err);
	AUTO_CLOSE int slavefd = -1, targetfd = -1, treefd = -1;
	uid_t uid = t->root_uid + t->spec->process->user->uid;

	if (ptsfd < 0)
		return -1;
	t->ptyfd = dev_pty_open(ptsfd, uid, &slavefd, err);
	if (t->ptyfd < 0)
		return -1;
	treefd = mount_copy(slavefd, false, err);
	targetfd = treefd < 0 ? -1 : tree_target(t, "/dev/console", false, err);
	return targetfd < 0 ? -1 : mount_attach(treefd, targetfd, err);
}

/* The host's own /dev, bound, is left as it is. */
static bool has_own_dev(const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		struct mount_options o;
		bool is_bind;

		mount_options_read(&o, &spec->mounts[i]);
		is_bind = o.is_bind;
		mount_options_clear(&o);
		if (strcmp(spec->mounts[i].destination, "/dev") == 0)
			return !is_bind;
	}
	return true;
}

int tree_devices(struct tree *t, struct error *err)
{
	mode_t mask = umask(0);
	int status = 0;

	if (has_own_dev(t->spec))
		status = make_nodes(t, err) < 0 || make_links(t, err) < 0 ? -1 : 0;
	umask(mask);
	if (status < 0)
		return -1;
	return t->spec->process && t->spec->process->terminal ? make_terminal(t, err) : 0;
}
