/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMPORT_JOB_H
#define TEMPLATES_IMPORT_JOB_H

/*
 * One import under way, and the parts that import.c is made of. Whatever format
 * it is, the stage's rootfs/ is in the end the template's root; meanwhile there
 * may be beside it outer/ (an image as its archive had it) and image (a file).
 */

#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "templates/format.h"
#include "templates/image.h"
#include "templates/import_run.h"

struct import_job {
	const struct import_options *options;	/* borrowed */
	struct store_stage stage;
	struct unpack_options unpack;	/* limits, and what was used of them so far */
	int64_t begun_ms;		/* clock_ms() */
	struct unpack_skipped skipped;	/* over all runs */
	struct sha256 sum;		/* of the files as they are read, one behind the other */
	uint64_t bytes;			/* how many */
	char **digests;			/* strv: "sha256:HEX" that it may be asked for by; owned */
	char *name;			/* its own name for itself, or NULL; owned */
	char *reference;		/* or a name as registries have them; owned */
	char **warnings;		/* strv, owned */
	struct template known;		/* owned */
};

#define AUTO_JOB __attribute__((cleanup(import_job_clear)))

void import_job_clear(struct import_job *job);

/* Runs the unpacker under what is left of the limits, and counts what it used. out may be NULL. */
int import_job_unpack(struct import_job *job, const struct import_run *run,
		      struct unpack_report *out, struct error *err);
/* Unpacks one file, an archive or a squashfs image, into the stage's rootfs/, which is empty. */
int import_take(struct import_job *job, int fd, struct error *err);

/* Gives the stage a new, empty rootfs/; what was there is outer/ then. Returns outer/. */
int import_set_aside(struct import_job *job, struct error *err);
/* Removes outer/, if there is one. */
int import_drop_outer(struct import_job *job, struct error *err);
/* Makes the directory at path below rootfs/ the stage's rootfs/ and removes the rest. */
int import_promote(struct import_job *job, const char *path, struct error *err);

/* Copies a directory of the host, or what is at format->root in it, into rootfs/. */
int import_directory(struct import_job *job, int dirfd, const struct format *format,
		     struct error *err);

/* Unpacks the layers of an image, whose files are below treefd, into rootfs/. */
int import_image(struct import_job *job, int treefd, const struct format *format,
		 struct error *err);

/* A name for the template out of a reference ("docker.io/library/debian:12", or a tag alone) and
 * the file's name, either of which may be NULL; NULL when neither is one. The caller owns it; it
 * may yet be refused. */
char *import_name(const char *reference, const char *file_name);
/* With what a name can't hold as '-', of the length that it may have; NULL for nothing. */
char *import_name_cleaned(const char *text);

#endif
