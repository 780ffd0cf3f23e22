/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_SQUASHFS_H
#define TEMPLATES_SQUASHFS_H

/*
 * squashfs images, by the program sqfs2tar (squashfs-tools-ng), which makes a tar
 * stream of one. The kernel's own driver never sees them: a mount of a hostile
 * image is a hole into the kernel. The program is somebody else's and reads
 * hostile bytes, so it runs locked in as zone-unpack does: as nobody, alone in
 * namespaces of its own, in a tree that holds the system's libraries, itself and
 * the image, all read-only, and may do no more than read and write.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { SQUASHFS_WORDS_MAX = 240 };

struct squashfs {
	int tarfd;			/* what it writes; owned */
	int wordsfd;			/* what it complains of; owned */
	int pidfd;			/* owned */
	char words[SQUASHFS_WORDS_MAX];	/* how what it said begins */
	size_t n_words;
};

#define SQUASHFS_EMPTY { .tarfd = -1, .wordsfd = -1, .pidfd = -1 }

/* True for the first bytes of an image. */
bool squashfs_is(const char *head, size_t len);
/* Starts the program on an image, which nobody may change meanwhile. ERR_UNSUPPORTED, naming the
 * package, when it is missing. */
int squashfs_open(struct squashfs *s, int imagefd, uint64_t seconds, struct error *err);
/* Keeps what it says; arg is the struct squashfs (import_run.h, struct import_watch). */
void squashfs_words(void *arg, const char *data, size_t n);
/* Waits for its end where everything was read, else ends it. ERR_USAGE when it failed by itself,
 * with its own words. */
int squashfs_close(struct squashfs *s, bool is_read, struct error *err);

#endif
