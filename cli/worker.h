/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_WORKER_H
#define CLI_WORKER_H

/*
 * Work that starts programs of the host, takes long and may be interrupted at
 * any moment: done by a child in a process group of its own. A signal to zonectl
 * ends the whole group, so that whoever waits for it finds nothing running any
 * more and can remove what was begun. While the child works, the stage that it
 * is at is shown to whoever sits at the terminal.
 */

#include <sys/types.h>

#include "cli/verb.h"

struct worker {
	const char *what;		/* for the line of progress; borrowed */
	const char *stage;		/* what it begins with, "unpacking"; borrowed */
	/* In the child. Its results are flushed for it. */
	int (*work)(struct cli *cli, struct worker *w, struct error *err);
	void *arg;			/* of work; borrowed */
	int words_fd;			/* where work sends what programs say, or -1; set here */
	int input_fd;			/* its offset tells how much was read; -1; borrowed */
	off_t input_size;
};

/* Returns 0 or -1 as the work did, or 1 when a signal ended it: cli->command_status is set then,
 * and every process of the work has ended. */
int worker_run(struct cli *cli, struct worker *w, struct error *err);

#endif
