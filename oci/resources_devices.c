/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "oci/resources_parts.h"

/* What the specification gives every container ("Default Devices"), its terminals, and making
 * nodes, which gives nobody access to them: allowed after all rules, as runc does. */
static const char *const always[] = {
	"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",
	"c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm",
};

static void add_number(struct str *s, const struct json_number *n)
{
	if (n->is_set && n->i >= 0)
		str_addf(s, "%" PRId64, n->i);
	else
		str_addc(s, '*');
}

static int write_rule(int fd, const struct oci_device_rule *rule, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	str_addf(&text, "%s ", rule->type && *rule->type ? rule->type : "a");
	add_number(&text, &rule->major);
	str_addc(&text, ':');
	add_number(&text, &rule->minor);
	str_addf(&text, " %s", rule->access && *rule->access ? rule->access : "rwm");
	return fd_write_control(fd, rule->allow ? "devices.allow" : "devices.deny",
				str_text(&text), err);
}

int resources_devices(const struct span *span, const struct oci_resources *r, struct error *err)
{
	int fd = span_v1(span, "devices");

	if (r->n_devices == 0)
		return 0;
	if (fd < 0)
		return resources_missing("devices", "devices", err);
	for (size_t i = 0; i < r->n_devices; i++)
		if (write_rule(fd, &r->devices[i], err) < 0)
			return error_wrap(err, "linux.resources.devices[%zu]", i);
	for (size_t i = 0; i < N_ROWS(always); i++)
		if (fd_write_control(fd, "devices.allow", always[i], err) < 0)
			return error_wrap(err, "linux.resources.devices");
	return 0;
}
