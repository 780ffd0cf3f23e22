/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_BOOT_H
#define RUNTIME_BOOT_H

/* From an installed zone to a running one, and back; one table of steps, walked both ways. */

#include <stdbool.h>

#include "base/error.h"
#include "base/proc.h"
#include "runtime/compile.h"
#include "runtime/zone.h"

/* A boot under way, or done: what the steps made. Of the keeper, and of run. */
struct boot {
	struct zone *z;			/* borrowed */
	struct compiled compiled;	/* filled in by the caller */
	struct cgroup cgroup;
	struct launched launched;
	struct network *phys; /* owned: kept for the way back of devices that moved in, or NULL */
	struct proc_id init;		/* as in the run record */
	bool knows_network, has_network;	/* has_network: only if it was booted here */
	int rundirfd;			/* run/NAME */
	char *setup;			/* owned: for boot_settle(), or NULL */
};

/* Walks the steps up; on failure those done are walked down again. The keeper's identity in the run
 * record is the caller. */
int boot_up(struct boot *b, struct error *err);
/* Once the caller knows that init runs: writes down what its files say (setup.h), and waits for the
 * disk. The zone is still locked, so that nothing comes between. */
int boot_settle(struct boot *b, struct error *err);
/* Walks them down: kills what is inside, removes groups and the run record. Twice is fine. */
int boot_down(struct boot *b, struct error *err);
/* The same but for the run record, for a reboot: the next boot_up() takes that over. */
int boot_clear(struct boot *b, struct error *err);
/* Prepares for boot_down() of a zone that another process booted. */
void boot_adopted(struct boot *b);
/* Lets go of the descriptors only. */
void boot_close(struct boot *b);

/* Starts the keeper, which boots the zone; returns once init runs. z is locked alone and stays so.
 */
int zone_boot(struct zone *z, const struct boot_options *options, struct error *err);
/* Runs hook-pre-stop, ends everything inside at once and cleans up. Safe in every state, also
 * twice. z is locked alone; waits at most timeout_ms for processes to be gone. */
int zone_halt(struct zone *z, int timeout_ms, struct error *err);
/* The same for a zone whose hook-pre-stop has run, or need not. */
int zone_halt_rest(struct zone *z, int timeout_ms, struct error *err);

#endif
