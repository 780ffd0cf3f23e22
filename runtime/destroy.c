/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/destroy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "disks/disk.h"
#include "runtime/addresses.h"
#include "runtime/holdings.h"
#include "runtime/reinstall.h"
#include "runtime/state.h"
#include "runtime/uidmap.h"

/* Gives back uids and addresses: by zone.json's word or, where c is NULL or was not read, by that
 * of its holdings; without those by looking for the zone's links among everybody's. */
static int give_back(struct site *site, const char *dir, const char *name,
		     const struct zone_config *c, struct error *err)
{
	int given;

	/* What stands beside a whole zone (a create that was killed before it saw that the name is
	 * taken) has none, and the whole zone keeps its own. */
	if (faccessat(site->zonesfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (reinstall_pass_uids(site, name, err) < 0)
		return -1;
	if (c && c->uid_base)
		return addresses_give(site, c, NULL, err) < 0
			       ? -1
			       : uidmap_give(site, name, c->uid_base, err);
	given = holdings_give(site, dir, name, err);
	if (given != 0)
		return given < 0 ? -1 : 0;
	return addresses_give_all(site, name, NULL, err) < 0 ?
		       -1 :
		       uidmap_give_all(site, name, 0, err);
}

/* What of its place on disk lies elsewhere. */
static int remove_place(struct site *site, const char *dir, const struct zone_config *c,
			struct error *err)
{
	AUTO_CLOSE int fd = openat(site->zonesfd, dir,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct disk d = {
		.varfd = site->varfd, .zonefd = fd, .runfd = -1, .uid_base = c ? c->uid_base : 0,
	};

	if (fd < 0)
		return error_sys(err, "open 'zones/%s'", dir);
	return disk_remove(&d, err);
}

/* Nobody else may get the uids while files carry them, and nothing but the directory's name may
 * be left when they are given: then, killed anywhere, this can be done again. */
static int remove_dir(struct site *site, const char *dir, const char *name,
		      const struct zone_config *c, struct error *err)
{
	char data[ZONE_DIR_MAX + sizeof("/data")];

	if (remove_place(site, dir, c, err) < 0)
		return -1;
	snprintf(data, sizeof(data), "%s/data", dir);
	if (path_remove(site->zonesfd, data, err) < 0)
		return -1;
	if (give_back(site, dir, name, c, err) < 0)
		return -1;
	return path_remove(site->zonesfd, dir, err);
}

int zone_sweep(struct site *site, const char *prefix, const char *name, struct error *err)
{
	char dir[ZONE_DIR_MAX + 1];
	struct error why = { 0 };
	AUTO_CLOSE int fd = -1;

	snprintf(dir, sizeof(dir), "%s%s", prefix, name);
	fd = zone_dir_lock(site, dir, LOCK_ALONE, 0, &why);
	if (fd < 0 && why.kind == ERR_NOT_FOUND)
		return 0;
	if (fd < 0) {
		*err = why;
		return -1;
	}
	return remove_dir(site, dir, name, NULL, err);
}

int zone_destroy_incomplete(struct site *site, const char *name, struct error *err)
{
	if (zone_name_check(name, err) < 0)
		return -1;
	if (zone_sweep(site, ZONE_NEW_PREFIX, name, err) < 0 ||
	    zone_sweep(site, ZONE_REINSTALL_PREFIX, name, err) < 0)
		return -1;
	return zone_sweep(site, ZONE_OLD_PREFIX, name, err);
}

static int rename_away(struct zone *z, const char *dir, struct error *err)
{
	struct site *site = z->site;

	if (zone_sweep(site, ZONE_OLD_PREFIX, z->name, err) < 0)
		return -1;
	if (renameat2(site->zonesfd, z->name, site->zonesfd, dir, RENAME_NOREPLACE) < 0)
		return error_sys(err, "rename it to '%s'", dir);
	/* After a power cut the zone is whole or it is incomplete, never whole with files missing.
	 */
	if (!z->config.is_ephemeral && fsync(site->zonesfd) < 0)
		return error_sys(err, "sync 'zones'");
	return 0;
}

static int destroy(struct zone *z, struct error *err)
{
	char dir[ZONE_DIR_MAX + 1];

	/* First, so that no record is ever taken for one of a later zone of that name. */
	if (zone_run_remove(z->site, z->name, err) < 0 ||
	    zone_sweep(z->site, ZONE_REINSTALL_PREFIX, z->name, err) < 0)
		return -1;
	snprintf(dir, sizeof(dir), "%s%s", ZONE_OLD_PREFIX, z->name);
	if (rename_away(z, dir, err) < 0)
		return -1;
	return remove_dir(z->site, dir, z->name, &z->config, err);
}

int zone_destroy(struct zone *z, struct error *err)
{
	int rc = destroy(z, err);

	zone_close(z);
	return rc;
}
