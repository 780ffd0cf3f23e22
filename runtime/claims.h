/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CLAIMS_H
#define RUNTIME_CLAIMS_H

/*
 * What only one zone of a site can have, by name: addresses and ports of the
 * host. A claim is a link DIR/NAME -> ZONE below var/lib/zonectl, and making a
 * link is exclusive (symlink(2)): no list is read, whatever the number of zones.
 * A link whose zone is gone, or has no such claim in its zone.json, was left by
 * a command that was killed, and the next that comes by it takes it over. What a
 * zone has is written beside it, too, for when it goes (holdings.h).
 */

#include "base/error.h"
#include "runtime/site.h"
#include "runtime/zone.h"

struct claims {
	struct site *site;		/* borrowed */
	const char *name;		/* of the directory, borrowed: "addresses" */
	int dirfd;
	bool has_forgotten;		/* what the zone's holdings say; of one zone alone, then */
	/* True if the configuration, which was read from a zone's file, has this claim. */
	bool (*is_in)(const struct zone_config *c, const char *claim);
};

/* Opens a directory of links to zones below var/lib/zonectl, making it, mode 0700. The caller ends
 * it with close(2). Here and below, what fails is ERR_FAILED with the kernel's errno. */
int claims_dir(struct site *site, const char *name, struct error *err);
/* The zone that a link there names, "" for what is no link of ours; -1 when there is none. */
int claims_dir_owner(int dirfd, const char *link, char out[ZONE_NAME_MAX + 1]);

/* Opens the directory, making it; is_in is the caller's to set. */
int claims_open(struct claims *out, struct site *site, const char *name, struct error *err);
void claims_close(struct claims *c);
/* Like claim_take(), but a link that is there counts, whatever it means. */
int claim_try(struct claims *c, const char *claim, const char *zone, struct error *err);
/* Takes it for the zone: 1 for a new claim, 2 if it was the zone's already, 0 if another zone's,
 * whose name is in owner then. The zone's directory, or its .new-NAME, is locked alone by the
 * caller, until zone.json has the claim. */
int claim_take(struct claims *c, const char *claim, const char *zone,
	       char owner[ZONE_NAME_MAX + 1], struct error *err);
/* The zone that the link names, or "" for none. */
void claim_owner(struct claims *c, const char *claim, char out[ZONE_NAME_MAX + 1]);
/* Keeps others from sweeping and from this; until the claims are closed. Not with claim_take(). */
int claims_lock(struct claims *c, struct error *err);
/* True if a zone that has it in its zone.json, or may have it soon, owns the claim. */
bool claim_is_held(struct claims *c, const char *claim, const char *owner);
/* Removes one that nobody holds, with claims_lock(). */
int claim_drop(struct claims *c, const char *claim, struct error *err);
/* Gives it back, if it is that zone's. Nothing there is success. */
int claim_give(struct claims *c, const char *claim, const char *zone, struct error *err);
/* Every claim of that zone but those that kept has, which may be NULL: all claims are looked at. */
int claims_give_all(struct claims *c, const char *zone, const struct zone_config *kept,
		    struct error *err);
/* Calls visit for each, in no order, until it returns other than 0, and returns that. */
int claims_each(struct claims *c, int (*visit)(void *arg, const char *claim, struct error *err),
		void *arg, struct error *err);

#endif
