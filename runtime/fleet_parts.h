/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_FLEET_PARTS_H
#define RUNTIME_FLEET_PARTS_H

/* What the files of fleet.h share, each for the next: fleet.c reads the whole, fleet_plans.c and
 * fleet_groups.c its parts, fleet_compare.c and fleet_network.c look at the host. */

#include "runtime/fleet.h"
#include "runtime/plans.h"
#include "runtime/property.h"

/* fleet.c */
/* Keeps a fault of the value, unless that same one is known; at NULL: of the whole file. */
void fleet_fault(struct fleet *f, const struct json *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of a message that has its place. */
void fleet_fault_known(struct fleet *f, const struct json *at, const struct error *err);
void fleet_sort_faults(struct fleet *f);
/* True if the value is an object; anything else is a fault. */
bool fleet_is_object(struct fleet *f, const struct json *value);
/* The text of a string, NULL with a fault for anything else. Borrowed. */
const char *fleet_text(struct fleet *f, const struct json *value);

/* fleet_plans.c */
void fleet_check_templates(struct fleet *f, const struct json *value);
/* A path of the file: a relative one begins where that is. The caller owns it. */
char *fleet_path(const struct fleet *f, const char *text);
void fleet_check_keys(struct fleet *f, const struct json *value);
void fleet_check_plans(struct fleet *f, const struct json *value);
void fleet_read_pools(struct fleet *f, const struct json *value);
/* Faults of properties, each by itself. */
void fleet_check_properties(struct fleet *f, const struct json *object);
/* Gives the properties of an object to *c; what is wrong with them is told already. */
void fleet_apply_properties(const struct fleet *f, const struct json *object,
			    struct zone_config *c);
/* Those of the plan that ref, a string, names: the fleet's or the host's. */
void fleet_apply_plan(struct fleet *f, const struct json *ref, struct zone_config *c);
/* Adds the keys of the names in the array ref. */
void fleet_apply_keys(struct fleet *f, const struct json *ref, struct zone_config *c);
/* Of an object in section and those that it extends, from the last of them on. 0: they go round in
 * a circle, or are more than FLEET_DEPTH_MAX. */
size_t fleet_chain(const struct json *section, const struct json *from,
		   const struct json *chain[FLEET_DEPTH_MAX]);
/* The faults of that. */
void fleet_check_chain(struct fleet *f, const struct json *section, const struct json *from);

/* fleet_groups.c */
void fleet_read_groups(struct fleet *f, const struct json *value);
struct fleet_zone *fleet_add_zone(struct fleet *f, const char *name, const struct json *at,
				  struct fleet_group *group);
void fleet_sort_zones(struct fleet *f);

/* fleet_network.c */
/* Addresses and ports that two zones of the fleet, or one and a zone beside it, would both have. */
int fleet_check_claims(struct fleet *f, struct error *err);
/* Pools of the host that have fewer addresses than are to be taken of them. */
int fleet_check_room(struct fleet *f, struct error *err);

/* fleet_pools.c */
/* Of the addresses that a zone has those that its group's pool may have given it. */
void fleet_keep_ip(struct fleet_zone *z, const struct zone_config *present);
/* The others that it is to have. */
int fleet_give_ip(struct fleet *f, struct error *err);
/* True if one of the fleet's zones is given that address by name. */
bool fleet_is_fixed(const struct fleet *f, const struct net_addr *a);

#endif
