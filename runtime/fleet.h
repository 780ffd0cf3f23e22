/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FLEET_H
#define RUNTIME_FLEET_H

/*
 * A fleet: the zones of a host as a file says they are to be, and what is to be
 * done so that they are. The file (schema/fleet.schema.json) has groups of zones
 * alike, the plans that they are of, keys, pools of addresses and names for
 * templates; what a property may hold is the property table's matter. The file is
 * checked as a whole, and against this host, before anything is changed: every
 * fault of it is kept with the place where it stands.
 *
 * A zone that an apply made bears the name of its fleet in zone.json. Zones that
 * were there before become as the file says, but are never removed unasked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "runtime/config.h"
#include "runtime/pools.h"
#include "runtime/site.h"

enum {
	FLEET_VERSION = 1,
	FLEET_SIZE_MAX = 64 << 20,	/* bytes of the file */
	FLEET_ZONES_MAX = 100000,
	FLEET_DEPTH_MAX = 16,		/* plans or groups, each extending the next */
	FLEET_FAULTS_MAX = 1000,	/* that are kept */
};

enum fleet_state { FLEET_RUNNING, FLEET_INSTALLED, FLEET_ANY, FLEET_ABSENT };

/* What is to be done to a zone, in the order in which it is done to all of them. */
enum fleet_todo {
	FLEET_DESTROY = 1 << 0,		/* it is stopped first */
	FLEET_STOP = 1 << 1,
	FLEET_SET = 1 << 2,
	FLEET_CREATE = 1 << 3,
	FLEET_BOOT = 1 << 4,
};

/* A network whose addresses go to the zones of groups, one each. */
struct fleet_pool {
	const struct json *at;		/* borrowed; the key is its name */
	struct net_pool net;		/* its networks, and nothing else */
	uint64_t next;			/* place that is looked at next */
};

struct fleet_group {
	const struct json *at;		/* borrowed; the key is its name */
	struct zone_config config;	/* what its zones are to be; no identity but the plan */
	const struct json *template_at;	/* where it is named, or NULL */
	const char *template;		/* as store_find() takes it; borrowed */
	struct fleet_pool *pool;	/* borrowed, or NULL */
	char digest[SHA256_HEX_SIZE];	/* of a template that is named with its version; else "" */
	enum fleet_state state;
	size_t n_zones, n_new, n_changed;
};

enum fleet_when { FLEET_AT_ONCE, FLEET_NEXT_BOOT, FLEET_NEVER };

/* A difference of a zone that is there. */
struct fleet_change {
	const char *what;		/* property, "plan" or "template"; borrowed */
	char *from, *to;		/* for people; owned */
	enum fleet_when when;		/* FLEET_NEVER: apply leaves it as it is */
};

struct fleet_zone {
	char name[ZONE_NAME_MAX + 1];
	const struct json *at;		/* where the file names it; NULL with no group */
	struct fleet_group *group;	/* borrowed; NULL: not in the file, so it is removed */
	bool is_up;			/* and stays so */
	char **ip;			/* of its group's pool; owned */
	unsigned int todo;		/* enum fleet_todo */
	struct fleet_change *changes;	/* owned */
	size_t n_changes;
};

/* A template that the host has not, and that the file says where to find. */
struct fleet_import {
	const char *name, *digest;	/* borrowed; digest "sha256:HEX" or NULL */
	char *path;			/* of the archive or image; owned */
};

/* The keys of a file that "keys" names. */
struct fleet_key_file {
	const struct json *at;		/* borrowed */
	char **keys;			/* owned */
};

struct fleet_fault {
	unsigned int line, column;
	char *text;			/* "fleet.json:12:5: ...", owned */
};

struct fleet {
	struct site *site;		/* borrowed */
	const char *file;		/* what it is called in messages; borrowed */
	const char *dir;		/* where paths in it begin, or NULL; borrowed */
	char name[ZONE_NAME_MAX + 1];
	struct json *root;		/* owned */
	const struct json *templates, *keys, *plans;	/* borrowed; objects or NULL */
	struct fleet_key_file *key_files;	/* owned */
	size_t n_key_files;
	struct fleet_pool *pools;	/* owned */
	size_t n_pools;
	struct fleet_group *groups;	/* owned */
	size_t n_groups;
	struct fleet_zone *zones;	/* owned; by name once all are there */
	size_t n_zones, zones_room;
	struct fleet_import *imports;	/* owned: what is to be taken in first */
	size_t n_imports;
	struct plan *site_plans;	/* those of the host that were asked for; owned */
	size_t n_site_plans;
	struct fleet_fault *faults;	/* owned; by place */
	size_t n_faults;
	int (*braces)(const char *pattern, char ***out, struct error *err);
};

#define AUTO_FLEET __attribute__((cleanup(fleet_clear)))

/* Where a fleet comes from. */
struct fleet_source {
	struct site *site;		/* borrowed by the fleet, as file is */
	int fd;
	const char *file;
	const char *dir;		/* where paths in it begin; NULL: where the caller is */
	const char *name;		/* of a fleet that has none in it, or NULL */
	/* The words that a pattern as web{1..3} stands for, a strv for the caller. */
	int (*braces)(const char *pattern, char ***out, struct error *err);
};

/* Reads the file and checks all that it says by itself. What is wrong is in out->faults, and the
 * call succeeds; it fails, ERR_USAGE, for what is no JSON. The caller clears *out, also then. */
int fleet_read(struct fleet *out, const struct fleet_source *source, struct error *err);
/* Finds out what is to be done (fleet_zone.todo and changes), and what of the file can't be on this
 * host, which is added to the faults; with is_pruning zones of the fleet that the file does not
 * name are to go. Call it only without faults. */
int fleet_compare(struct fleet *f, bool is_pruning, struct error *err);
void fleet_clear(struct fleet *f);
/* The zone of that name, or NULL. */
const struct fleet_zone *fleet_find(const struct fleet *f, const char *name);

#endif
