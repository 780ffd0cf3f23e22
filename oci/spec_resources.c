/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/spec_resources.h"

#include <string.h>

/* "2MB": of the kernel's sizes, 1024 is a K. */
static int page_size(const struct json *value, const char *name, struct error *err)
{
	const char *unit = value->text + strspn(value->text, "0123456789");

	if (value->text[0] >= '1' && value->text[0] <= '9' && *unit && strchr("KMG", *unit) &&
	    strcmp(unit + 1, "B") == 0)
		return 0;
	return json_error(value, name, err, "'%s' is no size as 64KB, 2MB or 1GB", value->text);
}

/* clang-format off */
static const struct json_field device_rule_fields[] = {
	{ JSON_ROW(BOOL, oci_device_rule, allow, "allow"), .is_required = true },
	{ JSON_ROW(STRING, oci_device_rule, type, "type") },
	{ JSON_ROW(NUMBER, oci_device_rule, major, "major") },
	{ JSON_ROW(NUMBER, oci_device_rule, minor, "minor") },
	{ JSON_ROW(STRING, oci_device_rule, access, "access") },
	{ 0 },
};

static const struct json_field memory_fields[] = {
	{ JSON_ROW(NUMBER, oci_memory, limit, "limit") },
	{ JSON_ROW(NUMBER, oci_memory, reservation, "reservation") },
	{ JSON_ROW(NUMBER, oci_memory, swap, "swap") },
	{ JSON_ROW(NUMBER, oci_memory, kernel, "kernel") },
	{ JSON_ROW(NUMBER, oci_memory, kernel_tcp, "kernelTCP") },
	{ JSON_ROW(NUMBER, oci_memory, swappiness, "swappiness"), .max = INT64_MAX },
	{ JSON_ROW(BOOL, oci_memory, disables_oom_killer, "disableOOMKiller") },
	{ JSON_ROW(BOOL, oci_memory, uses_hierarchy, "useHierarchy") },
	{ JSON_ROW(BOOL, oci_memory, checks_before_update, "checkBeforeUpdate") },
	{ 0 },
};

static const struct json_field cpu_fields[] = {
	{ JSON_ROW(UNSIGNED, oci_cpu, shares, "shares") },
	{ JSON_ROW(NUMBER, oci_cpu, quota, "quota") },
	{ JSON_ROW(UNSIGNED, oci_cpu, period, "period") },
	{ JSON_ROW(UNSIGNED, oci_cpu, burst, "burst") },
	{ JSON_ROW(NUMBER, oci_cpu, realtime_runtime, "realtimeRuntime") },
	{ JSON_ROW(UNSIGNED, oci_cpu, realtime_period, "realtimePeriod") },
	{ JSON_ROW(NUMBER, oci_cpu, idle, "idle") },
	{ JSON_ROW(STRING, oci_cpu, cpus, "cpus") },
	{ JSON_ROW(STRING, oci_cpu, mems, "mems") },
	{ 0 },
};

static const struct json_field pids_fields[] = {
	{ JSON_ROW(NUMBER, oci_pids, limit, "limit"), .is_required = true },
	{ 0 },
};

static const struct json_field block_weight_fields[] = {
	{ JSON_ROW(NUMBER, oci_block_weight, major, "major"), .is_required = true },
	{ JSON_ROW(NUMBER, oci_block_weight, minor, "minor"), .is_required = true },
	{ JSON_ROW(NUMBER, oci_block_weight, weight, "weight"), .max = UINT16_MAX },
	{ JSON_ROW(NUMBER, oci_block_weight, leaf_weight, "leafWeight"), .max = UINT16_MAX },
	{ 0 },
};

static const struct json_field block_rate_fields[] = {
	{ JSON_ROW(NUMBER, oci_block_rate, major, "major"), .is_required = true },
	{ JSON_ROW(NUMBER, oci_block_rate, minor, "minor"), .is_required = true },
	{ JSON_ROW(UNSIGNED, oci_block_rate, rate, "rate") },
	{ 0 },
};

#define RATES(member, name) \
	JSON_COUNTED(LIST, oci_block_io, member, name), .fields = block_rate_fields, \
	.size = sizeof(struct oci_block_rate)
static const struct json_field block_io_fields[] = {
	{ JSON_ROW(NUMBER, oci_block_io, weight, "weight"), .max = UINT16_MAX },
	{ JSON_ROW(NUMBER, oci_block_io, leaf_weight, "leafWeight"), .max = UINT16_MAX },
	{ JSON_COUNTED(LIST, oci_block_io, weights, "weightDevice"),
	  .fields = block_weight_fields, .size = sizeof(struct oci_block_weight) },
	{ RATES(read_bytes, "throttleReadBpsDevice") },
	{ RATES(write_bytes, "throttleWriteBpsDevice") },
	{ RATES(read_ops, "throttleReadIOPSDevice") },
	{ RATES(write_ops, "throttleWriteIOPSDevice") },
	{ 0 },
};

static const struct json_field hugepages_fields[] = {
	{ JSON_ROW(STRING, oci_hugepages, page_size, "pageSize"), .is_required = true,
	  .check = page_size },
	{ JSON_ROW(UNSIGNED, oci_hugepages, limit, "limit"), .is_required = true },
	{ 0 },
};

static const struct json_field net_priority_fields[] = {
	{ JSON_ROW(STRING, oci_net_priority, name, "name"), .is_required = true },
	{ JSON_ROW(U32, oci_net_priority, priority, "priority"), .is_required = true },
	{ 0 },
};

static const struct json_field network_fields[] = {
	{ JSON_ROW(NUMBER, oci_network, class_id, "classID"), .max = UINT32_MAX },
	{ JSON_COUNTED(LIST, oci_network, priorities, "priorities"),
	  .fields = net_priority_fields, .size = sizeof(struct oci_net_priority) },
	{ 0 },
};

static const struct json_field rdma_fields[] = {
	{ JSON_ROW(NUMBER, oci_rdma, handles, "hcaHandles"), .max = UINT32_MAX },
	{ JSON_ROW(NUMBER, oci_rdma, objects, "hcaObjects"), .max = UINT32_MAX },
	{ 0 },
};

const struct json_field oci_resources_fields[] = {
	{ JSON_COUNTED(LIST, oci_resources, devices, "devices"),
	  .fields = device_rule_fields, .size = sizeof(struct oci_device_rule) },
	{ JSON_ROW(OBJECT, oci_resources, memory, "memory"),
	  .fields = memory_fields, .size = sizeof(struct oci_memory) },
	{ JSON_ROW(OBJECT, oci_resources, cpu, "cpu"),
	  .fields = cpu_fields, .size = sizeof(struct oci_cpu) },
	{ JSON_ROW(OBJECT, oci_resources, pids, "pids"),
	  .fields = pids_fields, .size = sizeof(struct oci_pids) },
	{ JSON_ROW(OBJECT, oci_resources, block_io, "blockIO"),
	  .fields = block_io_fields, .size = sizeof(struct oci_block_io) },
	{ JSON_COUNTED(LIST, oci_resources, hugepages, "hugepageLimits"),
	  .fields = hugepages_fields, .size = sizeof(struct oci_hugepages) },
	{ JSON_ROW(OBJECT, oci_resources, network, "network"),
	  .fields = network_fields, .size = sizeof(struct oci_network) },
	{ JSON_COUNTED(MAP, oci_resources, rdma, "rdma"),
	  .fields = rdma_fields, .size = sizeof(struct oci_rdma) },
	{ JSON_COUNTED(MAP, oci_resources, unified, "unified") },
	{ 0 },
};
/* clang-format on */
