/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SPEC_LINUX_H
#define OCI_SPEC_LINUX_H

/* What stands below "linux" in config.json (spec.h). */

#include "oci/spec.h"

enum oci_namespace_type {
	OCI_NS_MOUNT = 1, OCI_NS_PID, OCI_NS_NETWORK, OCI_NS_UTS, OCI_NS_IPC, OCI_NS_USER,
	OCI_NS_CGROUP, OCI_NS_TIME, OCI_NS_END,
};

struct oci_namespace {
	int type;			/* enum oci_namespace_type */
	const char *path;		/* of one to enter; NULL: a new one */
};

struct oci_device {
	const char *type;		/* "c", "b", "u" or "p" */
	const char *path;
	struct json_number major, minor, mode, uid, gid;
};

struct oci_net_device {
	const char *key;		/* its name on the host */
	const char *name;		/* inside; NULL: the same */
};

struct oci_time_offset {
	struct json_number secs;
	uint32_t nanosecs;
};

struct oci_time_offsets {
	struct oci_time_offset *boottime, *monotonic;
};

struct oci_intel_rdt {
	const char *class_id, *l3_cache_schema, *memory_schema;
	const char **schemata;
	size_t n_schemata;
	bool monitors;
};

struct oci_memory_policy {
	int mode;			/* MPOL_*, as place from 1 */
	const char *nodes;
	uint64_t flags;
};

struct oci_personality {
	int domain;			/* 1: LINUX, 2: LINUX32 */
	const char **flags;
	size_t n_flags;
};

struct oci_resources;			/* spec_resources.h */
struct oci_seccomp;			/* spec_seccomp.h */

enum oci_propagation {
	OCI_PRIVATE = 1, OCI_SHARED, OCI_SLAVE, OCI_UNBINDABLE,
	OCI_RPRIVATE, OCI_RSHARED, OCI_RSLAVE, OCI_RUNBINDABLE,
};

struct oci_linux {
	struct oci_namespace *namespaces;
	struct oci_id_mapping *uids, *gids;
	struct oci_time_offsets *time_offsets;
	struct oci_device *devices;
	struct oci_net_device *net_devices;
	const char *cgroups_path, *mount_label;
	struct oci_resources *resources;
	int propagation;		/* enum oci_propagation */
	struct oci_seccomp *seccomp;
	struct json_pair *sysctls;
	const char **masked_paths, **readonly_paths;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	size_t n_namespaces, n_uids, n_gids, n_devices, n_net_devices, n_sysctls, n_masked_paths,
		n_readonly_paths;
};

/* Rows of "linux" and of an id mapping. */
extern const struct json_field oci_linux_fields[], oci_mapping_fields[];
/* NULL-ended; the first is none. By enum oci_namespace_type; by the kernel's numbers of modes and
 * bits of flags from the first on (linux/mempolicy.h). */
extern const char *const oci_namespace_names[], *const oci_memory_modes[],
	*const oci_memory_flags[];

#endif
