/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/spec_check.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/carry.h"
#include "oci/spec_linux.h"

/* The value below the root at keys, or the nearest above it that is there. */
static const struct json *value_at(const struct oci_spec *spec, const char *const *keys)
{
	const struct json *at = spec->json;

	for (; *keys; keys++) {
		const struct json *next = json_get(at, *keys);

		if (!next)
			break;
		at = next;
	}
	return at;
}

/* A fault of what stands at linux.KEY. */
static int linux_fault(const struct oci_spec *spec, const char *key, struct error *err,
		       const char *fault)
{
	const char *const keys[] = { "linux", key, NULL };

	return json_error(value_at(spec, keys), spec->fill.name, err, "%s", fault);
}

static const struct oci_namespace *find_namespace(const struct oci_spec *spec, int type)
{
	for (size_t i = 0; i < spec->linux_->n_namespaces; i++)
		if (spec->linux_->namespaces[i].type == type)
			return &spec->linux_->namespaces[i];
	return NULL;
}

bool spec_has_namespace(const struct oci_spec *spec, int type)
{
	return find_namespace(spec, type) != NULL;
}

bool spec_makes_namespace(const struct oci_spec *spec, int type)
{
	const struct oci_namespace *ns = find_namespace(spec, type);

	return ns && (!ns->path || !*ns->path);
}

static int check_namespaces(const struct oci_spec *spec, struct error *err)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < spec->linux_->n_namespaces; i++) {
		unsigned int bit = 1U << spec->linux_->namespaces[i].type;

		if (seen & bit)
			return linux_fault(spec, "namespaces", err, "one type stands here twice");
		seen |= bit;
	}
	return 0;
}

static int check_names(const struct oci_spec *spec, struct error *err)
{
	static const char *const hostname[] = { "hostname", NULL };
	static const char *const domainname[] = { "domainname", NULL };
	const char *const *keys = NULL;

	/* Other systems have no namespaces. */
	if (spec_has_namespace(spec, OCI_NS_UTS) || !json_get(spec->json, "linux"))
		return 0;
	if (spec->hostname && *spec->hostname)
		keys = hostname;
	else if (spec->domainname && *spec->domainname)
		keys = domainname;
	if (!keys)
		return 0;
	return json_error(value_at(spec, keys), spec->fill.name, err,
			  "it needs a uts namespace of the container's own");
}

static int check_user_namespace(const struct oci_spec *spec, struct error *err)
{
	const struct oci_linux *l = spec->linux_;
	bool has_maps = l->n_uids > 0 || l->n_gids > 0;

	if (has_maps && !spec_has_namespace(spec, OCI_NS_USER))
		return linux_fault(spec, l->n_uids > 0 ? "uidMappings" : "gidMappings", err,
				   "ids are mapped, but there is no user namespace");
	if (!spec_makes_namespace(spec, OCI_NS_USER))
		return 0;
	if (l->n_uids == 0)
		return linux_fault(spec, "uidMappings", err,
				   "a new user namespace needs uidMappings");
	if (l->n_gids == 0)
		return linux_fault(spec, "gidMappings", err,
				   "a new user namespace needs gidMappings");
	return 0;
}

static int check_paths(const struct oci_spec *spec, struct error *err)
{
	const struct oci_linux *l = spec->linux_;

	if (spec_has_namespace(spec, OCI_NS_MOUNT))
		return 0;
	if (l->n_masked_paths > 0)
		return linux_fault(spec, "maskedPaths", err,
				   "paths can't be masked without a mount namespace");
	if (l->n_readonly_paths > 0)
		return linux_fault(spec, "readonlyPaths", err,
				   "paths can't be made read-only without a mount namespace");
	return 0;
}

static int check_offsets(const struct oci_spec *spec, struct error *err)
{
	if (!spec->linux_->time_offsets || spec_makes_namespace(spec, OCI_NS_TIME))
		return 0;
	return linux_fault(spec, "timeOffsets", err, "clocks have offsets in a new time namespace");
}

/* Which namespace a setting belongs to: the last dot of a row stands for all below it. */
/* clang-format off */
static const struct sysctl_row {
	const char *name;
	int namespace;
} sysctl_rows[] = {
	{ "kernel.msgmax",          OCI_NS_IPC },
	{ "kernel.msgmnb",          OCI_NS_IPC },
	{ "kernel.msgmni",          OCI_NS_IPC },
	{ "kernel.sem",             OCI_NS_IPC },
	{ "kernel.shmall",          OCI_NS_IPC },
	{ "kernel.shmmax",          OCI_NS_IPC },
	{ "kernel.shmmni",          OCI_NS_IPC },
	{ "kernel.shm_rmid_forced", OCI_NS_IPC },
	{ "fs.mqueue.",             OCI_NS_IPC },
	{ "net.",                   OCI_NS_NETWORK },
	{ "kernel.domainname",      OCI_NS_UTS },
	{ "user.",                  OCI_NS_USER },
	{ NULL, 0 },
};
/* clang-format on */

static const struct sysctl_row *find_sysctl(const char *name)
{
	const struct sysctl_row *row = sysctl_rows;

	for (; row->name; row++) {
		size_t len = strlen(row->name);

		if (strcmp(row->name, name) == 0 ||
		    (row->name[len - 1] == '.' && strncmp(row->name, name, len) == 0))
			break;
	}
	return row;
}

/* Its name with dots between the parts; net/ipv4/conf/eth0.1 keeps the dot of a device. */
static int check_sysctls(const struct oci_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->linux_->n_sysctls; i++) {
		const char *name = spec->linux_->sysctls[i].key;
		const char *const keys[] = { "linux", "sysctl", name, NULL };
		char dotted[64];
		const struct sysctl_row *row;

		snprintf(dotted, sizeof(dotted), "%s", name);
		if (strcspn(dotted, "/") < strcspn(dotted, "."))
			for (char *slash = dotted; (slash = strchr(slash, '/'));)
				*slash = '.';
		row = find_sysctl(dotted);
		if (row->name && spec_has_namespace(spec, row->namespace) && !strstr(name, ".."))
			continue;
		return json_error(value_at(spec, keys), spec->fill.name, err,
				  "sysctl '%s' is not in a separate kernel namespace", name);
	}
	return 0;
}

/* A group outside the tree that was meant would be someone else's. */
static int check_cgroups_path(const struct oci_spec *spec, struct error *err)
{
	const char *path = spec->linux_->cgroups_path;

	for (const char *part = path; part && *part; part += strspn(part, "/")) {
		size_t len = strcspn(part, "/");

		if (len == 2 && strncmp(part, "..", 2) == 0)
			return linux_fault(spec, "cgroupsPath", err, "it goes up by '..'");
		part += len;
	}
	return 0;
}

static int check_mappings(const struct oci_spec *spec, struct error *err)
{
	static const char *const keys[] = { "mounts", NULL };

	for (size_t i = 0; i < spec->n_mounts; i++)
		if ((spec->mounts[i].n_uids > 0) != (spec->mounts[i].n_gids > 0))
			return json_error(value_at(spec, keys), spec->fill.name, err,
					  "mount %zu: uidMappings and gidMappings go together", i);
	return 0;
}

static int check_net_devices(const struct oci_spec *spec, struct error *err)
{
	const struct oci_linux *l = spec->linux_;

	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct oci_net_device *d = &l->net_devices[i];
		const char *const keys[] = { "linux", "netDevices", d->key, NULL };

		if (carry_is_name(d->key) && (!d->name || !*d->name || carry_is_name(d->name)))
			continue;
		return json_error(value_at(spec, keys), spec->fill.name, err,
				  "invalid name of a network device");
	}
	return 0;
}

int spec_check(const struct oci_spec *spec, struct error *err)
{
	static int (*const checks[])(const struct oci_spec *spec, struct error *err) = {
		check_namespaces, check_names, check_user_namespace, check_paths, check_offsets,
		check_sysctls, check_cgroups_path, check_mappings,
		check_net_devices,
	};

	for (size_t i = 0; i < N_ROWS(checks); i++)
		if (checks[i](spec, err) < 0)
			return -1;
	return 0;
}
