/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SCOPE_H
#define OCI_SCOPE_H

/*
 * linux.cgroupsPath as "SLICE:PREFIX:NAME", which is what it is where systemd
 * makes the groups: the unit PREFIX-NAME.scope in SLICE, with the limits of the
 * configuration as properties, so that systemd itself puts them back whenever it
 * reloads.
 */

#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/spec.h"
#include "oci/spec_resources.h"

struct scope {
	char *slice;			/* "machine.slice"; owned */
	char *unit;			/* "libpod-ID.scope"; owned */
	char *path;			/* its group: "/machine.slice/libpod-ID.scope"; owned */
};

#define AUTO_SCOPE __attribute__((cleanup(scope_clear)))

/* path may be NULL or "". ERR_USAGE, in runc's words, for another form and for what is no slice. */
int scope_parse(struct scope *out, const char *path, const char *id, struct error *err);
void scope_clear(struct scope *scope);

/* Makes the unit around the process holder: limits, and annotations org.systemd.property.NAME. */
int scope_start(const struct scope *scope, const struct oci_spec *spec, bool is_v2, pid_t holder,
		struct error *err);

/* Adds the properties for resources to a list (cgroups/unit.h); what systemd has none for is left
 * out. ERR_USAGE for a list of processors that is none. */
int scope_limits(struct str *props, const struct oci_resources *resources, bool is_v2,
		 struct error *err);
/* Adds the device rules, which systemd would put back as its own on cgroup v1: as a list of what is
 * allowed, so a hole that a later rule makes in an earlier one is not in it. */
int scope_devices(struct str *props, const struct oci_resources *resources, struct error *err);
/* Adds a property NAME with a value in GVariant's text form: 'text', true, 5, uint64 5, ['a', 'b'],
 * @as []. A number of seconds for NAMESec becomes microseconds for NAMEUSec. */
int scope_property(struct str *props, const char *name, const char *value, struct error *err);

#endif
