/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/btrfs.h"

#include <dirent.h>
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
#include "base/strv.h"
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
#define OWNER "owner"
enum { NAME_SIZE = 16, OWNER_SIZE = 24, LINK_SIZE = sizeof(TARGET) + NAME_SIZE };

/* The names in a directory; -1 and errno. */
static int names_read(int dirfd, char ***out)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir) {
		cleanup_close(&fd);
		return -1;
	}
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strv_add(out, e->d_name);
	return 0;
}

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

/* The number of the zone's directory, which a rename keeps and a copy has not. */
static int owner_of(const struct disk *d, char out[OWNER_SIZE])
{
	struct stat st;

	if (fstat(d->zonefd, &st) < 0)
		return -1;
	snprintf(out, OWNER_SIZE, "%" PRIu64, (uint64_t)st.st_ino);
	return 0;
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
	if (unlinkat(fd, OWNER, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s' of '%s' of the pool", OWNER, name);
	if (unlinkat(zonesfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s' of the pool", name);
	return 0;
}

/* The places that zones have a link to, as often as there are links. */
static int links_read(int varfd, char ***out, struct error *err)
{
	AUTO_STRV char **names = NULL;
	AUTO_STRV char **links = NULL;
	AUTO_CLOSE int fd = openat(varfd, "zones", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || names_read(fd, &names) < 0)
		return error_sys(err, "read 'zones'");
	for (char **name = names; name && *name; name++) {
		AUTO_CLOSE int zonefd =
			openat(fd, *name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		const struct disk d = { .zonefd = zonefd };
		struct error none = { 0 };
		char place[NAME_SIZE];

		if (zonefd >= 0 && place_name(&d, place, &none) == 0)
			strv_add(&links, place);
	}
	*out = TAKE_PTR(links);
	return 0;
}

static int links_count(int varfd, const char *name, unsigned int *out, struct error *err)
{
	AUTO_STRV char **links = NULL;

	if (links_read(varfd, &links, err) < 0)
		return -1;
	*out = 0;
	for (char **link = links; link && *link; link++)
		*out += strcmp(*link, name) == 0;
	return 0;
}

/* What is there already is of no zone, if the uids are taken as they should be; in a store that was
 * put together by hand it may be. */
static int leftover_remove(const struct disk *d, int zonesfd, const char *name, struct error *err)
{
	unsigned int links;

	if (faccessat(zonesfd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "look for '%s' in the pool", name);
	if (links_count(d->varfd, name, &links, err) < 0)
		return -1;
	if (links > 0)
		return error_set(err, ERR_EXISTS, "another zone has its place in the pool, '%s'",
				 name);
	return place_remove(zonesfd, name, err);
}

static int place_make(const struct disk *d, int zonesfd, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	char owner[OWNER_SIZE];

	if (mkdirat(zonesfd, name, 0700) < 0)
		return error_sys(err, "make '%s' in the pool", name);
	fd = openat(zonesfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || owner_of(d, owner) < 0 || symlinkat(owner, fd, OWNER) < 0)
		return error_sys(err, "open '%s' of the pool", name);
	return TAKE_FD(fd);
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
	/* Before there is a link, by which a failure would have it removed. */
	if (leftover_remove(d, zonesfd, name, err) < 0)
		return -1;
	if (symlinkat(target, d->zonefd, LINK) < 0)
		return error_sys(err, "make '%s'", LINK);
	placefd = place_make(d, zonesfd, name, err);
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

/* A directory that was copied by hand has the link of its original, whose place it is: so who is
 * not its owner is asked whether there is another. */
static int is_shared(const struct disk *d, int zonesfd, const char *name, struct error *err)
{
	char path[NAME_SIZE + sizeof(OWNER) + 1], has[OWNER_SIZE], owner[OWNER_SIZE];
	unsigned int links;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/" OWNER, name);
	n = readlinkat(zonesfd, path, has, sizeof(has) - 1);
	has[n < 0 ? 0 : n] = '\0';
	if (owner_of(d, owner) == 0 && strcmp(has, owner) == 0)
		return 0;
	return links_count(d->varfd, name, &links, err) < 0 ? -1 : links > 1;
}

/* Of a pool that was taken away with all in it there is nothing left to remove. */
static int remove_place(const struct disk *d, struct error *err)
{
	AUTO_CLOSE int zonesfd = -1;
	char name[NAME_SIZE];
	int shared;

	if (place_name(d, name, err) < 0)
		return -1;
	if (!pool_exists(d->varfd) && !btrfs_is(d->varfd))
		return 0;
	zonesfd = pool_open_dir(d->varfd, POOL_ZONES, err);
	shared = zonesfd < 0 ? -1 : is_shared(d, zonesfd, name, err);
	if (shared != 0)
		return shared < 0 ? -1 : 0;
	return place_remove(zonesfd, name, err);
}

/* Places first: who makes one makes the link before it. */
int btrfs_sweep(int varfd, bool is_kept, uint64_t *out_n, struct error *err)
{
	AUTO_CLOSE int zonesfd = pool_open_dir(varfd, POOL_ZONES, err);
	AUTO_STRV char **places = NULL;
	AUTO_STRV char **links = NULL;

	if (zonesfd < 0)
		return -1;
	if (names_read(zonesfd, &places) < 0)
		return error_sys(err, "read the pool's zones");
	if (links_read(varfd, &links, err) < 0)
		return -1;
	*out_n = 0;
	for (char **place = places; place && *place; place++) {
		if (strv_has(links, *place))
			continue;
		if (!is_kept && place_remove(zonesfd, *place, err) < 0)
			return -1;
		++*out_n;
	}
	return 0;
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
