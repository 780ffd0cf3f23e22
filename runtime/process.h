/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

/*
 * Processes of zones as /proc of the host tells of them. All of it is a zone's
 * doing: names and arguments are any bytes, and are not to be printed unescaped.
 *
 * Arguments are in the process's own memory. Whoever reads them waits for that
 * memory's lock, which a zone can hold for ever with a file system of its own that
 * never answers. So they are read by a child that is left behind when it stops
 * getting on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { PROCESS_NAME_MAX = 64, PROCESS_ARGUMENTS_MAX = 1024 };

struct process {
	pid_t pid;			/* on the host */
	pid_t vpid;			/* in its zone; 0: not known */
	uint32_t uid;			/* on the host, the effective one */
	char state;			/* 'R', 'S', 'D', 'Z', ... (proc_pid_stat(5)) */
	char name[PROCESS_NAME_MAX];	/* what it calls itself */
	uint64_t cpu_usec;		/* processor time */
	uint64_t age_usec;		/* since it was started */
	uint64_t memory;		/* bytes resident */
	char *arguments;		/* owned; NULL: none, or they could not be read */
};

/* Reads one, without arguments. ERR_NOT_FOUND when it has ended. */
int process_read(pid_t pid, struct process *out, struct error *err);
/* Reads the arguments of all in list, at most PROCESS_ARGUMENTS_MAX bytes of each, in less than a
 * second even if all of them are traps. */
int process_read_arguments(struct process *list, size_t n, struct error *err);
void process_clear(struct process *list, size_t n);

#endif
