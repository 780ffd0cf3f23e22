/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SITE_H
#define RUNTIME_SITE_H

/*
 * A site is one --root: the directories below it, their configuration and what
 * the host offers. The default site is at "/". Everything that a site names on
 * the host (cgroups, locks) carries its id, so that sites never meet.
 *
 *   ROOT/etc/zonectl/          zonectl.json, plans/
 *   ROOT/var/lib/zonectl/      templates/ zones/ uids/, mode 0700
 *   ROOT/run/zonectl/          NAME/ for zones that are up, .filters/, mode 0700
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/proc.h"
#include "cgroups/cgroup.h"
#include "runtime/site_config.h"

enum { SITE_ID_LEN = 8 };

struct site {
	char *path;			/* canonical, for messages; owned */
	char id[SITE_ID_LEN + 1];	/* "" for the default site */
	int varfd, zonesfd, runfd, etcfd;	/* etcfd -1: there is none */
	int callerfds[2];		/* the caller's own, not for a keeper; borrowed, or -1 */
	int lockfd;			/* after site_lock(), else -1 */
	struct site_config config;
	struct cgroup_host cgroups;	/* after site_cgroups() */
	bool has_cgroups;
	char boot_id[PROC_BOOT_ID_LEN + 1];
};

/* Opens, making what is missing, and reads zonectl.json. */
int site_open(struct site *s, const char *root, struct error *err);
void site_close(struct site *s);
/* Opens the host's cgroups once. */
int site_cgroups(struct site *s, struct error *err);
/* Lets go of them again, until the next site_cgroups(). */
void site_cgroups_close(struct site *s);
/* For a verb that works on many zones by one plan: keeps others of that kind out until
 * site_unlock() or site_close(). ERR_BUSY naming who is at it. A keeper that is started meanwhile
 * has no part in it. */
int site_lock(struct site *s, struct error *err);
void site_unlock(struct site *s);
/* In a process that outlives its caller: lets go of what is the caller's alone. */
void site_outlive(struct site *s);
/* Opens the template store. The caller closes it. */
int site_templates(struct site *s, struct error *err);

#endif
