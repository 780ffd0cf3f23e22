/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/uidmap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/lock.h"
#include "base/sha256.h"
#include "base/strv.h"
#include "runtime/claims.h"
#include "runtime/config.h"
#include "runtime/holdings.h"
#include "runtime/zone.h"

/*
 * Slot N is the ids N * ZONE_IDS to N * ZONE_IDS + ZONE_IDS - 1, whatever the
 * range in zonectl.json is: a range that was moved meanwhile can't make two
 * zones overlap. The range is rounded inward to whole slots.
 */

enum { SLOT_TEXT = 12, TAKE_RETRIES = 8 };

static int open_uids(struct site *site, struct error *err)
{
	return claims_dir(site, "uids", err);
}

/* True if the zone.json of another zone, or one that can't be read, may claim the slot. */
static bool may_use(struct site *site, const char *zone, uint32_t slot)
{
	AUTO_CLOSE int fd =
		openat(site->zonesfd, zone, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct zone_config config;
	struct error ignored;
	bool is_used = true;

	/* Not there any more, or not yet: incomplete zones are known by their link. */
	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0 || zone_config_read(&config, fd, &ignored) < 0)
		return true;
	is_used = config.uid_base / ZONE_IDS == slot;
	zone_config_clear(&config);
	return is_used;
}

/* A link names no zone that exists after a create that was killed, but also after a rename that
 * was: then a zone under another name owns the slot. Seldom asked, so a look at all zones is fine.
 */
static bool is_used_by_another(struct site *site, const char *name, uint32_t slot)
{
	AUTO_STRV char **names = NULL;
	struct error ignored;

	if (zone_names(site, &names, &ignored) < 0)
		return true;
	for (char **zone = names; zone && *zone; zone++)
		if (strcmp(*zone, name) != 0 && may_use(site, *zone, slot))
			return true;
	return false;
}

/* Takes the slot if it is free or its owner is gone, as after a create that was killed: 1, or 0
 * when it is another zone's. */
static int take_slot(struct site *site, int uidsfd, uint32_t slot, const char *name,
		     struct error *err)
{
	char text[SLOT_TEXT], owner[ZONE_NAME_MAX + 1];

	snprintf(text, sizeof(text), "%u", slot);
	for (int i = 0; i < TAKE_RETRIES; i++) {
		if (claims_dir_owner(uidsfd, text, owner) < 0) {
			if (holdings_forget(site, name, err) < 0)
				return -1;
			if (symlinkat(name, uidsfd, text) == 0)
				return 1;
			if (errno != EEXIST)
				return error_sys(err, "make link 'uids/%s'", text);
			continue;
		}
		if (strcmp(owner, name) == 0)
			return 1;
		if ((*owner && zone_exists(site, owner)) || is_used_by_another(site, name, slot))
			return 0;
		if (unlinkat(uidsfd, text, 0) < 0 && errno != ENOENT)
			return error_sys(err, "remove 'uids/%s'", text);
	}
	return 0;
}

/* Where a zone's search begins: spread, so that zones seldom ask for the same slot, and the same
 * each time, so that a zone that is made anew has its old ids. */
static uint32_t start_of(const struct site *site, const char *name, uint32_t n)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;
	uint64_t number;

	sha256_init(&sum);
	sha256_add(&sum, site->id, strlen(site->id));
	sha256_add(&sum, "/", 1);
	sha256_add(&sum, name, strlen(name));
	sha256_end(&sum, digest);
	memcpy(&number, digest, sizeof(number));
	return (uint32_t)(number % n);
}

/* Opens uids/ and locks it. Taking is alone, so that what is found about a slot's owner still holds
 * when its link is removed. */
static int open_locked(struct site *site, struct error *err)
{
	AUTO_CLOSE int uidsfd = open_uids(site, err);

	if (uidsfd < 0)
		return -1;
	if (lock_take(uidsfd, LOCK_ALONE, ZONE_LOCK_WAIT_MS, err) < 0)
		return error_wrap(err, "uids");
	return TAKE_FD(uidsfd);
}

int uidmap_take(struct site *site, const char *name, uint32_t *out, struct error *err)
{
	uint64_t end = (uint64_t)site->config.uid_start + site->config.uid_count;
	uint32_t first = (site->config.uid_start + ZONE_IDS - 1) / ZONE_IDS;
	uint32_t n = end / ZONE_IDS > first ? (uint32_t)(end / ZONE_IDS) - first : 0;
	uint32_t start = n > 0 ? start_of(site, name, n) : 0;
	AUTO_CLOSE int uidsfd = open_locked(site, err);

	if (uidsfd < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = first + (uint32_t)(((uint64_t)start + i) % n);
		int taken = take_slot(site, uidsfd, slot, name, err);

		if (taken < 0)
			return -1;
		if (taken == 0)
			continue;
		*out = slot * ZONE_IDS;
		return 0;
	}
	error_set(err, ERR_RESOURCE, "no free range of uids: all %u are taken", n);
	return error_hint(err, "enlarge uid-range in zonectl.json");
}

int uidmap_claim(struct site *site, const char *name, uint32_t base, struct error *err)
{
	AUTO_CLOSE int uidsfd = open_locked(site, err);
	int taken;

	if (uidsfd < 0)
		return -1;
	taken = take_slot(site, uidsfd, base / ZONE_IDS, name, err);
	if (taken == 0)
		return error_set(err, ERR_EXISTS, "its uids from %u on are another zone's", base);
	return taken < 0 ? -1 : 0;
}

bool uidmap_is_owner(struct site *site, const char *name, uint32_t base)
{
	char slot[SLOT_TEXT], owner[ZONE_NAME_MAX + 1];
	struct error ignored;
	AUTO_CLOSE int uidsfd = open_uids(site, &ignored);

	snprintf(slot, sizeof(slot), "%u", base / ZONE_IDS);
	return uidsfd >= 0 && claims_dir_owner(uidsfd, slot, owner) == 0 &&
	       strcmp(owner, name) == 0;
}

static int give_slot(int uidsfd, const char *slot, const char *name, struct error *err)
{
	char owner[ZONE_NAME_MAX + 1];

	if (claims_dir_owner(uidsfd, slot, owner) < 0 || strcmp(owner, name) != 0)
		return 0;
	if (unlinkat(uidsfd, slot, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove 'uids/%s'", slot);
	return 0;
}

int uidmap_give(struct site *site, const char *name, uint32_t base, struct error *err)
{
	AUTO_CLOSE int uidsfd = open_uids(site, err);
	char slot[SLOT_TEXT];

	if (uidsfd < 0)
		return -1;
	snprintf(slot, sizeof(slot), "%u", base / ZONE_IDS);
	return give_slot(uidsfd, slot, name, err);
}

/* Replaced by a rename, so that the slot is never free. */
static int pass_slot(int uidsfd, const char *slot, const char *to, struct error *err)
{
	static const char passing[] = ".passing";

	if (unlinkat(uidsfd, passing, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove 'uids/%s'", passing);
	if (symlinkat(to, uidsfd, passing) < 0 || renameat(uidsfd, passing, uidsfd, slot) < 0)
		return error_sys(err, "make link 'uids/%s'", slot);
	return 0;
}

int uidmap_pass(struct site *site, const char *from, const char *to, uint32_t base,
		struct error *err)
{
	AUTO_CLOSE int uidsfd = open_locked(site, err);
	char slot[SLOT_TEXT], owner[ZONE_NAME_MAX + 1];

	if (uidsfd < 0)
		return -1;
	snprintf(slot, sizeof(slot), "%u", base / ZONE_IDS);
	if (claims_dir_owner(uidsfd, slot, owner) < 0 || strcmp(owner, from) != 0)
		return 0;
	if (holdings_forget(site, to, err) < 0)
		return -1;
	return pass_slot(uidsfd, slot, to, err);
}

int uidmap_give_all(struct site *site, const char *name, uint32_t kept, struct error *err)
{
	char kept_slot[SLOT_TEXT];
	AUTO_CLOSE int uidsfd = open_uids(site, err);
	AUTO_CLOSE int listfd = -1;
	AUTO_CLOSEDIR DIR *dir = NULL;
	struct dirent *entry;

	if (uidsfd < 0)
		return -1;
	listfd = openat(uidsfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = listfd < 0 ? NULL : fdopendir(listfd);
	if (!dir)
		return error_sys(err, "read 'uids'");
	(void)TAKE_FD(listfd);	/* it is the stream's now */
	snprintf(kept_slot, sizeof(kept_slot), "%u", kept / ZONE_IDS);
	for (errno = 0; (entry = readdir(dir)); errno = 0)
		if (entry->d_type == DT_LNK &&
		    (kept == 0 || strcmp(entry->d_name, kept_slot) != 0) &&
		    give_slot(uidsfd, entry->d_name, name, err) < 0)
			return -1;
	return errno ? error_sys(err, "read 'uids'") : 0;
}

int uidmap_write(pid_t pid, uint32_t base, struct error *err)
{
	static const char *const files[] = { "uid_map", "gid_map" };
	char path[48], map[48];

	snprintf(map, sizeof(map), "0 %u %d\n", base, ZONE_IDS);
	for (size_t i = 0; i < N_ROWS(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		if (fd_write_control(AT_FDCWD, path, map, err) < 0)
			return -1;
	}
	return 0;
}
