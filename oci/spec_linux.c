/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/spec_linux.h"

#include <string.h>

#include "oci/spec_resources.h"
#include "oci/spec_seccomp.h"

static int device_type(const struct json *value, const char *name, struct error *err)
{
	if (strlen(value->text) == 1 && strchr("cbup", value->text[0]))
		return 0;
	return json_error(value, name, err, "'%s' is none of c, b, u and p", value->text);
}

static int memory_schema(const struct json *value, const char *name, struct error *err)
{
	if (strncmp(value->text, "MB:", 3) == 0 && !strchr(value->text, '\n'))
		return 0;
	return json_error(value, name, err, "begins not with 'MB:', or has more than a line");
}

/* clang-format off */
const struct json_field oci_mapping_fields[] = {
	{ JSON_ROW(U32, oci_id_mapping, container, "containerID"), .is_required = true },
	{ JSON_ROW(U32, oci_id_mapping, host, "hostID"), .is_required = true },
	{ JSON_ROW(U32, oci_id_mapping, size, "size"), .is_required = true },
	{ 0 },
};

const char *const oci_namespace_names[] = {
	"",
	[OCI_NS_MOUNT] = "mount", [OCI_NS_PID] = "pid", [OCI_NS_NETWORK] = "network",
	[OCI_NS_UTS] = "uts", [OCI_NS_IPC] = "ipc", [OCI_NS_USER] = "user",
	[OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
	NULL,
};

static const struct json_field namespace_fields[] = {
	{ JSON_ROW(WORD, oci_namespace, type, "type"), .is_required = true,
	  .words = oci_namespace_names },
	{ JSON_ROW(STRING, oci_namespace, path, "path") },
	{ 0 },
};

static const struct json_field device_fields[] = {
	{ JSON_ROW(STRING, oci_device, type, "type"), .is_required = true, .check = device_type },
	{ JSON_ROW(STRING, oci_device, path, "path"), .is_required = true },
	{ JSON_ROW(NUMBER, oci_device, major, "major") },
	{ JSON_ROW(NUMBER, oci_device, minor, "minor") },
	{ JSON_ROW(NUMBER, oci_device, mode, "fileMode"), .max = UINT32_MAX },
	{ JSON_ROW(NUMBER, oci_device, uid, "uid"), .max = UINT32_MAX },
	{ JSON_ROW(NUMBER, oci_device, gid, "gid"), .max = UINT32_MAX },
	{ 0 },
};

static const struct json_field net_device_fields[] = {
	{ JSON_ROW(STRING, oci_net_device, name, "name") },
	{ 0 },
};

static const struct json_field time_offset_fields[] = {
	{ JSON_ROW(NUMBER, oci_time_offset, secs, "secs") },
	{ JSON_ROW(U32, oci_time_offset, nanosecs, "nanosecs") },
	{ 0 },
};

static const struct json_field time_offsets_fields[] = {
	{ JSON_ROW(OBJECT, oci_time_offsets, boottime, "boottime"),
	  .fields = time_offset_fields, .size = sizeof(struct oci_time_offset) },
	{ JSON_ROW(OBJECT, oci_time_offsets, monotonic, "monotonic"),
	  .fields = time_offset_fields, .size = sizeof(struct oci_time_offset) },
	{ 0 },
};

static const struct json_field intel_rdt_fields[] = {
	{ JSON_ROW(STRING, oci_intel_rdt, class_id, "closID") },
	{ JSON_COUNTED(STRINGS, oci_intel_rdt, schemata, "schemata") },
	{ JSON_ROW(STRING, oci_intel_rdt, l3_cache_schema, "l3CacheSchema") },
	{ JSON_ROW(STRING, oci_intel_rdt, memory_schema, "memBwSchema"), .check = memory_schema },
	{ JSON_ROW(BOOL, oci_intel_rdt, monitors, "enableMonitoring") },
	{ 0 },
};

/* In the order of the kernel's numbers, linux/mempolicy.h, and of the flags' bits. */
const char *const oci_memory_modes[] = {
	"",
	"MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL",
	"MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE",
	NULL,
};
const char *const oci_memory_flags[] = {
	"",
	"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",
	NULL,
};

static const struct json_field memory_policy_fields[] = {
	{ JSON_ROW(WORD, oci_memory_policy, mode, "mode"), .words = oci_memory_modes },
	{ JSON_ROW(STRING, oci_memory_policy, nodes, "nodes") },
	{ JSON_ROW(WORDS, oci_memory_policy, flags, "flags"), .words = oci_memory_flags },
	{ 0 },
};

static const char *const domains[] = { "", "LINUX", "LINUX32", NULL };

static const struct json_field personality_fields[] = {
	{ JSON_ROW(WORD, oci_personality, domain, "domain"), .words = domains },
	{ JSON_COUNTED(STRINGS, oci_personality, flags, "flags") },
	{ 0 },
};

/* Engines write the recursive ones too, which the specification does not know. */
static const char *const propagations[] = {
	"",
	[OCI_PRIVATE] = "private", [OCI_SHARED] = "shared", [OCI_SLAVE] = "slave",
	[OCI_UNBINDABLE] = "unbindable", [OCI_RPRIVATE] = "rprivate", [OCI_RSHARED] = "rshared",
	[OCI_RSLAVE] = "rslave", [OCI_RUNBINDABLE] = "runbindable",
	NULL,
};

const struct json_field oci_linux_fields[] = {
	{ JSON_COUNTED(LIST, oci_linux, namespaces, "namespaces"),
	  .fields = namespace_fields, .size = sizeof(struct oci_namespace) },
	{ JSON_COUNTED(LIST, oci_linux, uids, "uidMappings"),
	  .fields = oci_mapping_fields, .size = sizeof(struct oci_id_mapping) },
	{ JSON_COUNTED(LIST, oci_linux, gids, "gidMappings"),
	  .fields = oci_mapping_fields, .size = sizeof(struct oci_id_mapping) },
	{ JSON_ROW(OBJECT, oci_linux, time_offsets, "timeOffsets"),
	  .fields = time_offsets_fields, .size = sizeof(struct oci_time_offsets) },
	{ JSON_COUNTED(LIST, oci_linux, devices, "devices"),
	  .fields = device_fields, .size = sizeof(struct oci_device) },
	{ JSON_COUNTED(MAP, oci_linux, net_devices, "netDevices"),
	  .fields = net_device_fields, .size = sizeof(struct oci_net_device) },
	{ JSON_ROW(STRING, oci_linux, cgroups_path, "cgroupsPath") },
	{ JSON_ROW(OBJECT, oci_linux, resources, "resources"),
	  .fields = oci_resources_fields, .size = sizeof(struct oci_resources) },
	{ JSON_ROW(WORD, oci_linux, propagation, "rootfsPropagation"), .words = propagations },
	{ JSON_ROW(OBJECT, oci_linux, seccomp, "seccomp"),
	  .fields = oci_seccomp_fields, .size = sizeof(struct oci_seccomp) },
	{ JSON_COUNTED(MAP, oci_linux, sysctls, "sysctl") },
	{ JSON_COUNTED(STRINGS, oci_linux, masked_paths, "maskedPaths") },
	{ JSON_COUNTED(STRINGS, oci_linux, readonly_paths, "readonlyPaths") },
	{ JSON_ROW(STRING, oci_linux, mount_label, "mountLabel") },
	{ JSON_ROW(OBJECT, oci_linux, intel_rdt, "intelRdt"),
	  .fields = intel_rdt_fields, .size = sizeof(struct oci_intel_rdt) },
	{ JSON_ROW(OBJECT, oci_linux, memory_policy, "memoryPolicy"),
	  .fields = memory_policy_fields, .size = sizeof(struct oci_memory_policy) },
	{ JSON_ROW(OBJECT, oci_linux, personality, "personality"),
	  .fields = personality_fields, .size = sizeof(struct oci_personality) },
	{ 0 },
};
/* clang-format on */
