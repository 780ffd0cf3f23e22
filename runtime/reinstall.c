/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/reinstall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/counters.h"
#include "runtime/create.h"
#include "runtime/destroy.h"
#include "runtime/holdings.h"
#include "runtime/reinstall_keep.h"
#include "runtime/state.h"
#include "runtime/uidmap.h"

enum { KEPT_NAME_SIZE = ZONE_NAME_MAX + sizeof(REINSTALL_KEPT_SUFFIX) };

/* The root that is to be the zone's. */
struct next {
	char dir[ZONE_DIR_MAX + 1];	/* ".reinstall-NAME" */
	int dirfd;			/* locked alone; -1: not made */
	struct zone_config config;
};

static void next_init(struct next *n, const char *name)
{
	*n = (struct next){ .dirfd = -1 };
	zone_config_init(&n->config);
	snprintf(n->dir, sizeof(n->dir), "%s%s", ZONE_REINSTALL_PREFIX, name);
}

static void next_clear(struct next *n)
{
	cleanup_close(&n->dirfd);
	n->dirfd = -1;
	zone_config_clear(&n->config);
}

static void kept_name(const char *name, char out[KEPT_NAME_SIZE])
{
	snprintf(out, KEPT_NAME_SIZE, "%s%s", name, REINSTALL_KEPT_SUFFIX);
}

static int sync_zones(const struct site *site, struct error *err)
{
	return fsync(site->zonesfd) < 0 ? error_sys(err, "sync 'zones'") : 0;
}

/*
 * The kept root
 */

static void clear_text(char **text)
{
	free(*text);
	*text = NULL;
}

/* What only one of two can have, or what would make others take it for the zone. */
static void strip(struct zone_config *c)
{
	char ***lists[] = { &c->auto_ip, &c->held_ip, &c->ip,      &c->gateway, &c->nics,
			    &c->publish, &c->mounts,  &c->tags };
	char **texts[] = { &c->net, &c->mac, &c->fleet };

	for (size_t i = 0; i < N_ROWS(lists); i++)
		strv_clear(lists[i]);
	for (size_t i = 0; i < N_ROWS(texts); i++)
		clear_text(texts[i]);
	c->net = xstrdup("none");
	c->net_in = c->net_out = 0;
	c->mtu = 0;
	c->autoboot = AUTOBOOT_NO;
	c->ssh = ZONE_SSH_INSIDE;
	c->is_kept = true;
	*c->replaces = '\0';
}

/* Writes the zone.json of a kept root: that of its own, but for its name and the network. */
static int kept_write(int dirfd, const char *name, struct error *err)
{
	char kept[KEPT_NAME_SIZE];
	struct zone_config c;
	int ret;

	if (zone_config_read(&c, dirfd, err) < 0)
		return -1;
	strip(&c);
	kept_name(name, kept);
	strcpy(c.name, kept);
	ret = zone_config_write(&c, dirfd, err);
	zone_config_clear(&c);
	return ret;
}

/* The root in dir becomes NAME.old. */
static int kept_put(struct site *site, const char *dir, int dirfd, const char *name,
		    struct error *err)
{
	char kept[KEPT_NAME_SIZE];

	kept_name(name, kept);
	if (kept_write(dirfd, name, err) < 0)
		return -1;
	if (renameat2(site->zonesfd, dir, site->zonesfd, kept, RENAME_NOREPLACE) < 0)
		return error_sys(err, "rename '%s' to '%s'", dir, kept);
	return sync_zones(site, err);
}

static int no_kept(const struct zone *z, struct error *err)
{
	return error_set(err, ERR_NOT_FOUND, "there is no \"%s%s\" of a reinstall", z->name,
			 REINSTALL_KEPT_SUFFIX);
}

/* Opens and locks NAME.old, if it is z's. */
static int kept_open(struct zone *out, const struct zone *z, struct error *err)
{
	char kept[KEPT_NAME_SIZE];
	struct error why = { 0 };

	kept_name(z->name, kept);
	*out = (struct zone){ .dirfd = -1 };
	if (strlen(kept) > ZONE_NAME_MAX || !*z->config.replaces)
		return no_kept(z, err);
	if (zone_open(out, z->site, kept, LOCK_ALONE, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return no_kept(z, err);
		*err = why;
		return error_wrap(err, "zone '%s'", kept);
	}
	if (out->config.is_kept && strcmp(out->config.uuid, z->config.replaces) == 0)
		return 0;
	zone_close(out);
	return no_kept(z, err);
}

/* True if there is a kept root of z's. */
static bool has_kept(const struct zone *z)
{
	char kept[KEPT_NAME_SIZE];
	struct zone other = { .dirfd = -1 };
	struct error none = { 0 };
	bool is_ours;

	kept_name(z->name, kept);
	if (!*z->config.replaces || strlen(kept) > ZONE_NAME_MAX ||
	    zone_open(&other, z->site, kept, (enum lock_mode)0, &none) < 0)
		return false;
	is_ours = other.config.is_kept && strcmp(other.config.uuid, z->config.replaces) == 0;
	zone_close(&other);
	return is_ours;
}

/*
 * Changing places
 */

static int exchange(const struct zone *z, const char *dir, struct error *err)
{
	int zonesfd = z->site->zonesfd;

	if (renameat2(zonesfd, dir, zonesfd, z->name, RENAME_EXCHANGE) < 0)
		return error_sys(err, "rename '%s' to '%s'", dir, z->name);
	return 0;
}

/* The new root is not the zone's after all. Where even this fails, repair goes on instead. */
static void exchange_undo(const struct zone *z, const char *dir)
{
	struct error ignored = { 0 };

	(void)zone_config_write(&z->config, z->dirfd, &ignored); /* as it was */
	(void)exchange(z, dir, &ignored);
	(void)sync_zones(z->site, &ignored);
}

/* Both are whole before and after. */
static int commit(struct zone *z, struct next *n, struct error *err)
{
	/* First, so that no record is ever taken for one of the new root. */
	if (zone_run_remove(z->site, z->name, err) < 0 || exchange(z, n->dir, err) < 0)
		return -1;
	if (sync_zones(z->site, err) < 0 ||
	    kept_put(z->site, n->dir, z->dirfd, z->name, err) < 0) {
		exchange_undo(z, n->dir);
		return -1;
	}
	close(z->dirfd);
	z->dirfd = TAKE_FD(n->dirfd);
	zone_config_clear(&z->config);
	z->config = n->config;
	zone_config_init(&n->config);
	return 0;
}

/* What the zone is stays, what a root is follows from it: z's own words, read again as a copy. */
static int successor(const struct zone *z, struct zone_config *out, struct error *err)
{
	if (zone_config_read(out, z->dirfd, err) < 0)
		return -1;
	strcpy(out->replaces, z->config.uuid);
	if (!*out->mac_uuid)
		strcpy(out->mac_uuid, z->config.uuid);
	return 0;
}

/* What the zone has claimed does not change with its root. */
static int pass_holdings(const struct zone *z, const struct next *n, struct error *err)
{
	return holdings_are_known(z->site, z->name) ?
		       holdings_write(z->site, n->dir, &n->config, err) :
		       holdings_forget(z->site, n->dir, err);
}

/*
 * A new root
 */

int reinstall_check(struct zone *z, struct error *err)
{
	char kept[KEPT_NAME_SIZE];

	kept_name(z->name, kept);
	if (z->config.is_kept)
		return error_set(err, ERR_STATE, "is what a reinstall has kept of another zone");
	if (strlen(kept) > ZONE_NAME_MAX)
		return error_set(err, ERR_USAGE, "its name is too long: %s would have more than "
				 "%d characters", kept, ZONE_NAME_MAX);
	if (!zone_exists(z->site, kept))
		return 0;
	error_set(err, ERR_EXISTS, "zone \"%s\" exists already", kept);
	return has_kept(z) ? error_hint(err, "try: zonectl reinstall %s --purge", z->name) :
			     error_hint(err, "the root of before would be called that");
}

static int next_make(struct zone *z, struct next *n, struct error *err)
{
	if (mkdirat(z->site->zonesfd, n->dir, 0700) < 0)
		return error_sys(err, "make 'zones/%s'", n->dir);
	n->dirfd = zone_dir_lock(z->site, n->dir, LOCK_ALONE, 0, err);
	return n->dirfd < 0 ? -1 : 0;
}

static int next_fill(struct zone *z, struct next *n, const struct reinstall_options *o,
		     struct error *err)
{
	const struct keep_root from = { z->name, &z->config }, to = { n->dir, &n->config };
	const char *template = o->template ? o->template : z->config.template_name;
	AUTO_CLOSE int holdfd = -1;

	if (!template)
		return error_set(err, ERR_USAGE, "no template given, and it has none of its own");
	if (successor(z, &n->config, err) < 0)
		return -1;
	n->config.place = !z->config.place;
	if (create_root(z->site, &n->config, template, n->dirfd, &holdfd, err) < 0)
		return -1;
	if (o->keep && reinstall_keep(z->site, &from, &to, o->keep, err) < 0)
		return -1;
	if (counters_copy(z->dirfd, n->dirfd, err) < 0 || pass_holdings(z, n, err) < 0)
		return -1;
	return commit(z, n, err);
}

/* The error that led here is told; what stays is found by the next one, and by repair. */
static void next_drop(struct zone *z, struct next *n)
{
	struct error ignored = { 0 };

	next_clear(n);
	(void)zone_sweep(z->site, ZONE_REINSTALL_PREFIX, z->name, &ignored);
}

int zone_reinstall(struct zone *z, const struct reinstall_options *options, struct error *err)
{
	struct next n;
	bool has_finished;
	int ret;

	if (zone_reinstall_finish(z, &has_finished, err) < 0 || reinstall_check(z, err) < 0)
		return -1;
	next_init(&n, z->name);
	ret = next_make(z, &n, err);
	if (ret == 0)
		ret = next_fill(z, &n, options, err);
	if (ret < 0)
		next_drop(z, &n);
	next_clear(&n);
	return ret;
}

/*
 * And back
 */

/* What is of the root, and not of the zone, is as the kept one has it. */
static int back_config(const struct zone *z, const struct zone *kept, struct zone_config *out,
		       struct error *err)
{
	const struct zone_config *k = &kept->config;

	if (successor(z, out, err) < 0)
		return -1;
	strcpy(out->uuid, k->uuid);
	strcpy(out->template_digest, k->template_digest);
	clear_text(&out->template_name);
	out->template_name = k->template_name ? xstrdup(k->template_name) : NULL;
	out->uid_base = k->uid_base;
	out->storage = k->storage;
	out->place = k->place;
	return 0;
}

/* From its rename on the kept root is what zone_reinstall_finish() gives its name back to. */
static int back(struct zone *z, struct zone *kept, struct next *n, struct error *err)
{
	int zonesfd = z->site->zonesfd;

	if (back_config(z, kept, &n->config, err) < 0)
		return -1;
	if (renameat2(zonesfd, kept->name, zonesfd, n->dir, RENAME_NOREPLACE) < 0)
		return error_sys(err, "rename '%s' to '%s'", kept->name, n->dir);
	n->dirfd = fcntl(kept->dirfd, F_DUPFD_CLOEXEC, 0);
	if (n->dirfd < 0)
		return error_sys(err, "duplicate a descriptor");
	if (zone_config_write(&n->config, n->dirfd, err) < 0 ||
	    counters_copy(z->dirfd, n->dirfd, err) < 0 || pass_holdings(z, n, err) < 0)
		return -1;
	return commit(z, n, err);
}

int reinstall_check_back(struct zone *z, struct error *err)
{
	struct zone kept;
	bool has_finished;

	if (zone_reinstall_finish(z, &has_finished, err) < 0 || kept_open(&kept, z, err) < 0)
		return -1;
	zone_close(&kept);
	return 0;
}

int zone_reinstall_back(struct zone *z, struct error *err)
{
	struct error ignored = { 0 };
	struct zone kept;
	struct next n;
	bool has_finished;
	int ret;

	if (zone_reinstall_finish(z, &has_finished, err) < 0 || kept_open(&kept, z, err) < 0)
		return -1;
	next_init(&n, z->name);
	ret = back(z, &kept, &n, err);
	next_clear(&n);
	zone_close(&kept);
	if (ret < 0)
		(void)zone_reinstall_finish(z, &has_finished, &ignored); /* the first is told */
	return ret;
}

int zone_reinstall_purge(struct zone *z, struct error *err)
{
	struct zone kept;
	bool has_finished;

	if (zone_reinstall_finish(z, &has_finished, err) < 0 || kept_open(&kept, z, err) < 0)
		return -1;
	return zone_destroy(&kept, err);
}

/*
 * What else there is about it
 */

bool reinstall_has_rest(const struct zone *z)
{
	struct next n;

	next_init(&n, z->name);
	return faccessat(z->site->zonesfd, n.dir, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* True if the directory is the root that z had before, not the one that it was to have. */
static bool is_before(const struct zone *z, int dirfd)
{
	struct zone_config config;
	struct error none = { 0 };
	bool is_it;

	if (zone_config_read(&config, dirfd, &none) < 0)
		return false;
	is_it = *z->config.replaces && strcmp(config.uuid, z->config.replaces) == 0;
	zone_config_clear(&config);
	return is_it;
}

int zone_reinstall_finish(struct zone *z, bool *out_done, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	struct next n;
	int ret;

	*out_done = false;
	if (!reinstall_has_rest(z))
		return 0;
	next_init(&n, z->name);
	fd = zone_dir_lock(z->site, n.dir, LOCK_ALONE, 0, err);
	if (fd < 0)
		return error_wrap(err, "finish a reinstall");
	if (is_before(z, fd)) {
		ret = kept_put(z->site, n.dir, fd, z->name, err);
	} else {
		cleanup_close(&fd);
		fd = -1;
		ret = zone_sweep(z->site, ZONE_REINSTALL_PREFIX, z->name, err);
	}
	*out_done = ret == 0;
	return ret < 0 ? error_wrap(err, "finish a reinstall") : 0;
}

/* The zone that a kept root is of, by its name. */
static void zone_of_kept(const char *kept, char out[ZONE_NAME_MAX + 1])
{
	size_t len = strlen(kept), suffix = strlen(REINSTALL_KEPT_SUFFIX);

	snprintf(out, ZONE_NAME_MAX + 1, "%.*s", len > suffix ? (int)(len - suffix) : 0, kept);
}

static bool is_kept(const struct zone *z)
{
	return z->config.is_kept && !uidmap_is_owner(z->site, z->name, z->config.uid_base);
}

bool reinstall_is_kept(struct site *site, const char *name)
{
	struct zone z = { .dirfd = -1 };
	struct error none = { 0 };
	bool is_it;

	if (!str_ends(name, REINSTALL_KEPT_SUFFIX) ||
	    zone_open(&z, site, name, (enum lock_mode)0, &none) < 0)
		return false;
	is_it = is_kept(&z);
	zone_close(&z);
	return is_it;
}

int reinstall_check_boot(const struct zone *z, struct error *err)
{
	char name[ZONE_NAME_MAX + 1];

	if (!is_kept(z))
		return 0;
	zone_of_kept(z->name, name);
	error_set(err, ERR_STATE, "is what a reinstall of \"%s\" has kept, with the same uids",
		  name);
	return error_hint(err, "zonectl reinstall %s --back makes it that zone again", name);
}

int reinstall_check_rename(struct zone *z, struct error *err)
{
	char name[ZONE_NAME_MAX + 1];

	if (is_kept(z)) {
		zone_of_kept(z->name, name);
		return error_set(err, ERR_STATE, "is what a reinstall of \"%s\" has kept", name);
	}
	if (!has_kept(z) && !reinstall_has_rest(z))
		return 0;
	error_set(err, ERR_STATE, "has \"%s%s\" of a reinstall", z->name, REINSTALL_KEPT_SUFFIX);
	return error_hint(err, "try: zonectl reinstall %s --purge", z->name);
}

/* Another command may be destroying it meanwhile, and has given back what was its own before. */
static int pass_uids(struct site *site, const char *name, const char *kept, uint32_t base,
		     struct error *err)
{
	if (uidmap_pass(site, name, kept, base, err) < 0)
		return -1;
	return zone_exists(site, kept) ? 0 : uidmap_give(site, kept, base, err);
}

int reinstall_pass_uids(struct site *site, const char *name, struct error *err)
{
	char kept[KEPT_NAME_SIZE];
	struct error why = { 0 };
	struct zone_config config;
	AUTO_CLOSE int fd = -1;
	int ret;

	kept_name(name, kept);
	if (strlen(kept) > ZONE_NAME_MAX)
		return 0;
	fd = zone_dir_lock(site, kept, (enum lock_mode)0, 0, &why);
	if (fd < 0)
		return 0;
	if (zone_config_read(&config, fd, &why) < 0) {
		if (faccessat(site->zonesfd, kept, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return 0;
		*err = why;
		return error_wrap(err, "zone '%s'", kept);
	}
	ret = config.is_kept ? pass_uids(site, name, kept, config.uid_base, err) : 0;
	zone_config_clear(&config);
	return ret;
}
