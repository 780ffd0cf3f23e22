/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_PROC_H
#define BASE_PROC_H

/*
 * Processes: named by pidfd, stored as pid + start time + boot id so that a pid
 * used again by the kernel is never taken for the old process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { PROC_BOOT_ID_LEN = 36 };

struct proc_id {
	pid_t pid;			/* 0: none */
	uint64_t start;			/* clock ticks after boot, proc_pid_stat(5) field 22 */
	char boot_id[PROC_BOOT_ID_LEN + 1];
};

/* The identity of a running process. */
int proc_id_of(pid_t pid, struct proc_id *out, struct error *err);
/* A pidfd of exactly that process. ERR_NOT_FOUND when it has ended, also with the host's boot. */
int proc_open(const struct proc_id *id, struct error *err);
/* True if exactly that process has not ended, at a third of the price of proc_open(). The caller
 * knows that id is of this boot of the host. */
int proc_is_alive(const struct proc_id *id, bool *out, struct error *err);
/* A number that no other process ever has until the host is booted again: the inode of its pidfd
 * (pidfs, Linux 6.9); 0 where the kernel has none, or for a process that is gone. */
uint64_t proc_number(pid_t pid);
/* As proc_is_alive() at half its price, by a number that is not 0. */
bool proc_has_number(pid_t pid, uint64_t number);
/* pidfd_send_signal(2); a process that is gone is no error. */
int proc_signal(int pidfd, int sig, struct error *err);
/* Waits until the process has ended: returns 1 then, 0 after timeout_ms (-1: for ever). Works for
 * processes that are no children; reaps nothing. */
int proc_wait_end(int pidfd, int timeout_ms, struct error *err);
/* The host's boot id, 36 characters. */
int proc_boot_id(char out[PROC_BOOT_ID_LEN + 1], struct error *err);

struct proc_spawn {
	const char *file;	/* the program's path; NULL: as argv[0] says */
	char *const *argv;	/* argv[0] is a path, or a name looked up in the clean PATH */
	char *const *env;	/* NULL: a clean PATH and LC_ALL=C */
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null; the number itself: inherited */
	const int *keep_fds;	/* further descriptors, which keep their numbers; or NULL */
	size_t n_keep_fds;
	int dirfd;		/* working directory, or -1 for / */
};

/* Starts a host program (never one out of a zone), signals reset, no other descriptor open.
 * Returns a pidfd that the caller owns; *out_pid is the pid to wait for. That exec failed is
 * reported here: ERR_UNSUPPORTED when there is no such program. */
int proc_spawn(const struct proc_spawn *spawn, pid_t *out_pid, struct error *err);
/* Kills a child, whatever it does, and reaps it. */
void proc_end(int pidfd);
/* Reaps the child: its exit code, or 128 + the signal that ended it. */
int proc_reap(int pidfd, struct error *err);

#endif
