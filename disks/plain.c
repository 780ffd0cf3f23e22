/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/plain.h"

static bool is_here(const struct disk *d)
{
	(void)d;	/* what no other row claimed */
	return true;
}

static int can(const struct disk *d, const struct disk_want *want, struct error *why)
{
	(void)d;	/* the same on each */
	(void)why;	/* that others can do it is for them to say */
	return !want->is_subvolume && want->limits.bytes == 0 && want->limits.inodes == 0;
}

static int make(const struct disk *d, const struct disk_want *want, struct error *err)
{
	(void)d;	/* data/ is there */
	(void)want;
	(void)err;
	return 0;
}

static int attach(const struct disk *d, int *out_device, struct error *err)
{
	*out_device = -1;
	return disk_data_open(d, err);
}

static int limit(const struct disk *d, const struct disk_limits *limits, struct error *err)
{
	(void)err;	/* it can always be told */
	if (limits->bytes == 0 && limits->inodes == 0)
		return DISK_CHANGED;
	return d->runfd >= 0 ? DISK_STOPPED : DISK_COPY;
}

static int usage(const struct disk *d, struct disk_usage *out, struct error *err)
{
	(void)d;	/* nobody counts, and a walk takes as long as there are files */
	(void)out;
	(void)err;
	return 0;
}

const struct disk_kind disk_plain = {
	.name = "plain",
	.is_here = is_here,
	.can = can,
	.make = make,
	.open = disk_data_open,
	.attach = attach,
	.limit = limit,
	.usage = usage,
};
