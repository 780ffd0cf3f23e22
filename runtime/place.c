/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/path.h"
#include "base/strv.h"
#include "disks/image.h"
#include "disks/project.h"
#include "runtime/identity.h"
#include "templates/clone.h"

/*
 * A place is changed by copying into the one that the zone does not have: a new image beside the
 * old one, or data/, which lies empty below a mounted image. One rename or unlink of the image then
 * commits it; what was left is removed after that, and by repair where that was killed.
 */

/* All that a data directory may hold. */
static const char *const parts[] = { "data/upper", "data/work", "data/lower", "data/root" };

struct disk place_disk(const struct zone *z, bool is_up, int *out_runfd)
{
	struct disk d = {
		.varfd = z->site->varfd,
		.zonefd = z->dirfd,
		.runfd = -1,
		.uid_base = z->config.uid_base + z->config.place,
	};

	if (is_up)
		d.runfd = openat(z->site->runfd, z->name,
				 O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	*out_runfd = d.runfd;
	return d;
}

/* One copy serves all zones of the template, and each zone has it whole: so it lacks what a zone
 * does not see of its template. */
static int template_copy(int templatefd, int rootfd, struct error *err)
{
	const struct identity id = { .rootfd = rootfd, .templatefd = templatefd };

	if (clone_copy(templatefd, rootfd, err) < 0)
		return -1;
	return identity_drop(&id, err);
}

struct disk_want place_want(const struct zone_config *c, int templatefd)
{
	bool is_subvolume = c->storage == STORAGE_BTRFS;

	return (struct disk_want){
		.limits = c->disk,
		.is_subvolume = is_subvolume,
		.is_ephemeral = c->is_ephemeral,
		.templatefd = templatefd,
		.digest = c->template_digest,
		.copy = is_subvolume ? template_copy : clone_copy,
	};
}

static int data_clear(const struct disk *d, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(parts); i++)
		if (path_remove(d->zonefd, parts[i], err) < 0)
			return -1;
	return 0;
}

/* The new place, empty; returns its data directory. */
static int place_begin(const struct disk *d, const struct disk_kind *to,
		       const struct disk_want *want, struct error *err)
{
	if (to == &disk_image)
		return image_begin(d, want, err);
	if (data_clear(d, err) < 0 || to->make(d, want, err) < 0)
		return -1;
	return disk_data_open(d, err);
}

static int part_copy(int fromfd, int tofd, const char *name, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int oldfd = openat(fromfd, name, flags);
	AUTO_CLOSE int newfd = -1;

	if (oldfd < 0)
		return error_sys(err, "open the zone's files");
	if (mkdirat(tofd, name, 0700) < 0)
		return error_sys(err, "make directory '%s'", name);
	newfd = openat(tofd, name, flags);
	if (newfd < 0)
		return error_sys(err, "open '%s'", name);
	return clone_exact(oldfd, newfd, err);
}

static int files_copy(const struct zone *z, int fromfd, int tofd, struct error *err)
{
	bool is_overlay = z->config.storage == STORAGE_OVERLAY;

	if (is_overlay && (mkdirat(tofd, "lower", 0700) < 0 || mkdirat(tofd, "work", 0700) < 0))
		return error_sys(err, "make directories");
	if (part_copy(fromfd, tofd, is_overlay ? "upper" : "root", err) < 0)
		return -1;
	return syncfs(tofd) < 0 ? error_sys(err, "sync the zone's files") : 0;
}

/* Ends with neither place mounted. */
static int place_fill(const struct zone *z, const struct disk *d, const struct disk_kind *to,
		      const struct disk_want *want, struct error *err)
{
	AUTO_CLOSE int fromfd = disk_open(d, err);
	AUTO_CLOSE int tofd = fromfd < 0 ? -1 : place_begin(d, to, want, err);
	char text[NUM_TEXT_MAX];

	if (tofd < 0)
		return -1;
	if (files_copy(z, fromfd, tofd, err) == 0)
		return 0;
	return err->kind == ERR_RESOURCE && want->limits.bytes > 0 ?
		       error_wrap(err, "put the zone's files into %s",
				  num_size_text(want->limits.bytes, text)) :
		       -1;
}

/* The quotas of data/ go with what they counted. */
static int data_leave(const struct disk *d, const struct disk_kind *from, struct error *err)
{
	if (data_clear(d, err) < 0)
		return -1;
	return from->remove ? from->remove(d, err) : 0;
}

static int place_move(const struct zone *z, const struct disk *d, const struct disk_kind *from,
		      const struct disk_kind *to, struct error *err)
{
	const struct disk_want want = place_want(&z->config, -1);
	struct error ignored = { 0 };

	if (place_fill(z, d, to, &want, err) < 0) {
		/* The first failure is what is told; repair removes what stays. */
		(void)(to == &disk_image ? image_sweep(d, &ignored) : data_clear(d, &ignored));
		return -1;
	}
	if (to != &disk_image)
		return image_leave(d, err);
	if (image_commit(d, err) < 0)
		return -1;
	return from == &disk_image ? 0 : data_leave(d, from, err);
}

/* Another kind, or the same made anew. */
static int place_replace(const struct zone *z, const struct disk *d, struct error *err)
{
	struct disk_want want = place_want(&z->config, -1);
	const struct disk_kind *from = disk_kind_of(d);
	const struct disk_kind *to = disk_choose(d, &want, err);

	if (!to)
		return -1;
	want.copy = clone_exact;
	if (to->adopt && from != &disk_image)
		return to->adopt(d, &want, err);
	if (to != &disk_image && from != &disk_image)
		return error_set(err, ERR_UNSUPPORTED, "disk: from %s to %s is no way", from->name,
				 to->name);
	return place_move(z, d, from, to, err);
}

int place_settle(struct zone *z, struct error *err)
{
	int runfd;
	struct disk d = place_disk(z, false, &runfd);
	int change = disk_limit(&d, &z->config.disk, err);

	if (change < 0)
		return -1;
	if (change == DISK_CHANGED || place_replace(z, &d, err) == 0)
		return 0;
	return error_wrap(err, "disk");
}

int place_change(struct zone *z, bool *out_at_next_boot, struct error *err)
{
	AUTO_CLOSE int runfd = -1;
	struct disk d = place_disk(z, true, &runfd);
	int change;

	if (runfd < 0)
		return error_sys(err, "open 'run/%s'", z->name);
	change = disk_limit(&d, &z->config.disk, err);
	*out_at_next_boot = change > DISK_CHANGED;
	return change < 0 ? -1 : 0;
}

int place_usage(const struct zone *z, bool is_up, struct disk_usage *out, struct error *err)
{
	AUTO_CLOSE int runfd = -1;
	const struct disk d = place_disk(z, is_up, &runfd);

	return disk_usage(&d, out, err);
}

bool place_has_rest(const struct zone *z)
{
	int runfd;
	struct disk d = place_disk(z, false, &runfd);

	for (size_t i = 0; disk_image.is_here(&d) && i < N_ROWS(parts); i++)
		if (faccessat(d.zonefd, parts[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return image_is_begun(&d) || project_is_begun(&d);
}

bool place_has_errors(const struct zone *z)
{
	int runfd;
	struct disk d = place_disk(z, false, &runfd);

	return disk_image.is_here(&d) && image_has_errors(&d);
}

int place_repair(struct zone *z, char ***out_done, struct error *err)
{
	int runfd;
	struct disk d = place_disk(z, false, &runfd);

	if (place_has_errors(z)) {
		if (image_mend(&d, err) < 0)
			return error_wrap(err, "disk");
		strv_add(out_done, "had its filesystem checked and mended");
	}
	if (!place_has_rest(z))
		return 0;
	if (image_sweep(&d, err) < 0 || project_sweep(&d, err) < 0 ||
	    (disk_image.is_here(&d) && data_clear(&d, err) < 0))
		return -1;
	strv_add(out_done, "removed what an unfinished change of the disk had left");
	return 0;
}
