/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

/*
 * What runs is asked of the kernel. run/NAME/state.json only says whom to ask:
 * the init and the keeper by pid, start time and boot id. A record whose init is
 * gone means that the zone is down and something was not cleaned up.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/proc.h"
#include "runtime/brief.h"
#include "runtime/site.h"

enum zone_state {
	ZONE_INCOMPLETE, ZONE_CONFIGURED, ZONE_INSTALLED, ZONE_READY, ZONE_RUNNING, ZONE_FROZEN,
	ZONE_SHUTTING_DOWN, ZONE_DOWN, ZONE_STATES,
};

/* Bits for verbs that allow several. */
#define ZONE_BIT(state) (1u << (state))
#define ZONE_UP (ZONE_BIT(ZONE_READY) | ZONE_BIT(ZONE_RUNNING) | ZONE_BIT(ZONE_FROZEN) | \
		 ZONE_BIT(ZONE_SHUTTING_DOWN))

/* run/NAME/state.json */
struct zone_run {
	struct proc_id init, keeper;
	bool is_started;		/* init was let go: running, not ready */
	bool is_shutting_down;		/* a shutdown is under way */
	uint64_t started;		/* seconds since 1970 */
	uint64_t started_mono_ms;	/* CLOCK_BOOTTIME, for uptime */
	char *template_init_kind;	/* "systemd", ...: how to ask it to shut down; owned */
	char *stop_signal;		/* or the image's own word for that, "" none; owned */
	char **image_env;		/* of the image, for all that enters too; owned */
};

void zone_run_clear(struct zone_run *r);
/* ERR_NOT_FOUND when there is no record. */
int zone_run_read(struct zone_run *out, struct site *site, const char *name, struct error *err);
int zone_run_write(const struct zone_run *r, struct site *site, const char *name,
		   struct error *err);
/* Removes run/NAME/ whole; nothing there is success. */
int zone_run_remove(struct site *site, const char *name, struct error *err);

struct zone_status {
	enum zone_state state;
	int initfd;			/* pidfd of init; -1: not alive, or after a glance */
	bool is_alive;			/* init is */
	bool is_frozen;			/* its processes are */
	bool has_keeper;		/* its keeper is alive */
	struct zone_run run;
	/* A glance may find what it needs in a brief: then run has no more than the brief has. */
	bool has_brief;
	struct zone_brief brief;
};

/* Finds out; the zone's directory exists. The caller clears *out. */
int zone_status(struct zone_status *out, struct site *site, const char *name, struct error *err);
/* The same at half the price, for whoever looks at a thousand: without a pidfd, as nothing is to be
 * done with the zone. */
int zone_glance(struct zone_status *out, struct site *site, const char *name, struct error *err);
void zone_status_clear(struct zone_status *s);
const char *zone_state_name(enum zone_state state);
/* ERR_STATE "is running" with the verb to try on the zone of that name, unless state is in allowed.
 */
int zone_state_check(enum zone_state state, unsigned int allowed, const char *name,
		     struct error *err);

#endif
