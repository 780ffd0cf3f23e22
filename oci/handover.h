/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_HANDOVER_H
#define OCI_HANDOVER_H

/* What a caller is given of a process that was started: its number in a file, its terminal over a
 * socket. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/spec.h"

struct handover {
	const char *pid_file;		/* or NULL */
	const char *console_socket;	/* or NULL */
	const char *pidfd_socket;	/* or NULL */
};

/* ERR_USAGE when the process has a terminal that nobody takes, or a taker but no terminal. */
int handover_check(const struct handover *h, const struct oci_process *process, bool is_foreground,
		   struct error *err);
/* Sends the terminal's master (ptyfd, or -1) and pidfd, then writes the file. Nobody is waited for
 * longer than HANDOVER_MS. */
int handover_give(const struct handover *h, pid_t pid, int pidfd, int ptyfd, struct error *err);

enum { HANDOVER_MS = 5000 };

#endif
