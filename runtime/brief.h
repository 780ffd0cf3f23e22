/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_BRIEF_H
#define RUNTIME_BRIEF_H

/*
 * What most looks at a running zone ask for, in the text of one link, run/NAME/brief: to read a
 * link is one system call, a fifth of what state.json and zone.json take to be opened, read and
 * parsed. It is a copy of both: before state.json is written again the brief is removed, and it
 * names the inode and the time of change of the zone.json that it was made of, which is replaced,
 * never edited. So after a change of either it says nothing, until the zone is booted again.
 * Nobody depends on its being there.
 */

#include "base/error.h"
#include "base/proc.h"
#include "runtime/config.h"
#include "runtime/site.h"

struct zone_brief {
	struct proc_id init, keeper;	/* keeper's start time is 0 where it has a number */
	uint64_t keeper_number;		/* proc_number(), 0: none */
	uint64_t started_mono_ms;
	char *config;			/* which zone.json: see brief.c; owned */
	char *template_name;		/* NULL: none; owned */
	char **ips;			/* as addresses_of(); owned */
};

/* Writes down what run/NAME/state.json (init, keeper, started_mono_ms) and zone.json (c) say now;
 * the caller has the zone's lock. What can't be written is not there for readers. */
void brief_write(const struct zone_brief *b, struct site *site, const struct zone_config *c);
/* False if there is none of this boot of the host. The caller clears *out. */
bool brief_read(struct zone_brief *out, struct site *site, const char *name);
/* True if zone.json is still the one that template_name and ips are of. */
bool brief_is_configured(const struct zone_brief *b, struct site *site, const char *name);
/* Removes it, so that state.json can be written. */
int brief_remove(struct site *site, const char *name, struct error *err);
void brief_clear(struct zone_brief *b);

#endif
