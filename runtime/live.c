/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "cgroups/cgroup.h"
#include "cgroups/limits.h"
#include "disks/pool.h"
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

/* A subvolume is in the pool, with its template's; else what a zone reads may be its template's,
 * and an image is a file of the store. A site's first zone is looked at before any template is
 * there. */
static int find_disks(struct site *site, struct zone_config *c, struct error *err)
{
	AUTO_CLOSE int poolfd = -1;
	AUTO_CLOSE int templatesfd = -1;

	c->limits.disks = (struct blocks){ .n_tops = 0 };
	if (!limits_io_wanted(&c->limits))
		return 0;
	if (c->storage == STORAGE_BTRFS) {
		poolfd = pool_open(site->varfd, err);
		return poolfd < 0 ? -1 : limits_add_disks(&c->limits, poolfd, err);
	}
	if (limits_add_disks(&c->limits, site->zonesfd, err) < 0)
		return -1;
	templatesfd = openat(site->varfd, "templates", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (templatesfd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open the templates");
	return limits_add_disks(&c->limits, templatesfd, err);
}

int zone_check_limits(struct site *site, struct zone_config *c, struct error *err)
{
	if (site_cgroups(site, err) < 0 || find_disks(site, c, err) < 0)
		return -1;
	return limits_check(&site->cgroups, &c->limits, err);
}

int zone_check_property(struct zone *z, const struct property *p, struct error *err)
{
	return is_limit(p) ? zone_check_limits(z->site, &z->config, err) : 0;
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
	if (zone_check_limits(z->site, &z->config, err) < 0 ||
	    cgroup_open(&cg, &z->site->cgroups, z->name, err) < 0)
		return -1;
	status = limits_apply(&cg, &z->config.limits, err);
	cgroup_close(&cg);
	return status;
}
