/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "templates/unpack_layer.h"

/*
 * What an attacker would try here: a link where a directory is expected, so that
 * a later name leads out. Every step opens one component with O_NOFOLLOW below a
 * descriptor, names hold no "..", and metadata is set on descriptors that this
 * run opened. The process sees no other file in any case (unpack_sandbox.c).
 */

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static struct unpack_level *deepest(struct unpack_tree *tree)
{
	return &tree->levels[tree->depth];
}

/* A new file in a directory with a default ACL has an ACL that the archive does not name. */
static int strip(int fd, const char *acl, struct error *err)
{
	/* A filesystem without ACLs has none to inherit. */
	if (fremovexattr(fd, acl) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		return error_sys(err, "remove the inherited ACL");
	return 0;
}

static int strip_acl(int fd, struct error *err)
{
	return strip(fd, "system.posix_acl_access", err);
}

static int strip_directory_acl(int fd, struct error *err)
{
	if (strip_acl(fd, err) < 0)
		return -1;
	return strip(fd, "system.posix_acl_default", err);
}

static bool has_default_acl(int fd)
{
	return fgetxattr(fd, "system.posix_acl_default", NULL, 0) > 0;
}

/* The last change inside a directory is behind us: its own time can stand. */
static int leave(struct unpack_tree *tree, struct error *err)
{
	struct unpack_level *level = deepest(tree);
	const struct timespec times[2] = { level->mtime, level->mtime };
	int r = 0;

	if (level->touched && futimens(level->fd, times) < 0)
		r = error_sys(err, "set the time of '%s'", tree->path);
	close(level->fd);
	level->fd = -1;
	if (tree->depth == 0)
		return r;
	tree->depth--;
	tree->path[deepest(tree)->end] = '\0';
	return r;
}

/* Makes the directory fd, the child part of the deepest one, the deepest. */
static int enter(struct unpack_tree *tree, const char *part, size_t len, int fd, struct error *err)
{
	size_t end = deepest(tree)->end;
	AUTO_CLOSE int owned = fd;
	struct unpack_level *next;
	struct stat st;

	if (tree->depth == UNPACK_DEPTH_MAX || end + 1 + len >= sizeof(tree->path))
		return error_set(err, ERR_USAGE, "too deep");
	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at the directory '%.*s'", (int)len, part);
	if (end > 0)
		tree->path[end++] = '/';
	memcpy(tree->path + end, part, len);
	tree->path[end + len] = '\0';
	tree->depth++;
	next = deepest(tree);
	*next = (struct unpack_level){ .fd = TAKE_FD(owned), .end = end + len,
				       .mtime = st.st_mtim, .is_setgid = st.st_mode & S_ISGID };
	next->has_default_acl = has_default_acl(next->fd);
	return 0;
}

/* A directory that no entry described: root's own, 0755, of time 0, so that the tree depends on
 * nothing but the archive. */
static int make_plain(struct unpack_tree *tree, const char *part, struct error *err)
{
	struct unpack_level *level = deepest(tree);
	AUTO_CLOSE int fd = -1;

	level->touched = true;
	if (mkdirat(level->fd, part, 0700) < 0)
		return error_sys(err, "make directory '%s'", part);
	fd = openat(level->fd, part, OPEN_DIRECTORY);
	if (fd < 0)
		return error_sys(err, "open directory '%s'", part);
	if (level->has_default_acl && strip_directory_acl(fd, err) < 0)
		return -1;
	if (fchown(fd, 0, 0) < 0 || fchmod(fd, 0755) < 0)
		return error_sys(err, "set the owner of '%s'", part);
	return TAKE_FD(fd);
}

static int descend(struct unpack_tree *tree, const char *name, size_t len, struct error *err)
{
	char part[UNPACK_PATH_MAX];
	bool is_new = false;
	int fd;

	memcpy(part, name, len);
	part[len] = '\0';
	fd = openat(deepest(tree)->fd, part, OPEN_DIRECTORY);
	if (fd < 0 && errno == ENOENT) {
		fd = make_plain(tree, part, err);
		is_new = fd >= 0;
	} else if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		return error_set(err, ERR_USAGE, "its parent '%s' is a link or a file", part);
	} else if (fd < 0) {
		return error_sys(err, "open directory '%s'", part);
	}
	if (fd < 0 || enter(tree, part, len, fd, err) < 0)
		return -1;
	if (is_new) {
		deepest(tree)->mtime = (struct timespec){ 0 };
		deepest(tree)->touched = true;
	}
	return 0;
}

/* True if the first len bytes of name are the deepest directory, or a directory below it. */
static bool is_within(const struct unpack_tree *tree, const char *name, size_t len)
{
	size_t end = tree->levels[tree->depth].end;

	if (end == 0)
		return true;
	return end <= len && memcmp(tree->path, name, end) == 0 &&
	       (end == len || name[end] == '/');
}

/* Makes the directory of the first len bytes of name the deepest one. */
static int go_to(struct unpack_tree *tree, const char *name, size_t len, struct error *err)
{
	while (!is_within(tree, name, len)) {
		if (leave(tree, err) < 0)
			return -1;
	}
	while (deepest(tree)->end < len) {
		const char *part = name + deepest(tree)->end;
		size_t rest;

		if (*part == '/')
			part++;
		rest = len - (size_t)(part - name);
		if (memchr(part, '/', rest))
			rest = (size_t)((const char *)memchr(part, '/', rest) - part);
		if (descend(tree, part, rest, err) < 0)
			return -1;
	}
	return 0;
}

/* Goes to the directory that name is made in; *out_leaf is its last component. */
static int go_to_parent(struct unpack_tree *tree, const char *name, const char **out_leaf,
			struct error *err)
{
	const char *slash = strrchr(name, '/');

	if (go_to(tree, name, slash ? (size_t)(slash - name) : 0, err) < 0)
		return -1;
	*out_leaf = slash ? slash + 1 : name;
	deepest(tree)->touched = true;
	return 0;
}

/* A directory of lower layers goes with all that they put there. */
static int displace_lower(struct unpack_tree *tree, const char *leaf, struct error *err)
{
	size_t end = deepest(tree)->end;
	char path[UNPACK_PATH_MAX];

	if (end + 1 + strlen(leaf) >= sizeof(path))
		return error_set(err, ERR_USAGE, "too deep");
	memcpy(path, tree->path, end);
	if (end > 0)
		path[end++] = '/';
	strcpy(path + end, leaf);
	return unpack_layer_remove(tree->layer, deepest(tree)->fd, leaf, path, err);
}

/* Makes room for a later entry of the same name, as tar does. */
static int displace(struct unpack_tree *tree, const char *leaf, struct error *err)
{
	int fd = deepest(tree)->fd;

	if (unlinkat(fd, leaf, 0) == 0)
		return 0;
	if (errno != EISDIR)
		return error_sys(err, "replace an earlier entry");
	if (tree->layer && displace_lower(tree, leaf, err) < 0)
		return -1;
	if (unlinkat(fd, leaf, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return error_set(err, ERR_USAGE, "it would replace a directory that is not empty");
	return error_sys(err, "replace an earlier entry");
}

static int root_keep(struct unpack_tree *tree, struct error *err)
{
	struct unpack_level *root = &tree->levels[0];
	struct stat st;

	if (fstat(root->fd, &st) < 0)
		return error_sys(err, "look at the root");
	root->mtime = st.st_mtim;
	root->is_setgid = st.st_mode & S_ISGID;
	root->has_default_acl = has_default_acl(root->fd);
	return 0;
}

int unpack_tree_parent(struct unpack_tree *tree, const char *name, struct error *err)
{
	const char *leaf;

	return go_to_parent(tree, name, &leaf, err) < 0 ? -1 : deepest(tree)->fd;
}

int unpack_tree_init(struct unpack_tree *tree, int rootfd, struct unpack_layer *layer,
		     struct error *err)
{
	tree->path[0] = '\0';
	tree->depth = 0;
	tree->layer = layer;
	tree->levels[0] = (struct unpack_level){ .fd = rootfd, .touched = true };
	if (layer)
		return root_keep(tree, err);
	if (fchown(rootfd, 0, 0) < 0 || fchmod(rootfd, 0755) < 0)
		return error_sys(err, "set the owner of the root");
	return 0;
}

int unpack_tree_end(struct unpack_tree *tree, struct error *err)
{
	while (tree->depth > 0) {
		if (leave(tree, err) < 0)
			return -1;
	}
	return leave(tree, err);
}

void unpack_tree_clear(struct unpack_tree *tree)
{
	for (size_t i = 0; i <= tree->depth; i++) {
		if (tree->levels[i].fd >= 0)
			close(tree->levels[i].fd);
		tree->levels[i].fd = -1;
	}
	tree->depth = 0;
}

int unpack_tree_file(struct unpack_tree *tree, const char *name, const struct unpack_meta *meta,
		     struct error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const char *leaf;

	if (go_to_parent(tree, name, &leaf, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		int fd = openat(deepest(tree)->fd, leaf, flags, meta->mode & 0777);

		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			break;
		if (displace(tree, leaf, err) < 0)
			return -1;
	}
	return error_sys(err, "make file");
}

int unpack_tree_own(struct unpack_tree *tree, int fd, const struct unpack_meta *meta,
		    struct error *err)
{
	const struct unpack_level *parent = deepest(tree);

	if (parent->has_default_acl && strip_acl(fd, err) < 0)
		return -1;
	/* It was born root's own, with its plain mode, as most files of a system are. */
	if (meta->uid != 0 || meta->gid != 0 || parent->is_setgid) {
		if (fchown(fd, meta->uid, meta->gid) < 0)
			return error_sys(err, "set the owner");
	}
	if ((meta->mode & 07000) || parent->has_default_acl) {
		if (fchmod(fd, meta->mode) < 0)
			return error_sys(err, "set the mode");
	}
	return 0;
}

static int open_or_make(struct unpack_tree *tree, const char *leaf, struct error *err)
{
	int fd;

	for (int i = 0; i < 2; i++) {
		if (mkdirat(deepest(tree)->fd, leaf, 0700) < 0 && errno != EEXIST)
			return error_sys(err, "make directory");
		fd = openat(deepest(tree)->fd, leaf, OPEN_DIRECTORY);
		if (fd >= 0)
			return fd;
		if (errno != ENOTDIR && errno != ELOOP)
			break;
		if (displace(tree, leaf, err) < 0)
			return -1;
	}
	return error_sys(err, "open directory");
}

static int directory_own(struct unpack_level *level, const struct unpack_meta *meta,
			 struct error *err)
{
	if (strip_directory_acl(level->fd, err) < 0)
		return -1;
	if (fchown(level->fd, meta->uid, meta->gid) < 0)
		return error_sys(err, "set the owner");
	if (fchmod(level->fd, meta->mode) < 0)
		return error_sys(err, "set the mode");
	level->mtime = meta->mtime;
	level->touched = true;
	level->is_setgid = meta->mode & S_ISGID;
	level->has_default_acl = false;
	return 0;
}

int unpack_tree_directory(struct unpack_tree *tree, const char *name,
			  const struct unpack_meta *meta, struct error *err)
{
	const char *leaf;
	int fd;

	if (!*name) {
		if (go_to(tree, name, 0, err) < 0)
			return -1;
	} else {
		if (go_to_parent(tree, name, &leaf, err) < 0)
			return -1;
		fd = open_or_make(tree, leaf, err);
		if (fd < 0 || enter(tree, leaf, strlen(leaf), fd, err) < 0)
			return -1;
	}
	if (directory_own(deepest(tree), meta, err) < 0)
		return -1;
	return deepest(tree)->fd;
}

void unpack_tree_default_acl(struct unpack_tree *tree)
{
	deepest(tree)->has_default_acl = has_default_acl(deepest(tree)->fd);
}

static int leaf_own(struct unpack_tree *tree, const char *leaf, const struct unpack_meta *meta,
		    struct error *err)
{
	const struct timespec times[2] = { meta->mtime, meta->mtime };
	int fd = deepest(tree)->fd;

	if (fchownat(fd, leaf, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the owner");
	if (utimensat(fd, leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "set the time");
	return 0;
}

int unpack_tree_symlink(struct unpack_tree *tree, const char *name, const char *target,
			const struct unpack_meta *meta, struct error *err)
{
	const char *leaf;
	int r;

	if (go_to_parent(tree, name, &leaf, err) < 0)
		return -1;
	r = symlinkat(target, deepest(tree)->fd, leaf);
	if (r < 0 && errno == EEXIST) {
		if (displace(tree, leaf, err) < 0)
			return -1;
		r = symlinkat(target, deepest(tree)->fd, leaf);
	}
	if (r < 0)
		return error_sys(err, "make link");
	return leaf_own(tree, leaf, meta, err);
}

int unpack_tree_fifo(struct unpack_tree *tree, const char *name, const struct unpack_meta *meta,
		     struct error *err)
{
	const struct timespec times[2] = { meta->mtime, meta->mtime };
	AUTO_CLOSE int fd = -1;
	const char *leaf;
	int r;

	if (go_to_parent(tree, name, &leaf, err) < 0)
		return -1;
	r = mknodat(deepest(tree)->fd, leaf, S_IFIFO | 0600, 0);
	if (r < 0 && errno == EEXIST) {
		if (displace(tree, leaf, err) < 0)
			return -1;
		r = mknodat(deepest(tree)->fd, leaf, S_IFIFO | 0600, 0);
	}
	if (r < 0)
		return error_sys(err, "make FIFO");
	fd = openat(deepest(tree)->fd, leaf, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open FIFO");
	if (deepest(tree)->has_default_acl && strip_acl(fd, err) < 0)
		return -1;
	if (fchown(fd, meta->uid, meta->gid) < 0 || fchmod(fd, meta->mode) < 0)
		return error_sys(err, "set the owner");
	return futimens(fd, times) < 0 ? error_sys(err, "set the time") : 0;
}

/* Opens the directory of an earlier entry without leaving the present one. */
static int target_parent(struct unpack_tree *tree, const char *target, const char **out_leaf,
			 struct error *err)
{
	AUTO_CLOSE int dirfd = openat(tree->levels[0].fd, ".", OPEN_DIRECTORY);
	char part[UNPACK_PATH_MAX];

	for (;;) {
		size_t len = strcspn(target, "/");
		int next;

		if (dirfd < 0)
			return error_set(err, ERR_USAGE, "the archive has no '%s' before it",
					 target);
		*out_leaf = target;
		if (!target[len])
			return TAKE_FD(dirfd);
		memcpy(part, target, len);
		part[len] = '\0';
		next = openat(dirfd, part, OPEN_DIRECTORY);
		close(dirfd);
		dirfd = next;
		target += len + 1;
	}
}

/* Two names of one inode already: nothing to do, and nothing to displace. */
static bool is_same(int fd, const char *leaf, const struct stat *target)
{
	struct stat st;

	return fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == target->st_ino &&
	       st.st_dev == target->st_dev;
}

int unpack_tree_link(struct unpack_tree *tree, const char *name, const char *target,
		     struct error *err)
{
	AUTO_CLOSE int fromfd = -1;
	const char *from, *leaf;
	struct stat st;
	int r;

	if (strcmp(name, target) == 0)
		return error_set(err, ERR_USAGE, "a hard link to itself is refused");
	if (go_to_parent(tree, name, &leaf, err) < 0)
		return -1;
	fromfd = target_parent(tree, target, &from, err);
	if (fromfd < 0)
		return -1;
	/* The tree was empty, and what is found in it without following a link was made by this
	 * run. */
	if (fstatat(fromfd, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, ERR_USAGE, "the archive has no '%s' before it", target);
	if (S_ISDIR(st.st_mode))
		return error_set(err, ERR_USAGE, "a hard link to the directory '%s' is refused",
				 target);
	r = linkat(fromfd, from, deepest(tree)->fd, leaf, 0);
	if (r < 0 && errno == EEXIST) {
		if (is_same(deepest(tree)->fd, leaf, &st))
			return 0;
		if (displace(tree, leaf, err) < 0)
			return -1;
		r = linkat(fromfd, from, deepest(tree)->fd, leaf, 0);
	}
	if (r < 0)
		return error_sys(err, "make a hard link to '%s'", target);
	return 0;
}
