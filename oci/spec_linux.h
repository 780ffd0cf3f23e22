/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SPEC_LINUX_H
#define OCI_SPEC_LINUX_H

/* What stands below "linux" in config.json (spec.h). Numbers that were not given change nothing. */

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

struct oci_device_rule {
	bool allow;
	const char *type, *access;	/* "a", "b", "c"; of "rwm"; NULL: all */
	struct json_number major, minor; /* not set or -1: any */
};

struct oci_memory {
	struct json_number limit, reservation, swap, kernel, kernel_tcp; /* bytes, -1: no limit */
	struct json_number swappiness;	/* 0..100 */
	bool disables_oom_killer, uses_hierarchy, checks_before_update;
};

struct oci_cpu {
	struct json_number shares, period, burst, realtime_period; /* u */
	struct json_number quota, realtime_runtime, idle;
	const char *cpus, *mems;
};

struct oci_pids {
	struct json_number limit;
};

struct oci_block_weight {
	struct json_number major, minor, weight, leaf_weight;
};

struct oci_block_rate {
	struct json_number major, minor;
	struct json_number rate;	/* u */
};

struct oci_block_io {
	struct json_number weight, leaf_weight;
	struct oci_block_weight *weights;
	struct oci_block_rate *read_bytes, *write_bytes, *read_ops, *write_ops;
	size_t n_weights, n_read_bytes, n_write_bytes, n_read_ops, n_write_ops;
};

struct oci_hugepages {
	const char *page_size;		/* "2MB" */
	struct json_number limit;	/* u, bytes */
};

struct oci_net_priority {
	const char *name;
	uint32_t priority;
};

struct oci_network {
	struct json_number class_id;
	struct oci_net_priority *priorities;
	size_t n_priorities;
};

struct oci_rdma {
	const char *key;
	struct json_number handles, objects;
};

struct oci_resources {
	struct oci_device_rule *devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct oci_hugepages *hugepages;
	struct oci_network *network;
	struct oci_rdma *rdma;
	struct json_pair *unified;
	size_t n_devices, n_hugepages, n_rdma, n_unified;
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

/* Rows of "linux", of "resources" and of an id mapping. */
extern const struct json_field oci_linux_fields[], oci_resources_fields[], oci_mapping_fields[];

#endif
