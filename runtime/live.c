/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/live.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cgroups/cgroup.h"
#include "cgroups/limits.h"
#include "runtime/network.h"
#include "runtime/place.h"

/* Limits, rates and published ports are what the kernel holds; the other live ones are read from
 * zone.json whenever they are needed. */
static bool is_limit(const struct property *p)
{
	size_t start = offsetof(struct zone_config, limits);

	return p->offset >= start && p->offset < start + sizeof(struct cgroup_limits);
}

static bool is_network(const struct property *p)
{
	static const size_t fields[] = {
		offsetof(struct zone_config, publish), offsetof(struct zone_config, net_in),
		offsetof(struct zone_config, net_out),
	};

	for (size_t i = 0; i < N_ROWS(fields); i++)
		if (p->offset == fields[i])
			return true;
	return false;
}

static bool is_disk(const struct property *p)
{
	size_t start = offsetof(struct zone_config, disk);

	return p->offset >= start && p->offset < start + sizeof(struct disk_limits);
}

int zone_apply_live(struct zone *z, const struct property *p, bool *out_at_next_boot,
		    struct error *err)
{
	struct cgroup cg;
	int status;

	*out_at_next_boot = p->change != PROPERTY_LIVE;
	if (!*out_at_next_boot && is_network(p))
		return network_change(z, err);
	if (!*out_at_next_boot && is_disk(p))
		return place_change(z, out_at_next_boot, err);
	if (*out_at_next_boot || !is_limit(p))
		return 0;
	if (site_cgroups(z->site, err) < 0 ||
	    limits_check(&z->site->cgroups, &z->config.limits, err) < 0 ||
	    cgroup_open(&cg, &z->site->cgroups, z->name, err) < 0)
		return -1;
	status = limits_apply(&cg, &z->config.limits, err);
	cgroup_close(&cg);
	return status;
}
