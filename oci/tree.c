/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/sys.h"
#include "base/vfork.h"
#include "oci/idmap.h"
#include "oci/mount_options.h"
#include "oci/spec_linux.h"
#include "oci/tree_parts.h"

static const unsigned long propagations[] = {
	[OCI_PRIVATE] = MS_PRIVATE, [OCI_SHARED] = MS_SHARED, [OCI_SLAVE] = MS_SLAVE,
	[OCI_UNBINDABLE] = MS_UNBINDABLE, [OCI_RPRIVATE] = MS_PRIVATE | MS_REC,
	[OCI_RSHARED] = MS_SHARED | MS_REC, [OCI_RSLAVE] = MS_SLAVE | MS_REC,
	[OCI_RUNBINDABLE] = MS_UNBINDABLE | MS_REC,
};

static int propagate(int fd, unsigned long flags, struct error *err)
{
	struct mount_attr attr = { .propagation = flags & ~(unsigned long)MS_REC };
	unsigned int how = AT_EMPTY_PATH | (flags & MS_REC ? AT_RECURSIVE : 0);

	if (sys_mount_setattr(fd, "", how, &attr) < 0)
		return error_sys(err, "set the propagation of a mount");
	return 0;
}

int tree_begin(const struct tree *t, struct error *err)
{
	/* What is mounted on the host later may come in where the container asks for that; what
	 * is mounted here goes out only with rootfsPropagation "shared". What is unbindable becomes
	 * so when nothing more is bound, tree_enter(). */
	unsigned long flags = MS_SLAVE | MS_REC;
	int propagation = t->spec->linux_->propagation;

	if (!t->has_own_mounts)
		return 0;
	if (propagation != 0 && !(propagations[propagation] & MS_UNBINDABLE))
		flags = propagations[propagation] | MS_REC;
	if (sys_mount(NULL, "/", NULL, flags, NULL) < 0)
		return error_sys(err, "set the propagation of '/'");
	return 0;
}

static int host_open(const struct tree *t, const char *path, int flags, struct error *err)
{
	AUTO_FREE char *whole = path[0] == '/' ? xstrdup(path) :
						 xasprintf("%s/%s", t->bundle, path);
	int fd = open(whole, O_PATH | O_CLOEXEC | flags); /* host path */

	return fd >= 0 ? fd : error_sys(err, "open '%s'", whole);
}

/* The mount that a directory is in. Its flags can be had only at its root, so upward from there. */
static int make_private(int dirfd, struct error *err)
{
	AUTO_CLOSE int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);

	while (fd >= 0) {
		struct error inner = { 0 };
		int upfd;

		if (propagate(fd, MS_PRIVATE, &inner) == 0)
			return 0;
		if (inner.sys != EINVAL) {
			*err = inner;
			return -1;
		}
		upfd = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
		close(fd);
		fd = upfd;
	}
	return error_sys(err, "find the mount of a directory");
}

int tree_root(struct tree *t, struct error *err)
{
	AUTO_CLOSE int dirfd = host_open(t, t->rootfs, O_DIRECTORY, err);
	AUTO_CLOSE int treefd = -1;

	if (!t->has_own_mounts && dirfd >= 0) {
		t->rootfd = TAKE_FD(dirfd);
		return 0;
	}
	/* pivot_root(2) refuses a root that is shared, or whose parent is; and what is attached to
	 * a shared parent is attached on the host, too. */
	if (dirfd < 0 || make_private(dirfd, err) < 0)
		return error_wrap(err, "root filesystem '%s'", t->rootfs);
	treefd = mount_copy(dirfd, true, err);
	if (treefd >= 0 && t->opens_no_nodes &&
	    mount_change(treefd, MOUNT_ATTR_NODEV, 0, true, err) < 0)
		return error_wrap(err, "root filesystem '%s'", t->rootfs);
	if (treefd < 0 || mount_attach(treefd, dirfd, err) < 0)
		return error_wrap(err, "root filesystem '%s'", t->rootfs);
	if (propagate(treefd, MS_PRIVATE, err) < 0)
		return -1;
	t->rootfd = TAKE_FD(treefd);
	return 0;
}

/* What path leads to, as far as it is there: a descriptor, and the rest that is missing. */
static int deepest(const struct tree *t, const char *path, const char **out_rest, struct error *err)
{
	AUTO_FREE char *part = xstrdup(path);
	size_t len = strlen(part);

	for (;;) {
		struct error missing = { 0 };
		int fd = path_open(t->rootfd, *part ? part : "/", O_PATH, &missing);

		if (fd >= 0) {
			*out_rest = path + strlen(part);
			return fd;
		}
		if (missing.sys != ENOENT || len == 0) {
			*err = missing;
			return -1;
		}
		while (len > 0 && part[len - 1] == '/')
			len--;
		while (len > 0 && part[len - 1] != '/')
			len--;
		part[len] = '\0';
	}
}

static int make_missing(int fd, const char *rest, bool is_dir, struct error *err)
{
	const char *name = rest;
	AUTO_CLOSE int dirfd = -1, madefd = -1;

	if (is_dir)
		return path_mkdirs(fd, rest, 0755, err);
	if (strchr(rest, '/')) {
		AUTO_FREE char *dirs = xstrndup(rest, (size_t)(strrchr(rest, '/') - rest));

		dirfd = path_mkdirs(fd, dirs, 0755, err);
		name = strrchr(rest, '/') + 1;
	} else {
		dirfd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	if (dirfd < 0)
		return -1;
	madefd = path_create(dirfd, name, 0644, err);
	return madefd < 0 ? -1 : path_open_nolink(dirfd, name, O_PATH, false, err);
}

int tree_target(const struct tree *t, const char *path, bool is_dir, struct error *err)
{
	AUTO_FREE char *absolute = path[0] == '/' ? xstrdup(path) : xasprintf("/%s", path);
	const char *rest = NULL;
	AUTO_CLOSE int fd = deepest(t, absolute, &rest, err);

	if (fd < 0)
		return -1;
	while (*rest == '/')
		rest++;
	return *rest ? make_missing(fd, rest, is_dir, err) : TAKE_FD(fd);
}

int tree_parent(const struct tree *t, const char *path, const char **out_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = xstrndup(path, slash && slash > path ? (size_t)(slash - path) : 1);

	*out_name = slash ? slash + 1 : path;
	return tree_target(t, slash ? dir : "/", true, err);
}

/* A link at the end is the target itself. */
static int target_nofollow(const struct tree *t, const char *path, bool is_dir, struct error *err)
{
	const char *name = NULL;
	AUTO_CLOSE int dirfd = tree_parent(t, path, &name, err);
	int fd;

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return make_missing(dirfd, name, is_dir, err);
	return fd >= 0 ? fd : error_sys(err, "open '%s'", path);
}

static int target_for(const struct tree *t, const struct oci_mount *m,
		      const struct mount_options *o, bool is_dir, struct error *err)
{
	return o->follows_target ? tree_target(t, m->destination, is_dir, err)
				 : target_nofollow(t, m->destination, is_dir, err);
}

int tree_attach(const struct tree *t, int treefd, const char *path, struct error *err)
{
	AUTO_CLOSE int targetfd = tree_target(t, path, true, err);

	return targetfd < 0 ? -1 : mount_attach(treefd, targetfd, err);
}

int tree_bind(const struct tree *t, int fd, const char *path, uint64_t attrs, struct error *err)
{
	AUTO_CLOSE int treefd = mount_copy(fd, false, err);
	AUTO_CLOSE int targetfd = -1;
	struct stat st;

	if (treefd < 0 || mount_change(treefd, attrs, 0, false, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at what is bound");
	targetfd = tree_target(t, path, S_ISDIR(st.st_mode), err);
	return targetfd < 0 ? -1 : mount_attach(treefd, targetfd, err);
}

/* After it is attached, as what is shared then is the place where it is. */
static int finish(int treefd, const struct mount_options *o, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(o->propagation) && o->propagation[i] != 0; i++)
		if (propagate(treefd, o->propagation[i], err) < 0)
			return -1;
	return 0;
}

/* All that is changed while nobody can see it. */
static int prepare(const struct tree *t, const struct oci_mount *m, const struct mount_options *o,
		   int treefd, struct error *err)
{
	if (idmap_apply(treefd, t->idmaps[m - t->spec->mounts], o->is_idmapped_below, err) < 0 ||
	    mount_change(treefd, o->set, o->clear, false, err) < 0)
		return -1;
	return mount_change(treefd, o->below_set, o->below_clear, true, err);
}

static int mount_bind(const struct tree *t, const struct oci_mount *m,
		      const struct mount_options *o, struct error *err)
{
	bool follows = o->follows_source && !o->copies_link;
	AUTO_CLOSE int sourcefd = -1, treefd = -1, targetfd = -1;
	struct stat st;

	if (!m->source)
		return error_set(err, ERR_USAGE, "bind mount without a source");
	sourcefd = host_open(t, m->source, follows ? 0 : O_NOFOLLOW, err);
	if (sourcefd < 0 || fstat(sourcefd, &st) < 0)
		return -1;
	if (o->copies_link && S_ISLNK(st.st_mode))
		return tree_copy_link(t, m->destination, sourcefd, err);
	treefd = mount_copy(sourcefd, o->is_recursive, err);
	if (treefd < 0 || prepare(t, m, o, treefd, err) < 0)
		return -1;
	targetfd = target_for(t, m, o, S_ISDIR(st.st_mode), err);
	if (targetfd < 0 || mount_attach(treefd, targetfd, err) < 0)
		return -1;
	return finish(treefd, o, err);
}

/* The kernel knows these flags of a filesystem by name. */
static const struct {
	unsigned long flag;
	const char *name;
} superblock_rows[] = {
	{ MS_SYNCHRONOUS, "sync" },
	{ MS_DIRSYNC,     "dirsync" },
	{ MS_LAZYTIME,    "lazytime" },
};

static bool is_type(const struct oci_mount *m, const char *type)
{
	return m->type && strcmp(m->type, type) == 0;
}

/* linux.mountLabel, on what has no labels of its own. */
static int set_label(const struct oci_mount *m, const char *label, int fsfd, struct error *err)
{
	if (!label || !*label || is_type(m, "proc") || is_type(m, "sysfs") || is_type(m, "mqueue"))
		return 0;
	return mount_option(fsfd, m->type, "context", label, err);
}

static int make_fresh(const struct tree *t, const struct oci_mount *m,
		      const struct mount_options *o, struct error *err)
{
	const char *type = m->type ? m->type : "none";
	AUTO_CLOSE int fsfd = mount_new(type, m->source ? m->source : type, err);

	if (fsfd < 0)
		return -1;
	for (char *const *d = o->data; d && *d; d++) {
		AUTO_FREE char *name = xstrndup(*d, strcspn(*d, "="));
		const char *equals = strchr(*d, '=');

		if (mount_option(fsfd, type, name, equals ? equals + 1 : NULL, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < N_ROWS(superblock_rows); i++)
		if (o->superblock & superblock_rows[i].flag &&
		    mount_option(fsfd, type, superblock_rows[i].name, NULL, err) < 0)
			return -1;
	if (set_label(m, t->spec->linux_->mount_label, fsfd, err) < 0)
		return -1;
	/* A user's proc or sysfs must be made as read-only as the one he sees
	 * (mount_too_revealing()); what files are copied into becomes so afterwards. */
	return mount_make(fsfd, type, o->set & ~(o->copies_up ? (uint64_t)MOUNT_ATTR_RDONLY : 0),
			  err);
}

/* proc and sysfs are security boundaries of their own: where they stand is the runtime's business
 * and no link's (CVE-2019-19921, CVE-2023-27561). */
static int attach_fresh(const struct tree *t, int treefd, const struct oci_mount *m,
			const struct mount_options *o, struct error *err)
{
	AUTO_CLOSE int targetfd = target_for(t, m, o, true, err);
	struct error link = { 0 };

	if (targetfd < 0)
		return -1;
	if (is_type(m, "proc") || is_type(m, "sysfs")) {
		AUTO_CLOSE int plainfd = path_open_nolink(t->rootfd, m->destination,
							  O_PATH | O_DIRECTORY, false, &link);

		if (plainfd < 0)
			return error_set(err, ERR_FAILED, "'%s' is not a plain directory",
					 m->destination);
		return mount_attach(treefd, plainfd, err);
	}
	return mount_attach(treefd, targetfd, err);
}

struct fresh {
	const struct tree *tree;
	const struct oci_mount *mount;
	const struct mount_options *options;
	int treefd;
};

static int make_as_told(void *arg, struct error *err)
{
	struct fresh *f = arg;

	f->treefd = make_fresh(f->tree, f->mount, f->options, err);
	return f->treefd < 0 ? -1 : 0;
}

/* A proc is that of the pid namespace of whoever makes it. */
static int make_proc(const struct tree *t, const struct oci_mount *m,
		     const struct mount_options *o, struct error *err)
{
	struct fresh f = { t, m, o, -1 };

	return vfork_run(make_as_told, &f, 0, err) < 0 ? -1 : f.treefd;
}

static int copy_sysfs(const struct tree *t, const struct mount_options *o, struct error *err)
{
	AUTO_CLOSE int dirfd = host_open(t, "/sys", O_DIRECTORY, err);
	AUTO_CLOSE int treefd = dirfd < 0 ? -1 : mount_copy(dirfd, true, err);

	if (treefd < 0 || mount_change(treefd, o->set, 0, true, err) < 0)
		return -1;
	return TAKE_FD(treefd);
}

static bool has_mode(const struct mount_options *o)
{
	for (char *const *d = o->data; d && *d; d++)
		if (str_starts(*d, "mode="))
			return true;
	return false;
}

/* A tmpfs over a directory of the image has its mode, unless it is asked for another: /tmp stays
 * everybody's, /root is nobody else's. */
static void keep_mode(const struct tree *t, const struct oci_mount *m, struct mount_options *o)
{
	struct error missing = { 0 };
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!is_type(m, "tmpfs") || has_mode(o))
		return;
	fd = path_open(t->rootfd, m->destination, O_PATH | O_DIRECTORY, &missing);
	if (fd >= 0 && fstat(fd, &st) == 0)
		strv_addf(&o->data, "mode=%04o", (unsigned int)st.st_mode & 07777);
}

static int mount_fresh(const struct tree *t, const struct oci_mount *m, struct mount_options *o,
		       struct error *err)
{
	AUTO_CLOSE int treefd = -1;

	if (o->copies_up && !is_type(m, "tmpfs"))
		return error_set(err, ERR_USAGE, "option tmpcopyup is of a tmpfs alone");
	keep_mode(t, m, o);
	if (tree_has_long(m, o))
		treefd = tree_make_long(t, m, o, err);
	else
		treefd = is_type(m, "proc") ? make_proc(t, m, o, err)
					   : make_fresh(t, m, o, err);
	/* A sysfs is of whoever owns the network namespace; without one, the host's stands in, as
	 * crun has it. */
	if (treefd < 0 && is_type(m, "sysfs") && err->sys == EPERM) {
		treefd = copy_sysfs(t, o, err);
		if (treefd >= 0)
			*err = (struct error){ 0 };
	}
	if (treefd < 0)
		return -1;
	if (o->copies_up && tree_copy_up(t, m->destination, treefd, err) < 0)
		return -1;
	if (prepare(t, m, o, treefd, err) < 0 || attach_fresh(t, treefd, m, o, err) < 0)
		return -1;
	return finish(treefd, o, err);
}

/* Those of devpts are terminals, and nobody makes others there. */
static void forbid_nodes(const struct oci_mount *m, struct mount_options *o)
{
	if (!o->is_bind && is_type(m, "devpts"))
		return;
	o->clear &= ~(uint64_t)MOUNT_ATTR_NODEV;
	o->below_clear &= ~(uint64_t)MOUNT_ATTR_NODEV;
	o->set |= MOUNT_ATTR_NODEV;
	if (o->is_bind)
		o->below_set |= MOUNT_ATTR_NODEV;
}

static int mount_one(const struct tree *t, const struct oci_mount *m, struct error *err)
{
	struct mount_options o;
	int status;

	mount_options_read(&o, m);
	if (t->opens_no_nodes)
		forbid_nodes(m, &o);
	if (is_type(m, "cgroup") || is_type(m, "cgroup2"))
		status = tree_cgroup(t, m, o.set, err);
	else if (o.is_bind)
		status = mount_bind(t, m, &o, err);
	else
		status = mount_fresh(t, m, &o, err);
	mount_options_clear(&o);
	if (status < 0)
		return error_wrap(err, "mount '%s'", m->destination);
	return 0;
}

/* As runc makes it where the image has none. */
static int make_cwd(const struct tree *t, struct error *err)
{
	AUTO_CLOSE int fd = tree_target(t, t->spec->process->cwd, true, err);

	return fd < 0 ? error_wrap(err, "process.cwd") : 0;
}

int tree_fill(struct tree *t, struct error *err)
{
	for (size_t i = 0; i < t->spec->n_mounts; i++)
		if (mount_one(t, &t->spec->mounts[i], err) < 0)
			return -1;
	if (tree_devices(t, err) < 0 || make_cwd(t, err) < 0 || tree_covers(t, err) < 0)
		return -1;
	if (t->spec->root->readonly &&
	    mount_change(t->rootfd, MOUNT_ATTR_RDONLY, 0, false, err) < 0)
		return error_wrap(err, "root filesystem");
	return 0;
}

static int move_root(const struct tree *t, struct error *err)
{
	if (sys_move_mount(t->rootfd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "move the root filesystem");
	if (chroot(".") < 0 || chdir("/") < 0) /* host path */
		return error_sys(err, "change the root");
	return 0;
}

/* The old root lies on top of the new one (pivot_root(2), NOTES). It is cut off by way of its own
 * descriptor: "." would be the new root's mounts, which stay as they were asked for, and what is
 * taken away from a shared one is taken from the host. */
static int pivot(struct error *err)
{
	AUTO_CLOSE int oldfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */

	if (oldfd < 0 || sys_pivot_root(".", ".") < 0)
		return error_sys(err, "pivot to the root filesystem");
	if (fchdir(oldfd) < 0 || sys_mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
	    sys_umount(".", SYS_UMOUNT_DETACH) < 0 || chdir("/") < 0) /* host path */
		return error_sys(err, "detach the host's root");
	return 0;
}

int tree_enter(const struct tree *t, bool without_pivot, struct error *err)
{
	int propagation = t->spec->linux_->propagation;

	if (!t->has_own_mounts)
		return 0;
	if (fchdir(t->rootfd) < 0)
		return error_sys(err, "enter the root filesystem");
	if ((without_pivot ? move_root(t, err) : pivot(err)) < 0)
		return -1;
	/* Of the root alone, and only now: a mount of the host is not to hear of it. */
	if (propagation != 0 && sys_mount(NULL, "/", NULL, propagations[propagation], NULL) < 0)
		return error_sys(err, "set the propagation of the root filesystem");
	return 0;
}

void tree_unmount(const struct oci_spec *spec, const char *rootfs)
{
	AUTO_CLOSE int rootfd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */

	for (size_t i = spec->n_mounts; rootfd >= 0 && i > 0; i--) {
		struct error gone = { 0 };
		AUTO_CLOSE int fd = path_open(rootfd, spec->mounts[i - 1].destination, O_PATH,
					      &gone);
		char path[32];

		if (fd < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		(void)sys_umount(path, SYS_UMOUNT_DETACH);	/* it may be no mount */
	}
}
