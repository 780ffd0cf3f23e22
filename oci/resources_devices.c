/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroups/device_rules.h"
#include "oci/resources_parts.h"

enum { ANY = -1, RWM = DEVICE_READS | DEVICE_WRITES | DEVICE_MAKES };

/* What the specification gives every container ("Default Devices"), its terminals, and making
 * nodes, which gives nobody access to them: allowed after all rules, as runc does. */
static const struct device_rule always[] = {
	{ true, 'c', ANY, ANY, DEVICE_MAKES }, { true, 'b', ANY, ANY, DEVICE_MAKES },
	{ true, 'c', 1, 3, RWM }, { true, 'c', 1, 5, RWM }, { true, 'c', 1, 7, RWM },
	{ true, 'c', 1, 8, RWM }, { true, 'c', 1, 9, RWM }, { true, 'c', 5, 0, RWM },
	{ true, 'c', 5, 2, RWM }, { true, 'c', 136, ANY, RWM },
};

static unsigned int access_of(const char *text)
{
	if (!text || !*text)
		return RWM;
	return (strchr(text, 'r') ? DEVICE_READS : 0U) | (strchr(text, 'w') ? DEVICE_WRITES : 0U) |
	       (strchr(text, 'm') ? DEVICE_MAKES : 0U);
}

/* "a" is every device and access, whatever else the rule says: so the kernel's own files read it
 * (devices.rst of its cgroup-v1), and so does runc everywhere. */
static int read_rule(struct device_rule *out, const struct oci_device_rule *given,
		     struct error *err)
{
	char type = given->type && *given->type ? given->type[0] : 'a';

	*out = (struct device_rule){ given->allow, type, ANY, ANY, RWM };
	if (type == 'a')
		return 0;
	if (!strchr("bcu", type) || given->type[1] != '\0')
		return error_set(err, ERR_USAGE, "type: '%s' is none of a, b and c", given->type);
	if (type == 'u')
		out->type = 'c';
	if (given->major.is_set && given->major.i >= 0)
		out->major = given->major.i;
	if (given->minor.is_set && given->minor.i >= 0)
		out->minor = given->minor.i;
	out->access = access_of(given->access);
	return 0;
}

struct device_rule *resources_device_rules(const struct oci_resources *r, size_t *out_n,
					   struct error *err)
{
	AUTO_FREE struct device_rule *rules = xcalloc(r->n_devices + N_ROWS(always),
						      sizeof(*rules));

	for (size_t i = 0; i < r->n_devices; i++) {
		if (read_rule(&rules[i], &r->devices[i], err) == 0)
			continue;
		error_wrap(err, "linux.resources.devices[%zu]", i);
		return NULL;
	}
	memcpy(rules + r->n_devices, always, sizeof(always));
	*out_n = r->n_devices + N_ROWS(always);
	return TAKE_PTR(rules);
}

static void add_number(struct str *s, int64_t n)
{
	if (n >= 0)
		str_addf(s, "%" PRId64, n);
	else
		str_addc(s, '*');
}

static int write_rule(int fd, const struct device_rule *rule, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	str_addf(&text, "%c ", rule->type);
	add_number(&text, rule->major);
	str_addc(&text, ':');
	add_number(&text, rule->minor);
	str_addf(&text, " %s%s%s", rule->access & DEVICE_READS ? "r" : "",
		 rule->access & DEVICE_WRITES ? "w" : "", rule->access & DEVICE_MAKES ? "m" : "");
	return fd_write_control(fd, rule->allows ? "devices.allow" : "devices.deny",
				str_text(&text), err);
}

/* Who is root in a user namespace only may load no program, and no node opens for it that is not
 * the host's own: rules that take away no more than nodes are no loss there (runc holds it so). */
static bool can_do_without(const struct oci_resources *r)
{
	AUTO_CLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC); /* host path */
	AUTO_FREE char *map = NULL;
	struct error ignored;

	for (size_t i = 0; i < r->n_devices; i++)
		if (!r->devices[i].allow && access_of(r->devices[i].access) != RWM)
			return false;
	if (geteuid() != 0)
		return true;
	return fd >= 0 && fd_read_all(fd, 4096, &map, NULL, &ignored) == 0 &&
	       !strstr(map, "4294967295");
}

static int apply_v2(int fd, const struct oci_resources *r, const struct device_rule *rules,
		    struct error *err)
{
	if (device_rules_apply(fd, rules, r->n_devices + N_ROWS(always), err) == 0)
		return 0;
	if (err->sys == EPERM && can_do_without(r))
		return 0;
	return error_wrap(err, "linux.resources.devices");
}

static int apply_v1(int fd, const struct oci_resources *r, const struct device_rule *rules,
		    struct error *err)
{
	for (size_t i = 0; i < r->n_devices + N_ROWS(always); i++)
		if (rules[i].access != 0 && write_rule(fd, &rules[i], err) < 0)
			return error_wrap(err, "linux.resources.devices[%zu]", i);
	return 0;
}

int resources_devices(const struct span *span, const struct oci_resources *r, struct error *err)
{
	AUTO_FREE struct device_rule *rules = NULL;
	int fd = span_v1(span, "devices");
	size_t n;

	if (r->n_devices == 0)
		return 0;
	rules = resources_device_rules(r, &n, err);
	if (!rules)
		return -1;
	if (fd >= 0)
		return apply_v1(fd, r, rules, err);
	fd = span_v2(span);
	return fd < 0 ? resources_missing("devices", "devices", err)
		      : apply_v2(fd, r, rules, err);
}

static int deny_v1(int fd, struct error *err)
{
	static const struct device_rule all = { false, 'a', ANY, ANY, RWM };
	static const struct oci_resources none = { .n_devices = 0 };

	return write_rule(fd, &all, err) < 0 ? -1 : apply_v1(fd, &none, always, err);
}

int resources_no_devices(const struct span *span, struct error *err)
{
	static const struct oci_resources none = { .n_devices = 0 };
	int fd = span_v1(span, "devices");

	if (fd >= 0)
		return deny_v1(fd, err);
	fd = span_v2(span);
	return fd < 0 ? 0 : apply_v2(fd, &none, always, err);
}
