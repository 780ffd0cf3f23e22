/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cgroups/devices.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "runtime/property.h"

/* A kernel feature is there when its file is; none of them can be had by asking more often. */
static const struct {
	const char *key, *path, *text;
} kernel_features[] = {
	{ "user_namespaces",   "/proc/self/ns/user",                      "user namespaces" },
	{ "cgroup_namespaces", "/proc/self/ns/cgroup",                    "cgroup namespaces" },
	{ "seccomp",           "/proc/sys/kernel/seccomp/actions_avail",  "system call filter" },
	{ "overlay",           "/sys/module/overlay",                     "overlay filesystem" },
	{ "ipv6",              "/proc/net/if_inet6",                      "IPv6" },
};

/* Loaded as a module or built in: either is named there. */
static bool has_filesystem(const char *name)
{
	AUTO_FCLOSE FILE *file = fopen("/proc/filesystems", "re"); /* host path */
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		char *tab = strchr(line, '\t');

		if (!tab)
			continue;
		tab[strcspn(tab, "\n")] = '\0';
		if (strcmp(tab + 1, name) == 0)
			return true;
	}
	return false;
}

static bool has_feature(size_t i)
{
	if (access(kernel_features[i].path, F_OK) == 0) /* host path */
		return true;
	return strcmp(kernel_features[i].key, "overlay") == 0 && has_filesystem("overlay");
}

static char **controllers(const struct cgroup_host *host)
{
	char **list = NULL;

	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		if (cgroup_host_has(host, (enum cgroup_controller)i))
			strv_add(&list, cgroup_controller_name((enum cgroup_controller)i));
	return list;
}

static char **verb_names(void)
{
	char **list = NULL;

	for (const struct verb *v = verb_table(); v->name; v++)
		strv_add(&list, v->name);
	return list;
}

static char **property_names(void)
{
	char **list = NULL;

	for (const struct property *p = property_table(); p->name; p++)
		strv_add(&list, p->name);
	return list;
}

static void print_json(struct cli *cli, const struct utsname *host, char *const *controller_list,
		       char *const *verb_list, char *const *property_list)
{
	struct json_out *o = &cli->json;

	json_out_object(o, NULL);
	json_out_str(o, "version", PACKAGE_VERSION);
	json_out_object(o, "kernel");
	json_out_str(o, "release", host->release);
	json_out_str(o, "machine", host->machine);
	for (size_t i = 0; i < N_ROWS(kernel_features); i++)
		json_out_bool(o, kernel_features[i].key, has_feature(i));
	json_out_bool(o, "device_policy", devices_supported());
	json_out_end_object(o);
	json_out_object(o, "cgroup");
	json_out_str(o, "layout", cgroup_layout_name(cli->site.cgroups.layout));
	json_out_bool(o, "systemd", cli->site.cgroups.is_systemd);
	json_out_str(o, "subtree", cli->site.cgroups.subtree);
	json_out_strv(o, "controllers", controller_list);
	json_out_end_object(o);
	json_out_strv(o, "verbs", verb_list);
	json_out_strv(o, "properties", property_list);
	json_out_end_object(o);
}

static void print_list(struct cli *cli, const char *name, char *const *list)
{
	AUTO_FREE char *joined = strv_join(list, " ");

	out_print(cli, "%-20s %s\n", name, joined);
}

static void print_text(struct cli *cli, const struct utsname *host, char *const *controller_list,
		       char *const *property_list)
{
	out_print(cli, "%-20s %s\n%-20s %s (%s)\n", "zonectl", PACKAGE_VERSION, "kernel",
		  host->release, host->machine);
	for (size_t i = 0; i < N_ROWS(kernel_features); i++)
		out_print(cli, "%-20s %s\n", kernel_features[i].text,
			  has_feature(i) ? "yes" : "no");
	out_print(cli, "%-20s %s\n", "device policy", devices_supported() ? "yes" : "no");
	out_print(cli, "%-20s %s%s, %s\n", "cgroups", cgroup_layout_name(cli->site.cgroups.layout),
		  cli->site.cgroups.is_systemd ? " under systemd" : "", cli->site.cgroups.subtree);
	print_list(cli, "controllers", controller_list);
	print_list(cli, "properties", property_list);
}

int verb_features(struct cli *cli, struct error *err)
{
	AUTO_STRV char **controller_list = NULL;
	AUTO_STRV char **verb_list = verb_names();
	AUTO_STRV char **property_list = property_names();
	struct utsname host;

	if (cli_site(cli, err) < 0 || site_cgroups(&cli->site, err) < 0)
		return -1;
	if (uname(&host) < 0)
		return error_sys(err, "uname");
	controller_list = controllers(&cli->site.cgroups);
	if (cli->is_json)
		print_json(cli, &host, controller_list, verb_list, property_list);
	else
		print_text(cli, &host, controller_list, property_list);
	return 0;
}
