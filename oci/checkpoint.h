/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_CHECKPOINT_H
#define OCI_CHECKPOINT_H

/* A container's processes written down by criu, and made again of that. */

#include "oci/images.h"
#include "oci/life.h"

struct checkpoint_options {
	struct images_options images;
	const char *parent;		/* --parent-path, relative to the images; or NULL */
	bool leaves_running;
	bool is_pre;			/* memory alone, and the container runs on */
};

/* Writes a container that runs or is paused down. Unless it is left running its processes are gone
 * then; it is the caller's to end. On failure it goes on as before. */
int checkpoint_dump(struct container *c, const struct checkpoint_options *options,
		    struct error *err);

struct restored {
	pid_t pid;			/* of the first process, a child of the caller */
	int pidfd, ptyfd;		/* owned; -1: no terminal */
};

#define RESTORED_NONE { .pidfd = -1, .ptyfd = -1 }

/* In restore.c. Makes a new container, c, of images and of the bundle that the options name:
 * groups, limits and mounts are of its configuration, and it runs. On failure nothing is left. The
 * caller closes what *out holds. */
int checkpoint_restore(struct container *c, const struct images_options *images,
		       const struct life_options *options, struct restored *out, struct error *err);

#endif
