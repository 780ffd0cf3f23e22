/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_HOSTS_H
#define RUNTIME_HOSTS_H

/*
 * The names of zones that are up, for each other and for the host.
 *
 * Each has a record: a link run/zonectl/.names/ZONE whose target says which
 * process its init is and what its addresses are. Making, replacing and removing
 * one is a single call to the kernel, and so is reading it. From all of them come
 * the lines between two comments of the zones' own /etc/hosts, and the host's file.
 *
 * A zone that boots finds the others in its file, as its first process wrote them
 * (setup.h): from a text that was made of all records a moment ago, and the records
 * of zones that have come or gone since. Into the files of zones that run
 * hosts_spread() brings what has changed. Nothing of the host is bound into a zone
 * for this, and no file is shared by two: each has its own, which its administrator
 * may edit.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/proc.h"
#include "base/str.h"
#include "runtime/network.h"
#include "runtime/zone.h"

/* Below run/zonectl; no zone's name begins with a dot. */
#define HOSTS_DIR ".names"
/* The host's file, below ROOT/run: the only one of a site that everybody may read. In a directory
 * of its own, as that is what name servers watch. */
#define HOSTS_FILE_DIR "zonectl-hosts"
#define HOSTS_FILE "hosts"

/* What one zone has to do with it. */
struct hosts {
	char *addresses;		/* of its record, see below; owned, NULL: no record */
	char *peers;			/* lines for its /etc/hosts; owned, NULL: not kept */
	bool is_kept;			/* also while it runs */
};

/* One record. */
struct hosts_entry {
	char name[ZONE_NAME_MAX + 1];
	struct proc_id init;
	bool is_kept;
	char *addresses;		/* "10.1.0.5 -10.2.0.6": "-" is not told to zones; owned */
};

struct hosts_list {
	struct hosts_entry *list;	/* owned, sorted by name */
	size_t n;
};

/* What the zone's properties, its addresses and their pools come to; peers is of this moment, and
 * has the zone itself. That the records can't be read is no reason not to boot: then peers is NULL.
 */
void hosts_compile(struct hosts *out, const struct zone *z, const struct network *n);
void hosts_clear(struct hosts *h);

/* Makes or replaces the record of a zone whose init runs; nothing to do without addresses. */
int hosts_up(const struct zone *z, const struct hosts *h, const struct proc_id *init,
	     struct error *err);
/* Removes it. Twice is fine. */
int hosts_down(struct site *site, const char *zone, struct error *err);
/* Brings what has changed to the zones that run and to the host's file, in a process of its own
 * that ends by itself: at once if nothing was brought for a while, else after others that change
 * something in the meantime. Nothing has changed: no process. Never waits, and never fails, as what
 * is left undone is done with the next change. */
void hosts_spread(struct site *site);
/* What that process does. The text for zones that boot is made of the records; the host's file and
 * those of the zones get what has changed. */
int hosts_note(struct site *site, int namesfd, struct error *err);
int hosts_bring(struct site *site, int namesfd, struct error *err);

/* The records below namesfd of this boot of the host. Those of an earlier one are removed. */
int hosts_read(int namesfd, const char *boot_id, struct hosts_list *out, struct error *err);
/* Those of these names; one that has none has no addresses, "". */
void hosts_read_these(int namesfd, const char *boot_id, char *const *names,
		      struct hosts_list *out);
void hosts_list_clear(struct hosts_list *l);
/* "10.1.0.5<tab>web web.zone" for each address that zones are told. */
void hosts_zones_text(const struct hosts_list *l, struct str *out);
/* Such a text with the lines of the zones in changed replaced. */
void hosts_merge(const char *text, const struct hosts_list *changed, struct str *out);
/* "10.1.0.5<tab>web.zone" for each address. */
void hosts_host_text(const struct hosts_list *l, struct str *out);

#endif
