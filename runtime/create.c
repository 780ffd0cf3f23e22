/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "disks/disk.h"
#include "disks/pool.h"
#include "runtime/addresses.h"
#include "runtime/destroy.h"
#include "runtime/holdings.h"
#include "runtime/identity.h"
#include "runtime/live.h"
#include "runtime/place.h"
#include "runtime/property.h"
#include "runtime/uidmap.h"
#include "templates/clone.h"
#include "templates/store.h"

/*
 * Everything is made below zones/.new-NAME, whose lock says that somebody is at
 * it, and one rename(2) makes the zone. Killed before that, what is there is a
 * directory that any later verb may sweep: uids are taken only after it stands,
 * and are given back only when it holds no file any more.
 */

enum { SWEEP_RETRIES = 4, SYSTEMD_V2_VERSION = 232 };

struct stage {
	struct site *site;		/* borrowed */
	struct zone_config *config;	/* borrowed */
	const struct template *template;	/* borrowed */
	int templatefd;			/* root of the template */
	char dir[ZONE_DIR_MAX + 1];	/* ".new-NAME" */
	int dirfd;			/* locked alone; -1: not made */
	bool has_uids, has_addresses;
};

/* What the host or the template can't do is said before anything is made. */
static int check_host(struct site *site, struct zone_config *c, struct error *err)
{
	if (zone_name_check(c->name, err) < 0 || property_check_all(c, err) < 0)
		return -1;
	return zone_check_limits(site, c, err);
}

static int check_template(const struct template *t, struct error *err)
{
	if (t->systemd_version == 0 || t->systemd_version >= SYSTEMD_V2_VERSION)
		return 0;
	return error_set(
		err, ERR_UNSUPPORTED,
		"template \"%s\" has systemd %llu, which needs cgroup v1; zones see cgroup v2 "
		"(systemd %d and newer)",
		t->name, (unsigned long long)t->systemd_version, SYSTEMD_V2_VERSION);
}

/* A random UUID (RFC 9562, version 4). */
static int make_uuid(char out[ZONE_UUID_LEN + 1], struct error *err)
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return error_sys(err, "make a UUID");
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(out, ZONE_UUID_LEN + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return 0;
}

static int check_name_free(const struct stage *s, struct error *err)
{
	if (faccessat(s->site->zonesfd, s->config->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERR_EXISTS, "exists already");
	return errno == ENOENT ? 0 : error_sys(err, "look for 'zones/%s'", s->config->name);
}

/* Makes .new-NAME and locks it; what a killed create or destroy left is swept first. */
static int stage_open(struct stage *s, struct error *err)
{
	const char *name = s->config->name;
	struct error why = { 0 };

	snprintf(s->dir, sizeof(s->dir), "%s%s", ZONE_NEW_PREFIX, name);
	for (int i = 0; i < SWEEP_RETRIES; i++) {
		if (check_name_free(s, err) < 0)
			return -1;
		if (mkdirat(s->site->zonesfd, s->dir, 0700) < 0) {
			if (errno != EEXIST)
				return error_sys(err, "make 'zones/%s'", s->dir);
			if (zone_destroy_incomplete(s->site, name, err) < 0)
				return -1;
			continue;
		}
		s->dirfd = zone_dir_lock(s->site, s->dir, LOCK_ALONE, 0, &why);
		if (s->dirfd >= 0)
			return 0;
		/* Another create took it for left over before we had the lock. */
		if (why.kind != ERR_NOT_FOUND && why.kind != ERR_BUSY) {
			*err = why;
			return -1;
		}
	}
	return error_set(err, ERR_BUSY, "other commands make this zone too");
}

/* With the lock no other create can end before ours. A destroy begins with a whole zone; so where
 * none is, and no .old-NAME after that, none can begin. */
static int claim_name(struct stage *s, struct error *err)
{
	char old[ZONE_DIR_MAX + 1];

	if (check_name_free(s, err) < 0)
		return -1;
	snprintf(old, sizeof(old), "%s%s", ZONE_OLD_PREFIX, s->config->name);
	if (faccessat(s->site->zonesfd, old, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return zone_sweep(s->site, ZONE_OLD_PREFIX, s->config->name, err);
	return errno == ENOENT ? 0 : error_sys(err, "look for 'zones/%s'", old);
}

static void set_template(struct zone_config *c, const struct template *t)
{
	free(c->template_name);
	c->template_name = xstrdup(t->name);
	strcpy(c->template_digest, t->digest);
}

static int fill_identity(struct stage *s, struct error *err)
{
	struct zone_config *c = s->config;

	if (make_uuid(c->uuid, err) < 0)
		return -1;
	if (uidmap_take(s->site, c->name, &c->uid_base, err) < 0)
		return -1;
	s->has_uids = true;
	if (addresses_take(s->site, c, err) < 0)
		return -1;
	s->has_addresses = true;
	set_template(c, s->template);
	c->created = (uint64_t)time(NULL);
	return 0;
}

static int make_dir(int dirfd, const char *name, struct error *err)
{
	int fd;

	if (mkdirat(dirfd, name, 0700) < 0)
		return error_sys(err, "make directory '%s'", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open '%s'", name) : fd;
}

/* The root of an overlay shows the mode and owner of the upper directory. */
static int make_layers(struct stage *s, int datafd, struct error *err)
{
	AUTO_CLOSE int upperfd = make_dir(datafd, "upper", err);
	uid_t root = s->config->uid_base;
	struct stat top;

	if (upperfd < 0)
		return -1;
	if (mkdirat(datafd, "lower", 0700) < 0 || mkdirat(datafd, "work", 0700) < 0)
		return error_sys(err, "make directories");
	if (fstat(s->templatefd, &top) < 0)
		return error_sys(err, "look at the template's root");
	if (fchown(upperfd, root, root) < 0 || fchmod(upperfd, top.st_mode & 07777) < 0)
		return error_sys(err, "give 'upper' to the zone");
	return TAKE_FD(upperfd);
}

static int make_copy(struct stage *s, int datafd, struct error *err)
{
	AUTO_CLOSE int rootfd = make_dir(datafd, "root", err);

	if (rootfd < 0)
		return -1;
	if (clone_copy(s->templatefd, rootfd, err) < 0)
		return error_wrap(err, "copy the template");
	return TAKE_FD(rootfd);
}

/* Durable before zone.json says that they are there. Of a copy that is more than one can name. */
static int sync_data(const struct stage *s, const struct disk_kind *kind, int datafd,
		     struct error *err)
{
	bool is_whole = kind->has_filesystem || s->config->storage == STORAGE_COPY;

	if (s->config->is_ephemeral)
		return 0;
	if ((is_whole ? syncfs(datafd) : fsync(datafd)) < 0)
		return error_sys(err, "sync 'data'");
	return 0;
}

/* The place on disk, empty; returns its data directory. */
static int make_place(struct stage *s, const struct disk_kind **out_kind, struct error *err)
{
	const struct disk d = {
		.varfd = s->site->varfd, .zonefd = s->dirfd, .runfd = -1,
		.uid_base = s->config->uid_base + s->config->place,
	};
	const struct disk_want want = place_want(s->config, s->templatefd);
	const struct disk_kind *kind = disk_choose(&d, &want, err);

	if (!kind)
		return -1;
	if (mkdirat(s->dirfd, "data", 0700) < 0)
		return error_sys(err, "make directory 'data'");
	if (kind->make(&d, &want, err) < 0)
		return error_wrap(err, "disk");
	*out_kind = kind;
	return kind->open(&d, err);
}

static int make_data(struct stage *s, struct error *err)
{
	bool is_copy = s->config->storage == STORAGE_COPY;
	const struct disk_kind *kind = NULL;
	AUTO_CLOSE int datafd = make_place(s, &kind, err);
	AUTO_CLOSE int rootfd = -1;
	struct identity id = {
		.uid_base = s->config->uid_base,
		.templatefd = s->templatefd,
		.is_upper = !is_copy,
	};

	if (datafd < 0)
		return -1;
	/* Made whole, and on the disk. */
	if (s->config->storage == STORAGE_BTRFS)
		return 0;
	rootfd = is_copy ? make_copy(s, datafd, err) : make_layers(s, datafd, err);
	if (rootfd < 0)
		return -1;
	id.rootfd = rootfd;
	if (identity_drop(&id, err) < 0)
		return -1;
	return sync_data(s, kind, datafd, err);
}

static int commit(struct stage *s, struct error *err)
{
	struct zone_config *c = s->config;
	int zonesfd = s->site->zonesfd;

	if (zone_config_write(c, s->dirfd, err) < 0)
		return -1;
	/* Whoever destroys one that lives for a single command knows its configuration. */
	if (!c->is_ephemeral && holdings_write(s->site, s->dir, c, err) < 0)
		return -1;
	if (renameat2(zonesfd, s->dir, zonesfd, c->name, RENAME_NOREPLACE) < 0)
		return error_sys(err, "rename '%s' to '%s'", s->dir, c->name);
	if (c->is_ephemeral || fsync(zonesfd) == 0)
		return 0;
	error_sys(err, "sync 'zones'");
	/* Failing too, it stays as a whole zone, which the user may still destroy. */
	(void)renameat2(zonesfd, c->name, zonesfd, s->dir, RENAME_NOREPLACE);
	return -1;
}

/* Takes everything back. The error that led here is the one to tell; what can't be removed now is
 * named incomplete and swept by a later verb. */
static void stage_drop(struct stage *s)
{
	struct disk d = {
		.varfd = s->site->varfd, .runfd = -1, .uid_base = s->config->uid_base,
	};
	char data[ZONE_DIR_MAX + sizeof("/data")];
	struct error ignored;

	if (s->dirfd < 0)
		return;
	snprintf(data, sizeof(data), "%s/data", s->dir);
	d.zonefd = s->dirfd;
	if (disk_remove(&d, &ignored) == 0 &&
	    path_remove(s->site->zonesfd, data, &ignored) == 0) {
		if (s->has_addresses)
			(void)addresses_give(s->site, s->config, NULL, &ignored);
		if (s->has_uids)
			(void)uidmap_give(s->site, s->config->name, s->config->uid_base, &ignored);
		(void)path_remove(s->site->zonesfd, s->dir, &ignored);
	}
	close(s->dirfd);
	s->dirfd = -1;
}

static int stage_fill(struct stage *s, struct error *err)
{
	if (claim_name(s, err) < 0 || fill_identity(s, err) < 0)
		return -1;
	if (make_data(s, err) < 0)
		return -1;
	return commit(s, err);
}

/* The descriptors of the template are the caller's, and keep it from being removed until the
 * zone that uses it can be seen. */
static int make_zone(struct zone *out, struct stage *s, struct error *err)
{
	if (stage_open(s, err) < 0)
		return -1;
	if (stage_fill(s, err) < 0) {
		stage_drop(s);
		return -1;
	}
	*out = (struct zone){ .site = s->site, .dirfd = TAKE_FD(s->dirfd), .config = *s->config };
	strcpy(out->name, out->config.name);
	zone_config_init(s->config);
	return 0;
}

/* What nobody needs after the end of one command is not worth a transaction of the pool. */
static void choose_storage(const struct site *site, struct zone_config *c)
{
	if (c->storage != STORAGE_AUTO)
		return;
	c->storage = pool_exists(site->varfd) && !c->is_ephemeral ? STORAGE_BTRFS : STORAGE_OVERLAY;
}

/* Finds the template and holds it. Returns its root. */
static int open_template(struct site *site, const char *name, struct template *t, int *out_holdfd,
			 struct error *err)
{
	AUTO_CLOSE int storefd = site_templates(site, err);
	AUTO_CLOSE int holdfd = -1;
	int rootfd;

	if (storefd < 0 || store_find(storefd, name, t, err) < 0)
		return -1;
	holdfd = store_hold(storefd, t->digest, err);
	if (holdfd < 0 || check_template(t, err) < 0)
		return -1;
	rootfd = store_rootfs(storefd, t->digest, err);
	if (rootfd >= 0)
		*out_holdfd = TAKE_FD(holdfd);
	return rootfd;
}

int zone_create(struct zone *out, struct site *site, struct zone_config *config,
		const char *template, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int holdfd = -1;
	AUTO_CLOSE int templatefd = -1;
	struct stage s = { .site = site, .config = config, .template = &t, .dirfd = -1 };

	choose_storage(site, config);
	if (check_host(site, config, err) < 0)
		return -1;
	templatefd = open_template(site, template, &t, &holdfd, err);
	if (templatefd < 0)
		return -1;
	s.templatefd = templatefd;
	return make_zone(out, &s, err);
}

int create_root(struct site *site, struct zone_config *config, const char *template, int dirfd,
		int *out_holdfd, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int holdfd = -1;
	AUTO_CLOSE int templatefd = -1;
	struct stage s = { .site = site, .config = config, .template = &t, .dirfd = dirfd };

	if (check_host(site, config, err) < 0)
		return -1;
	templatefd = open_template(site, template, &t, &holdfd, err);
	if (templatefd < 0)
		return -1;
	s.templatefd = templatefd;
	set_template(config, &t);
	if (make_uuid(config->uuid, err) < 0 || make_data(&s, err) < 0 ||
	    zone_config_write(config, dirfd, err) < 0)
		return -1;
	*out_holdfd = TAKE_FD(holdfd);
	return 0;
}

int zone_create_tree(struct zone *out, struct site *site, struct zone_config *config,
		     const struct template *about, int treefd, struct error *err)
{
	struct stage s = {
		.site = site, .config = config, .template = about, .templatefd = treefd,
		.dirfd = -1,
	};

	if (config->storage != STORAGE_COPY)
		return error_set(err, ERR_USAGE, "a zone of a tree has storage=copy");
	if (check_host(site, config, err) < 0 || check_template(about, err) < 0)
		return -1;
	return make_zone(out, &s, err);
}
