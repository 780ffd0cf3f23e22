/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SPEC_RESOURCES_H
#define OCI_SPEC_RESOURCES_H

/* What stands below "linux.resources" in config.json (spec.h), and what update takes. Numbers that
 * were not given change nothing. */

#include "base/json_fill.h"

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

extern const struct json_field oci_resources_fields[];

#endif
