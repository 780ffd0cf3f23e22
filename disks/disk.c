/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "disks/btrfs.h"
#include "disks/image.h"
#include "disks/plain.h"
#include "disks/project.h"

#define DEVICE "disk-device"

/* In the order in which a kind is told: plain is what nothing else claims. */
static const struct disk_kind *const kinds[] = {
	&disk_btrfs,
	&disk_image,
	&disk_project,
	&disk_plain,
};

/* A new place is of the first of these that can be made here. */
static const struct disk_kind *const choices[] = {
	&disk_btrfs,
	&disk_project,
	&disk_plain,
	&disk_image,
};

const struct disk_kind *disk_kind_of(const struct disk *d)
{
	const struct disk_kind *const *kind = kinds;

	while (!(*kind)->is_here(d))
		kind++;
	return *kind;
}

const struct disk_kind *disk_choose(const struct disk *d, const struct disk_want *want,
				    struct error *err)
{
	struct error why = { 0 };

	for (size_t i = 0; i < N_ROWS(choices); i++) {
		struct error missing = { 0 };

		if (choices[i]->can(d, want, &missing) == 1)
			return choices[i];
		/* The first would be best, the last is what is easiest to have. */
		if (missing.kind != ERR_NONE)
			why = missing;
	}
	if (why.kind == ERR_NONE)
		error_set(&why, ERR_UNSUPPORTED, "no disk of that kind can be made on this host");
	*err = why;
	return NULL;
}

int disk_open(const struct disk *d, struct error *err)
{
	return disk_kind_of(d)->open(d, err);
}

int disk_attach(const struct disk *d, int *out_device, struct error *err)
{
	return disk_kind_of(d)->attach(d, out_device, err);
}

int disk_limit(const struct disk *d, const struct disk_limits *limits, struct error *err)
{
	return disk_kind_of(d)->limit(d, limits, err);
}

int disk_usage(const struct disk *d, struct disk_usage *out, struct error *err)
{
	struct disk_usage usage = { 0 };

	if (disk_kind_of(d)->usage(d, &usage, err) < 0)
		return -1;
	*out = usage;
	return 0;
}

int disk_remove(const struct disk *d, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(kinds); i++)
		if (kinds[i]->remove && kinds[i]->is_here(d) && kinds[i]->remove(d, err) < 0)
			return -1;
	return 0;
}

int disk_device_write(int runfd, int device, struct error *err)
{
	char text[NUM_TEXT_MAX];

	if (unlinkat(runfd, DEVICE, 0) < 0 && errno != ENOENT)
		return error_sys(err, "forget the disk's device");
	if (device < 0)
		return 0;
	snprintf(text, sizeof(text), "%d", device);
	/* A link is there whole or not at all, and needs no block of the disk. */
	return symlinkat(text, runfd, DEVICE) < 0 ? error_sys(err, "note the disk's device") : 0;
}

int disk_device_read(int runfd)
{
	enum { DEVICE_MAX = 1 << 20 };		/* minors have 20 bits */
	struct error bad = { 0 };
	char text[NUM_TEXT_MAX];
	ssize_t n = runfd < 0 ? -1 : readlinkat(runfd, DEVICE, text, sizeof(text) - 1);
	uint64_t device;

	if (n < 0)
		return -1;
	text[n] = '\0';
	return num_u64(text, 0, DEVICE_MAX, &device, &bad) < 0 ? -1 : (int)device;
}

int disk_data_open(const struct disk *d, struct error *err)
{
	int fd = openat(d->zonefd, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open the zone's data") : fd;
}
