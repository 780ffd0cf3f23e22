/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PROPERTY_H
#define RUNTIME_PROPERTY_H

/*
 * The property table: name, type, unit, default, whether a change applies to a
 * running zone, help. The flags of create, the syntax of set, what info shows,
 * zone.json, validation, the man page's list and shell completion come from it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "runtime/config.h"

enum property_type {
	PROPERTY_STRING, PROPERTY_LIST, PROPERTY_COUNT, PROPERTY_SIZE, PROPERTY_MILLI,
	PROPERTY_DURATION, PROPERTY_RATE, PROPERTY_ENUM, PROPERTY_FLAGS,
};

enum property_change {
	PROPERTY_LIVE,			/* set changes the running zone at once */
	PROPERTY_NEXT_BOOT,
	PROPERTY_AT_CREATE,		/* fixed once the zone is made */
};

struct property {
	const char *name;		/* "cpu-weight" */
	const char *group;		/* "CPU", the heading in help and man page */
	enum property_type type;
	enum property_change change;
	size_t offset;			/* of the field in struct zone_config */
	uint64_t min, max;		/* of a number, in its unit */
	const char *const
		*words; /* of PROPERTY_ENUM and PROPERTY_FLAGS, in order of value or bit */
	int (*check)(const char *value, struct error *err); /* one value or list member; or NULL */
	/* The form in which a value that passed is kept, owned by the caller; NULL: as typed. */
	char *(*canonical)(const char *value);
	/* Of PROPERTY_LIST: what tells members apart, returning its length; NULL: the whole member.
	 */
	size_t (*key)(const char *member, const char **out);
	bool has_commas;		/* of PROPERTY_LIST: a comma ends a member */
	bool is_secret;			/* shown to people as "set" */
	bool has_repeats;		/* of PROPERTY_LIST: a member may stand there twice */
	const char *operand;		/* "SIZE", "N", "PATH" in help */
	const char *fallback;		/* the default, as help shows it */
	const char *help;		/* one line */
};

enum property_op { PROPERTY_SET, PROPERTY_ADD, PROPERTY_REMOVE };

/* The table, ended by a row without a name. */
const struct property *property_table(void);
/* The row, or NULL with ERR_USAGE 'no property "memry"' and, when one is near, the hint
 * 'did you mean "memory"?'. */
const struct property *property_find(const char *name, struct error *err);
/* Sets, adds to or removes from the field from text. An empty text sets the default again. Adding
 * replaces a list's member of the same key; removing takes the member or its key. On failure the
 * field is as it was. ERR_USAGE "memory: 'lots' is no size (...)". */
int property_apply(const struct property *p, struct zone_config *c, enum property_op op,
		   const char *text, struct error *err);
/* "NAME=VALUE", "NAME+=VALUE" or "NAME-=VALUE" as set takes it; *out_property is the row. */
int property_assign(struct zone_config *c, const char *assignment,
		    const struct property **out_property, struct error *err);
/* Gives *to the value that it has in *from. */
int property_copy(const struct property *p, const struct zone_config *from, struct zone_config *to,
		  struct error *err);
/* True if it has the same value in both. A list's order counts. */
bool property_is_same(const struct property *p, const struct zone_config *a,
		      const struct zone_config *b);
/* Rules between properties (memory-high above memory, ...), after all were applied. */
int property_check_all(const struct zone_config *c, struct error *err);
/* The value as text that property_apply() takes, or "" when it has its default; of a list without
 * commas, which takes one member at a time, the members between spaces. The caller owns it. */
char *property_text(const struct property *p, const struct zone_config *c);
bool property_is_default(const struct property *p, const struct zone_config *c);
/* The field as a JSON member. Sizes are bytes, durations seconds, as docs/product.md says of
 * --json; what is not set and has no default that is a value is null. */
void property_json(const struct property *p, const struct zone_config *c, struct json_out *out);
/* The field from a JSON member; zone.json holds numbers where the value is one, text otherwise. */
int property_from_json(const struct property *p, struct zone_config *c, const struct json *value,
		       const char *name, struct error *err);

#endif
