/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FILTER_TABLE_H
#define RUNTIME_FILTER_TABLE_H

/*
 * What the filter answers, as data; private to filter*.c and its test. Every
 * system call that the library knows by name stands in exactly one row of
 * filter_groups or in filter_args, so that each was decided by somebody.
 */

#include <stddef.h>
#include <stdint.h>

enum {				/* other answers are an errno */
	FILTER_ALLOW = 0,
	FILTER_NOTICE = -1,		/* the call waits until the keeper has answered (mknod.h) */
};

struct filter_group {
	const char *calls;		/* names between blanks */
	int answer;			/* FILTER_ALLOW, EPERM, ENOSYS */
	uint64_t feature;		/* enum zone_feature bit that allows them, or 0 */
};

/* Calls that an older libseccomp has no name for. From 424 on a call has the same number on every
 * architecture but alpha (commit 39036cd2727395c3369b1051005da74059a85317). */
struct filter_number {
	const char *call;
	int nr;
};

struct filter_condition {		/* (argument & mask) == value; mask 0: always true */
	unsigned int arg;
	uint32_t mask, value;
};

/* The rows of a call stand together; the first that matches answers, and the last one always does.
 * Arguments are compared as the kernel reads them, in 32 bits: the upper half of the register is
 * the caller's to choose and means nothing. */
struct filter_arg {
	const char *call;
	uint64_t feature;		/* the row is there only with it, or 0 */
	struct filter_condition when[2];
	int answer;
};

extern const struct filter_group filter_groups[];
extern const size_t filter_n_groups;
extern const struct filter_number filter_numbers[];
extern const size_t filter_n_numbers;
extern const struct filter_arg filter_args[];
extern const size_t filter_n_args;

#endif
