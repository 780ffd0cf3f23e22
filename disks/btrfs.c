/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/btrfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "disks/btrfs_quota.h"
#include "disks/btrfs_subvol.h"
#include "disks/btrfs_template.h"
#include "disks/pool.h"

/*
 * A place is called by the first uid of its zone, which no other zone has while one file carries
 * it: so what a power cut left there, on a disk that was written at another time than the store's,
 * belongs to nobody and is removed by the next zone with these uids. The link in the zone's
 * directory is made before the place and goes after it.
 */

#define LINK "subvolume"
#define TARGET "../../" POOL_DIR "/" POOL_ZONES "/"
enum { NAME_SIZE = 16, LINK_SIZE = sizeof(TARGET) + NAME_SIZE };

static bool is_here(const struct disk *d)
{
	return faccessat(d->zonefd, LINK, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The name of the zone's place, as its link has it. */
static int place_name(const struct disk *d, char out[NAME_SIZE], struct error *err)
{
	char text[LINK_SIZE];
	ssize_t n = readlinkat(d->zonefd, LINK, text, sizeof(text) - 1);
	struct error bad = { 0 };
	uint64_t uid;

	if (n < 0)
		return error_sys(err, "read '%s'", LINK);
	text[n] = '\0';
	if (!str_starts(text, TARGET) ||
	    num_u64(text + strlen(TARGET), 0, UINT32_MAX, &uid, &bad) < 0)
		return error_set(err, ERR_FAILED, "'%s' leads to no subvolume of the pool", LINK);
	snprintf(out, NAME_SIZE, "%" PRIu64, uid);
	return 0;
}

/* pool/zones/UID, which holds root. */
static int place_open(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int zonesfd = -1;
	char name[NAME_SIZE];
	int fd;

	if (place_name(d, name, err) < 0)
		return -1;
	zonesfd = pool_open_dir(d->varfd, POOL_ZONES, err);
	if (zonesfd < 0)
		return -1;
	fd = openat(zonesfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open the zone's place in the pool, '%s'", name) : fd;
}

static int root_open(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int placefd = place_open(d, err);
	int fd = placefd < 0 ? -1 :
			       openat(placefd, "root",
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (placefd >= 0 && fd < 0)
		return error_sys(err, "open the zone's subvolume");
	return fd;
}

static int inodes_check(const struct disk_limits *limits, struct error *err)
{
	if (limits->inodes == 0)
		return 0;
	error_set(err, ERR_UNSUPPORTED, "inodes: a btrfs does not count them");
	return error_hint(err, "make the zone with storage=overlay, or limit disk alone");
}

static int can(const struct disk *d, const struct disk_want *want, struct error *why)
{
	AUTO_CLOSE int poolfd = -1;

	if (!want->is_subvolume || inodes_check(&want->limits, why) < 0)
		return 0;
	poolfd = pool_open(d->varfd, why);
	if (poolfd < 0)
		return 0;
	return want->limits.bytes == 0 || btrfs_quota_need(poolfd, why) == 0;
}

/* Removes a place with the subvolume in it. */
static int place_remove(int zonesfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd =
		openat(zonesfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open '%s' of the pool", name);
	if (btrfs_subvol_remove(fd, "root", err) < 0)
		return -1;
	if (unlinkat(zonesfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s' of the pool", name);
	return 0;
}

static int place_make(int zonesfd, const char *name, struct error *err)
{
	int fd;

	if (place_remove(zonesfd, name, err) < 0)
		return -1;
	if (mkdirat(zonesfd, name, 0700) < 0)
		return error_sys(err, "make '%s' in the pool", name);
	fd = openat(zonesfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open '%s' of the pool", name) : fd;
}

static int make(const struct disk *d, const struct disk_want *want, struct error *err)
{
	AUTO_CLOSE int zonesfd = pool_open_dir(d->varfd, POOL_ZONES, err);
	AUTO_CLOSE int placefd = -1;
	char name[NAME_SIZE], target[LINK_SIZE];

	if (zonesfd < 0)
		return -1;
	snprintf(name, sizeof(name), "%" PRIu32, d->uid_base);
	snprintf(target, sizeof(target), "%s%s", TARGET, name);
	if (symlinkat(target, d->zonefd, LINK) < 0)
		return error_sys(err, "make '%s'", LINK);
	placefd = place_make(zonesfd, name, err);
	return placefd < 0 ? -1 : btrfs_template_snapshot(d, want, placefd, err);
}

static int attach(const struct disk *d, int *out_device, struct error *err)
{
	*out_device = -1;
	return place_open(d, err);
}

static int usage(const struct disk *d, struct disk_usage *out, struct error *err)
{
	AUTO_CLOSE int fd = root_open(d, err);

	return fd < 0 ? -1 : btrfs_quota_usage(fd, out, err);
}

static int limit(const struct disk *d, const struct disk_limits *limits, struct error *err)
{
	AUTO_CLOSE int fd = root_open(d, err);
	char asked[NUM_TEXT_MAX], used[NUM_TEXT_MAX];
	struct disk_usage now;

	if (fd < 0 || inodes_check(limits, err) < 0 || btrfs_quota_usage(fd, &now, err) < 0)
		return -1;
	if (limits->bytes > 0 && now.has_bytes && now.bytes > limits->bytes)
		return error_set(err, ERR_RESOURCE, "disk: %s is below the %s in use",
				 num_size_text(limits->bytes, asked),
				 num_size_human(now.bytes, used));
	return btrfs_quota_limit(fd, limits->bytes, err) < 0 ? -1 : DISK_CHANGED;
}

/* Of a pool that was taken away with all in it there is nothing left to remove. */
static int remove_place(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int zonesfd = -1;
	char name[NAME_SIZE];

	if (place_name(d, name, err) < 0)
		return -1;
	if (!pool_exists(d->varfd) && !btrfs_is(d->varfd))
		return 0;
	zonesfd = pool_open_dir(d->varfd, POOL_ZONES, err);
	return zonesfd < 0 ? -1 : place_remove(zonesfd, name, err);
}

const struct disk_kind disk_btrfs = {
	.name = "btrfs",
	.is_here = is_here,
	.can = can,
	.make = make,
	.open = place_open,
	.attach = attach,
	.limit = limit,
	.usage = usage,
	.remove = remove_place,
};
