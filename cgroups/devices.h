/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_DEVICES_H
#define CGROUPS_DEVICES_H

/*
 * Which device nodes a zone may open: those of its /dev and its terminals. A zone
 * can neither make a node nor mount anything without nodev, so this is the second
 * lock on that door: a node that reaches it in some other way opens nothing.
 *
 * It is a program of type BPF_PROG_TYPE_CGROUP_DEVICE, made from one table and
 * attached to the zone's outer v2 group, which is there on every host; the v1
 * controller is not used. The program lives as long as the group, whoever dies,
 * and a process of the zone can take no part in it: bpf(2) is refused inside.
 */

#include <stdbool.h>

#include "base/error.h"
#include "cgroups/host.h"

enum cgroup_device_set {		/* beside what every zone has; bits */
	CGROUP_DEVICES_FUSE = 1 << 0,
	CGROUP_DEVICES_TUN = 1 << 1,
};

/* Loads the policy, once: host keeps it, so that all whom the caller boots share one program. Some
 * 200 us and 10 KiB of kernel memory. Success without a policy where the kernel has none
 * (devices_supported()). */
int devices_load(struct cgroup_host *host, unsigned int sets, struct error *err);
/* Attaches the policy, loading it first if that was not done, to the v2 group that fd is, beside
 * what others attached above it, all of which must agree (BPF_F_ALLOW_MULTI, bpf(2)). What is open
 * stays open. */
int devices_apply(struct cgroup_host *host, int groupfd, unsigned int sets, struct error *err);
/* True if this kernel takes such programs (CONFIG_CGROUP_BPF) from the caller. */
bool devices_supported(void);

#endif
