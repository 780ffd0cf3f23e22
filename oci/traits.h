/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_TRAITS_H
#define OCI_TRAITS_H

/*
 * What a process hands on to all it will be and have: how it is scheduled, its
 * personality, where its memory comes from, which processors it runs on. The
 * text of the configuration is made numbers before there is a child.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/spec.h"

enum { TRAITS_NUMBERS_MAX = 8192, TRAITS_WORDS = TRAITS_NUMBERS_MAX / 64 };

struct traits_set {			/* of processors or memory nodes, bit n for number n */
	bool is_given;
	unsigned long bits[TRAITS_WORDS];
};

struct traits {
	const struct oci_scheduler *scheduler;
	const struct oci_io_priority *io_priority;
	const struct oci_memory_policy *memory;
	const struct oci_personality *personality;
	struct traits_set nodes, initial, final;
};

/* ERR_USAGE for what the kernel has no number of, or what does not go with a policy. l may be NULL.
 */
int traits_compile(struct traits *out, const struct oci_process *p, const struct oci_linux *l,
		   struct error *err);
/* The scheduler and the priority of I/O of a process, 0: the caller. Not inherited through a clone,
 * where the configuration says so. Child-safe. */
int traits_schedule(const struct traits *t, pid_t pid, struct error *err);
/* The processors of the caller, before and after it came into its groups. Child-safe. */
int traits_initial(const struct traits *t, struct error *err);
int traits_final(const struct traits *t, struct error *err);
/* Personality and memory of the caller, which is in its groups. Child-safe. */
int traits_apply(const struct traits *t, struct error *err);

#endif
