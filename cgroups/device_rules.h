/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_DEVICE_RULES_H
#define CGROUPS_DEVICE_RULES_H

/*
 * Device rules as the OCI specification has them, a list of "allow" and "deny" of
 * which the last that matches decides, each kind of access for itself, enforced by
 * a program at a v2 group. Zones have a policy of their own (devices.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum device_access { DEVICE_MAKES = 1 << 0, DEVICE_READS = 1 << 1, DEVICE_WRITES = 1 << 2 };

struct device_rule {
	bool allows;
	char type;			/* 'b', 'c', or 'a': both */
	int64_t major, minor;		/* -1: any */
	unsigned int access;		/* bits of enum device_access */
};

/* Attaches the rules to the v2 group that fd is, in place of those that an earlier call attached;
 * what none matches is denied. Those of groups above stay in force. -1 with sys EPERM for who may
 * load no program: it takes CAP_BPF and CAP_NET_ADMIN or CAP_SYS_ADMIN in the host's first user
 * namespace (bpf(2)). */
int device_rules_apply(int groupfd, const struct device_rule *rules, size_t n, struct error *err);

#endif
