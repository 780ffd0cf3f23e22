/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd knows a device as /dev/char/MAJOR:MINOR, and all of a major number by the
 * name that /proc/devices has for it (systemd.resource-control(5), DeviceAllow=).
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cgroups/unit.h"
#include "oci/resources_parts.h"
#include "oci/scope.h"

enum { DEVICES_MAX = 64 << 10 };

/* "136 pts" below "Character devices:" or "Block devices:"; NULL: the kernel has no such device. */
static char *major_name(char type, int64_t major)
{
	AUTO_CLOSE int fd = open("/proc/devices", O_RDONLY | O_CLOEXEC); /* host path */
	AUTO_FREE char *text = NULL;
	struct error ignored;
	bool is_here = false;
	char *save = NULL;

	if (fd < 0 || fd_read_all(fd, DEVICES_MAX, &text, NULL, &ignored) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int64_t number;
		char name[64];

		if (strstr(line, "devices:"))
			is_here = (line[0] == 'B') == (type == 'b');
		else if (is_here && sscanf(line, "%" SCNd64 " %63s", &number, name) == 2 &&
			 number == major)
			return xstrdup(name);
	}
	return NULL;
}

/* How systemd calls what a rule is about, or NULL. */
static char *node_of(const struct device_rule *rule)
{
	const char *kind = rule->type == 'b' ? "block" : "char";
	AUTO_FREE char *name = NULL;

	if (rule->major < 0)
		return rule->minor < 0 ? xasprintf("%s-*", kind) : NULL;
	if (rule->minor >= 0)
		return xasprintf("/dev/%s/%" PRId64 ":%" PRId64, kind, rule->major, rule->minor);
	name = major_name(rule->type, rule->major);
	return name ? xasprintf("%s-%s", kind, name) : NULL;
}

static bool is_about_the_same(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

/* The rules that still allow something when all were read, in their places; the others have no
 * access. True if everything is allowed beside. */
static bool resolve(struct device_rule *rules, size_t n)
{
	bool all = false;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			if (rules[i].type == 'a' || is_about_the_same(&rules[i], &rules[j]))
				rules[j].access &= rules[i].type == 'a' ? 0 : ~rules[i].access;
		if (rules[i].type == 'a')
			all = rules[i].allows;
		if (rules[i].type == 'a' || !rules[i].allows)
			rules[i].access = 0;
	}
	return all;
}

int scope_devices(struct str *props, const struct oci_resources *r, struct error *err)
{
	static const struct oci_resources none = { .n_devices = 0 };
	AUTO_FREE struct device_rule *rules = NULL;
	AUTO_STRV char **texts = NULL;
	size_t n = 0;

	rules = resources_device_rules(r ? r : &none, &n, err);
	if (!rules)
		return -1;
	if (resolve(rules, n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *node = rules[i].access != 0 ? node_of(&rules[i]) : NULL;
		AUTO_FREE char *access = xasprintf("%s%s%s",
						   rules[i].access & DEVICE_READS ? "r" : "",
						   rules[i].access & DEVICE_WRITES ? "w" : "",
						   rules[i].access & DEVICE_MAKES ? "m" : "");

		if (!node)
			continue;
		strv_add(&texts, node);
		strv_add(&texts, access);
	}
	unit_put_str(props, "DevicePolicy", "strict");
	unit_put_pairs(props, "DeviceAllow", texts);
	return 0;
}
