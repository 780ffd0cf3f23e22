/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_SQUASHFS_SANDBOX_H
#define TEMPLATES_SQUASHFS_SANDBOX_H

/* Where sqfs2tar runs; see squashfs.h. */

#include <stdint.h>

#include "base/error.h"

enum { SQUASHFS_SETUP_FAILED = 125 };	/* it ends so when it could not be started */

struct squashfs_sandbox {
	int programfd, imagefd;		/* borrowed; what is run, and on what */
	int outfd, wordsfd;		/* borrowed; its descriptors 1 and 2 */
	uint64_t seconds;		/* of processor time */
};

/* Starts it. Returns a pidfd of a child of the caller. What fails in the child is told on wordsfd,
 * with the status above. */
int squashfs_sandbox_run(const struct squashfs_sandbox *box, struct error *err);

#endif
