/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/scope.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cgroups/unit.h"
#include "oci/spec_linux.h"

static const char property_prefix[] = "org.systemd.property.";

/* "a-b-c.slice" lies in "a-b.slice" in "a.slice" (systemd.slice(5)); "-.slice" is the root. */
static int add_slices(struct str *path, const char *slice, struct error *err)
{
	size_t len = strlen(slice);
	const char *stem_end;

	if (strcmp(slice, "-.slice") == 0)
		return 0;
	if (len <= strlen(".slice") || !str_ends(slice, ".slice") || strchr(slice, '/'))
		return error_set(err, ERR_USAGE, "invalid slice name: %s", slice);
	stem_end = slice + len - strlen(".slice");
	if (slice[0] == '-' || stem_end[-1] == '-' || strstr(slice, "--"))
		return error_set(err, ERR_USAGE, "invalid slice name: %s", slice);
	for (const char *at = slice; at < stem_end; at++)
		if (*at == '-')
			str_addf(path, "/%.*s.slice", (int)(at - slice), slice);
	str_addf(path, "/%s", slice);
	return 0;
}

static int read_form(struct scope *out, const char *path, struct error *err)
{
	const char *first = strchr(path, ':'), *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || strchr(second + 1, ':'))
		return error_set(err, ERR_USAGE, "expected cgroupsPath to be of format"
				 " \"slice:prefix:name\" for systemd cgroups, got \"%s\" instead",
				 path);
	out->slice = first > path ? xstrndup(path, (size_t)(first - path)) : NULL;
	if (str_ends(second + 1, ".slice"))
		return error_set(err, ERR_UNSUPPORTED, "cgroupsPath: a container in a slice of its"
				 " own, \"%s\", is not supported", second + 1);
	if (strchr(first + 1, '/') || second[1] == '\0')
		return error_set(err, ERR_USAGE, "cgroupsPath: \"%s\" is no name of a unit",
				 first + 1);
	if (second > first + 1)
		out->unit = xasprintf("%.*s-%s.scope", (int)(second - first - 1), first + 1,
				      second + 1);
	else
		out->unit = xasprintf("%s.scope", second + 1);
	return 0;
}

int scope_parse(struct scope *out, const char *path, const char *id, struct error *err)
{
	AUTO_STR struct str group = { 0 };

	*out = (struct scope){ .slice = NULL };
	if (path && *path && read_form(out, path, err) < 0)
		return -1;
	if (!out->unit)
		out->unit = xasprintf("zone-oci-%s.scope", id);
	if (!out->slice)
		out->slice = xstrdup(geteuid() == 0 ? "system.slice" : "user.slice");
	if (add_slices(&group, out->slice, err) < 0)
		return -1;
	str_addf(&group, "/%s", out->unit);
	out->path = str_take(&group);
	return 0;
}

void scope_clear(struct scope *scope)
{
	free(TAKE_PTR(scope->slice));
	free(TAKE_PTR(scope->unit));
	free(TAKE_PTR(scope->path));
}

static int add_annotations(struct str *props, const struct oci_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->n_annotations; i++) {
		const struct json_pair *a = &spec->annotations[i];

		if (!str_starts(a->key, property_prefix))
			continue;
		if (scope_property(props, a->key + strlen(property_prefix), a->value, err) < 0)
			return error_wrap(err, "annotation '%s'", a->key);
	}
	return 0;
}

int scope_start(const struct scope *scope, const struct oci_spec *spec, bool is_v2, pid_t holder,
		struct error *err)
{
	/* What is accounted has its controller enabled. */
	static const char *const on[] = {
		"Delegate", "CPUAccounting", "IOAccounting", "MemoryAccounting", "TasksAccounting",
	};
	const struct oci_resources *r = spec->linux_->resources;
	AUTO_STR struct str props = { 0 };

	unit_put_str(&props, "Description", "container");
	unit_put_str(&props, "Slice", scope->slice);
	/* One that failed is as gone as any other. */
	unit_put_str(&props, "CollectMode", "inactive-or-failed");
	unit_put_bool(&props, "DefaultDependencies", false);
	for (size_t i = 0; i < N_ROWS(on); i++)
		unit_put_bool(&props, on[i], true);
	if (r && scope_limits(&props, r, is_v2, err) < 0)
		return -1;
	if (!is_v2 && scope_devices(&props, r, err) < 0)
		return -1;
	if (add_annotations(&props, spec, err) < 0)
		return -1;
	return unit_start(scope->unit, holder, &props, err);
}
