/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/addresses.h"
#include "runtime/holdings.h"
#include "runtime/reinstall.h"
#include "runtime/uidmap.h"

/* What stands in the zone's own file and in uids/ becomes what its directory says. */
static int follow(struct zone *z, struct zone_config *config, struct error *err)
{
	bool are_known = holdings_are_known(z->site, z->name);

	strcpy(config->name, z->name);
	if (zone_config_write(config, z->dirfd, err) < 0)
		return -1;
	if (uidmap_claim(z->site, z->name, config->uid_base, err) < 0)
		return -1;
	if (addresses_take(z->site, config, err) < 0)
		return -1;
	return are_known ? holdings_write(z->site, z->name, config, err) : 0;
}

static int move(struct site *site, const char *from, const char *to, struct error *err)
{
	if (renameat2(site->zonesfd, from, site->zonesfd, to, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST)
			return error_set(err, ERR_EXISTS, "zone \"%s\" exists already", to);
		return error_sys(err, "rename 'zones/%s' to '%s'", from, to);
	}
	return fsync(site->zonesfd) < 0 ? error_sys(err, "sync 'zones'") : 0;
}

int zone_rename(struct zone *z, const char *to, struct error *err)
{
	char from[ZONE_NAME_MAX + 1];
	struct error ignored;

	if (zone_name_check(to, err) < 0)
		return -1;
	if (zone_exists(z->site, to))
		return error_set(err, ERR_EXISTS, "zone \"%s\" exists already", to);
	if (reinstall_check_rename(z, err) < 0)
		return -1;
	strcpy(from, z->name);
	if (move(z->site, from, to, err) < 0)
		return -1;
	strcpy(z->name, to);
	if (follow(z, &z->config, err) == 0)
		return 0;
	/* All or nothing; where even this fails, repair finishes the rename. */
	if (move(z->site, to, from, &ignored) == 0) {
		strcpy(z->name, from);
		(void)follow(z, &z->config, &ignored);
	}
	return -1;
}

/* A directory that was copied by hand has the uids and identity of its original, which is there:
 * that is no rename. */
static int is_copy(struct site *site, const struct zone_config *config, bool *out,
		   struct error *err)
{
	struct zone other;
	struct zone_config theirs;

	*out = false;
	if (!zone_exists(site, config->name))
		return 0;
	if (zone_open_unread(&other, site, config->name, (enum lock_mode)0, err) < 0)
		return -1;
	if (zone_config_read(&theirs, other.dirfd, err) < 0) {
		zone_close(&other);
		return -1;
	}
	*out = strcmp(theirs.uuid, config->uuid) == 0 || theirs.uid_base == config->uid_base;
	zone_config_clear(&theirs);
	zone_close(&other);
	return 0;
}

static int finish(struct zone *z, struct zone_config *config, bool *out_done, struct error *err)
{
	bool has_original;

	if (strcmp(config->name, z->name) == 0)
		return 0;
	if (is_copy(z->site, config, &has_original, err) < 0)
		return -1;
	if (has_original)
		return error_set(err, ERR_USAGE, "is a copy of zone \"%s\", with the same uids",
				 config->name);
	if (follow(z, config, err) < 0)
		return -1;
	*out_done = true;
	return 0;
}

int zone_rename_finish(struct site *site, const char *name, bool *out_done, struct error *err)
{
	struct zone_config config;
	struct zone z;
	int status;

	*out_done = false;
	if (zone_open_unread(&z, site, name, LOCK_ALONE, err) < 0)
		return -1;
	if (zone_config_read(&config, z.dirfd, err) < 0) {
		zone_close(&z);
		return -1;
	}
	status = finish(&z, &config, out_done, err);
	zone_config_clear(&config);
	zone_close(&z);
	return status;
}
