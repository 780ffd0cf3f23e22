/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_TREE_H
#define TEMPLATES_UNPACK_TREE_H

/*
 * The writing half of zone-unpack: entries into a tree, by descriptor. It holds
 * the directories from the root down to the one written last open, so that an
 * archive in the usual order costs one open a directory; a name is walked one
 * component at a time and no link is ever followed. Names come checked from
 * unpack_name.h. The later of two entries with the same name wins, as with tar.
 */

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

enum { UNPACK_DEPTH_MAX = 255, UNPACK_PATH_MAX = 4096 };

struct unpack_meta {
	mode_t mode;			/* 07777 */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};

/* One open directory. Its time is set when it is left, after the last change inside it. */
struct unpack_level {
	int fd;
	size_t end;			/* length of its path */
	struct timespec mtime;
	bool touched;
	bool is_setgid;			/* children are born with its group */
	bool has_default_acl;		/* children are born with an ACL */
};

struct unpack_layer;

struct unpack_tree {
	struct unpack_layer *layer;	/* it is written over lower ones; NULL: borrowed */
	char path[UNPACK_PATH_MAX];	/* of the deepest open directory, "" for the root */
	size_t depth;			/* of it, 0 for the root */
	struct unpack_level levels[UNPACK_DEPTH_MAX + 1];
};

/* Takes rootfd, a directory open for reading. The tree's root is 0755, root's own, of time 0 until
 * the archive says otherwise; under a layer (borrowed, or NULL) it is what lower layers made it. */
int unpack_tree_init(struct unpack_tree *tree, int rootfd, struct unpack_layer *layer,
		     struct error *err);
/* Sets the times of the directories still open and closes all. */
int unpack_tree_end(struct unpack_tree *tree, struct error *err);
/* Closes without a word, after a failure. */
void unpack_tree_clear(struct unpack_tree *tree);

/* The directory that name stands in, made where it is missing; the tree keeps the descriptor. */
int unpack_tree_parent(struct unpack_tree *tree, const char *name, struct error *err);
/* A regular file, open for writing; the caller writes it, then sets
 * owner (unpack_tree_own), xattrs and time, and closes it. */
int unpack_tree_file(struct unpack_tree *tree, const char *name, const struct unpack_meta *meta,
		     struct error *err);
/* A directory, or new metadata for one that is there. Returns a descriptor that the tree keeps,
 * for xattrs; it is good until the next call. */
int unpack_tree_directory(struct unpack_tree *tree, const char *name,
			  const struct unpack_meta *meta, struct error *err);
int unpack_tree_symlink(struct unpack_tree *tree, const char *name, const char *target,
			const struct unpack_meta *meta, struct error *err);
int unpack_tree_fifo(struct unpack_tree *tree, const char *name, const struct unpack_meta *meta,
		     struct error *err);
/* Another name for what an earlier entry made. */
int unpack_tree_link(struct unpack_tree *tree, const char *name, const char *target,
		     struct error *err);

/* Owner, then mode (a change of owner clears setuid), for a file just written. */
int unpack_tree_own(struct unpack_tree *tree, int fd, const struct unpack_meta *meta,
		    struct error *err);
/* Looks again whether the directory opened last has a default ACL, after xattrs were set. */
void unpack_tree_default_acl(struct unpack_tree *tree);

#endif
