/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "disks/disk.h"
#include "runtime/live.h"
#include "runtime/place.h"
#include "runtime/property.h"
#include "runtime/reinstall.h"
#include "runtime/state.h"
#include "runtime/uidmap.h"
#include "runtime/zone.h"
#include "templates/store.h"

struct check {
	struct zone *z;
	struct zone_status status;
	char ***faults;			/* borrowed */
};

static void fault(struct check *c, const char *what, const char *why)
{
	strv_addf(c->faults, "%s: %s", what, why);
}

static void check_directory(struct check *c)
{
	struct stat st;

	if (fstat(c->z->dirfd, &st) < 0)
		fault(c, "directory", strerror(errno));
	else if (st.st_uid != 0 || st.st_gid != 0)
		fault(c, "directory", "does not belong to root");
	else if (st.st_mode & 077)
		fault(c, "directory", "can be entered by others than root");
}

static void check_rules(struct check *c)
{
	struct error err = { 0 };

	if (property_check_all(&c->z->config, &err) < 0)
		fault(c, "zone.json", err.text);
}

static void check_one_dir(struct check *c, int datafd, const char *name, uid_t owner)
{
	struct stat st;

	if (fstatat(datafd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		strv_addf(c->faults, "data/%s: %s", name, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		strv_addf(c->faults, "data/%s: is no directory", name);
	else if (st.st_uid != owner)
		strv_addf(c->faults, "data/%s: belongs to uid %u, not %u", name, st.st_uid, owner);
}

static void check_parts(struct check *c, int datafd)
{
	struct stat st;

	if (c->z->config.storage != STORAGE_OVERLAY) {
		/* Its files stay unshifted, as the template's are. */
		check_one_dir(c, datafd, "root", 0);
		return;
	}
	check_one_dir(c, datafd, "upper", c->z->config.uid_base);
	if (fstatat(datafd, "lower", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(datafd, "work", &st, AT_SYMLINK_NOFOLLOW) < 0)
		fault(c, "data", "a directory of the overlay is missing");
}

/* A filesystem of its own is the zone's alone while that runs. */
static void check_data(struct check *c)
{
	int runfd;
	const struct disk d = place_disk(c->z, false, &runfd);
	struct error err = { 0 };
	AUTO_CLOSE int datafd = -1;

	if (c->status.state != ZONE_INSTALLED && disk_kind_of(&d)->has_filesystem)
		return;
	datafd = disk_open(&d, &err);
	if (datafd < 0)
		fault(c, "data", err.text);
	else
		check_parts(c, datafd);
	if (place_has_errors(c->z))
		fault(c, "disk", "its filesystem has errors");
	if (place_has_rest(c->z))
		fault(c, "disk", "what an unfinished change left is still there");
}

static void check_uids(struct check *c)
{
	uint32_t base = c->z->config.uid_base;

	if (base == 0 || base % ZONE_IDS != 0)
		strv_addf(c->faults, "uids: %u is no beginning of a range", base);
	else if (!c->z->config.is_kept && !uidmap_is_owner(c->z->site, c->z->name, base))
		strv_addf(c->faults, "uids: %u to %u are not registered as this zone's", base,
			  base + ZONE_IDS - 1);
}

static void check_template(struct check *c)
{
	struct error err = { 0 };
	AUTO_CLOSE int storefd = -1;
	AUTO_CLOSE int rootfd = -1;

	/* A copy does not need it any more. */
	if (c->z->config.storage != STORAGE_OVERLAY)
		return;
	storefd = site_templates(c->z->site, &err);
	if (storefd >= 0)
		rootfd = store_rootfs(storefd, c->z->config.template_digest, &err);
	if (rootfd < 0)
		fault(c, "template", err.text);
}

static void check_limits(struct check *c)
{
	struct error err = { 0 };

	if (zone_check_limits(c->z->site, &c->z->config, &err) < 0)
		fault(c, "limits", err.text);
}

/* What the run record says against what the kernel says. */
static void check_running(struct check *c)
{
	struct error err = { 0 };
	struct cgroup cg;
	bool is_up = ZONE_BIT(c->status.state) & ZONE_UP, is_populated = false, has_group;

	if (c->status.state == ZONE_DOWN)
		fault(c, "state", "its init is gone, but it was not cleaned up");
	if (c->status.initfd >= 0 && !c->status.has_keeper)
		fault(c, "keeper", "is gone");
	if (site_cgroups(c->z->site, &err) < 0)
		return;
	has_group = cgroup_open(&cg, &c->z->site->cgroups, c->z->name, &err) == 0;
	if (has_group && cgroup_is_populated(&cg, &is_populated, &err) < 0)
		fault(c, "cgroup", err.text);
	if (has_group)
		cgroup_close(&cg);
	if (c->status.initfd >= 0 && !has_group)
		fault(c, "cgroup", err.text);
	if (!is_up && is_populated)
		fault(c, "cgroup", "has processes, though the zone does not run");
}

static void check_reinstall(struct check *c)
{
	if (reinstall_has_rest(c->z))
		fault(c, "reinstall", "did not finish");
}

/* zone.json was read before, all of these need it. */
static void (*const checks[])(struct check *c) = {
	check_directory, check_rules, check_data, check_uids, check_template, check_limits,
	check_running, check_reinstall,
};

static int check_all(struct check *c, const char *name, struct error *err)
{
	if (zone_status(&c->status, c->z->site, name, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(checks); i++)
		checks[i](c);
	zone_status_clear(&c->status);
	return 0;
}

int zone_check(struct site *site, const char *name, char ***out_faults, struct error *err)
{
	struct zone z = { .dirfd = -1 };
	struct check c = { .z = &z, .faults = out_faults };
	struct error why = { 0 };
	int status;

	if (zone_is_incomplete(site, name)) {
		strv_add(out_faults, "state: is incomplete");
		return 0;
	}
	if (zone_open(&z, site, name, (enum lock_mode)0, &why) < 0) {
		if (why.kind != ERR_USAGE || !zone_exists(site, name)) {
			*err = why;
			return -1;
		}
		strv_add(out_faults, why.text);
		return 0;
	}
	status = check_all(&c, name, err);
	zone_close(&z);
	return status;
}
