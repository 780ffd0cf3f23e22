/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_IMAGES_H
#define OCI_IMAGES_H

/*
 * A container's processes as criu writes them down: a directory of images, a log,
 * and in descriptors.json what their standard streams were, as runc has it. The
 * images decide what runs with whose rights: they are as trusted as the caller.
 */

#include <stdbool.h>

#include "oci/container.h"
#include "oci/criu.h"

struct images_options {
	const char *path;		/* --image-path */
	const char *work;		/* --work-path: where the log goes; NULL: with the images */
	const char *program;		/* criu_find() */
	struct str opts;		/* of the verb's flags, as criu_opts; owned */
};

struct images {
	int dirfd, workfd;		/* owned */
	bool was_empty;			/* of images */
	const char *log;		/* its name */
	char *log_path;			/* owned */
};

#define IMAGES_NONE { .dirfd = -1, .workfd = -1 }
#define AUTO_IMAGES __attribute__((cleanup(images_close)))

enum { IMAGES_STREAMS = 3 };

/* Opens both directories; for a dump (is_new) makes what is missing, mode 0700. An earlier log of
 * that name is removed. The caller ends with images_close(), also after a failure. */
int images_open(struct images *out, const struct images_options *o, const char *log, bool is_new,
		struct error *err);
void images_close(struct images *i);
/* Opens both again, under the same numbers: as they are in a mount namespace that was entered
 * since. */
int images_reopen(const struct images *i, struct error *err);
/* Begins a request of what every one has: the directories, the log, the verb's flags, and the file
 * of criu's options: of the annotation org.criu.config, else /etc/criu/zone-oci.conf or runc's. */
void images_begin(const struct images *i, const struct images_options *o,
		  const struct container *c, struct criu_request *r);
/* Adds to an error of criu's what its log said last, and where it is. Returns -1. */
int images_explain(const struct images *i, struct error *err);
/* Removes images of a dump that failed, from a directory that had none. */
void images_discard(const struct images *i);

/* What a container's first process has as its streams ("pipe:[123]"), into descriptors.json. */
int images_keep_streams(const struct images *i, const struct container *c, struct error *err);
/* Adds to a restore's options that the caller's own streams stand for those that were pipes. */
int images_pass_streams(const struct images *i, struct str *opts, struct error *err);

#endif
