/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/claims.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lock.h"
#include "runtime/holdings.h"

enum { TAKE_RETRIES = 8 };

int claims_dir(struct site *site, const char *name, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(site->varfd, name, flags);

	if (fd < 0 && errno == ENOENT &&
	    (mkdirat(site->varfd, name, 0700) == 0 || errno == EEXIST))
		fd = openat(site->varfd, name, flags);
	return fd < 0 ? error_sys(err, "open '%s'", name) : fd;
}

int claims_open(struct claims *out, struct site *site, const char *name, struct error *err)
{
	int fd = claims_dir(site, name, err);

	if (fd < 0)
		return -1;
	*out = (struct claims){ .site = site, .name = name, .dirfd = fd };
	return 0;
}

void claims_close(struct claims *c)
{
	cleanup_close(&c->dirfd);
	c->dirfd = -1;
}

int claims_dir_owner(int dirfd, const char *link, char out[ZONE_NAME_MAX + 1])
{
	struct error ignored;
	ssize_t n = readlinkat(dirfd, link, out, ZONE_NAME_MAX + 1);

	if (n < 0 && errno == ENOENT) {
		out[0] = '\0';
		return -1;
	}
	if (n < 0 || n > ZONE_NAME_MAX)
		n = 0;
	out[n] = '\0';
	if (zone_name_check(out, &ignored) < 0)
		out[0] = '\0';
	return 0;
}

static int read_owner(const struct claims *c, const char *claim, char out[ZONE_NAME_MAX + 1])
{
	return claims_dir_owner(c->dirfd, claim, out);
}

void claim_owner(struct claims *c, const char *claim, char out[ZONE_NAME_MAX + 1])
{
	(void)read_owner(c, claim, out);	/* "" either way */
}

bool claim_is_held(struct claims *c, const char *claim, const char *owner)
{
	AUTO_CLOSE int zonefd = -1;
	struct zone_config config;
	struct error why = { 0 };
	bool is_held;

	if (!*owner || !zone_exists(c->site, owner))
		return false;
	/* Whoever has the lock may just be about to write the claim down; and one that is being
	 * made or removed has no zone.json to look into. */
	zonefd = zone_dir_lock(c->site, owner, LOCK_SHARED, 0, &why);
	if (zonefd < 0 || zone_config_read(&config, zonefd, &why) < 0)
		return true;
	is_held = c->is_in(&config, claim);
	zone_config_clear(&config);
	return is_held;
}

int claim_drop(struct claims *c, const char *claim, struct error *err)
{
	if (unlinkat(c->dirfd, claim, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove '%s/%s'", c->name, claim);
	return 0;
}

/* Removes a link that means nothing any more, so that it can be made again; 0 if it does mean
 * something. The directory's lock keeps what two find out here from crossing; whoever makes a
 * link needs no lock. */
static int sweep(struct claims *c, const char *claim, char owner[ZONE_NAME_MAX + 1],
		 struct error *err)
{
	AUTO_CLOSE int lockfd = openat(c->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lockfd < 0)
		return error_sys(err, "open '%s'", c->name);
	if (lock_take(lockfd, LOCK_ALONE, ZONE_LOCK_WAIT_MS, err) < 0)
		return error_wrap(err, "%s", c->name);
	if (read_owner(c, claim, owner) < 0)
		return 1;
	if (claim_is_held(c, claim, owner))
		return 0;
	return claim_drop(c, claim, err) < 0 ? -1 : 1;
}

int claims_lock(struct claims *c, struct error *err)
{
	if (lock_take(c->dirfd, LOCK_ALONE, ZONE_LOCK_WAIT_MS, err) < 0)
		return error_wrap(err, "%s", c->name);
	return 0;
}

/* 1, or 0 when there is one already. From here on the zone may have more than its holdings say. */
static int make(struct claims *c, const char *claim, const char *zone, struct error *err)
{
	if (!c->has_forgotten && holdings_forget(c->site, zone, err) < 0)
		return -1;
	c->has_forgotten = true;
	if (symlinkat(zone, c->dirfd, claim) == 0)
		return 1;
	return errno == EEXIST ? 0 : error_sys(err, "make link '%s/%s'", c->name, claim);
}

int claim_try(struct claims *c, const char *claim, const char *zone, struct error *err)
{
	char owner[ZONE_NAME_MAX + 1];

	if (read_owner(c, claim, owner) < 0)
		return make(c, claim, zone, err);
	return strcmp(owner, zone) == 0 ? 2 : 0;
}

int claim_take(struct claims *c, const char *claim, const char *zone,
	       char owner[ZONE_NAME_MAX + 1], struct error *err)
{
	for (int i = 0; i < TAKE_RETRIES; i++) {
		int done;

		if (read_owner(c, claim, owner) < 0) {
			done = make(c, claim, zone, err);
			if (done != 0)
				return done;
			continue;
		}
		if (strcmp(owner, zone) == 0)
			return 2;
		done = sweep(c, claim, owner, err);
		if (done <= 0)
			return done;
	}
	return error_set(err, ERR_BUSY, "'%s/%s': other commands take it too", c->name, claim);
}

int claim_give(struct claims *c, const char *claim, const char *zone, struct error *err)
{
	char owner[ZONE_NAME_MAX + 1];

	if (read_owner(c, claim, owner) < 0 || strcmp(owner, zone) != 0)
		return 0;
	return claim_drop(c, claim, err);
}

int claims_each(struct claims *c, int (*visit)(void *arg, const char *claim, struct error *err),
		void *arg, struct error *err)
{
	AUTO_CLOSE int listfd = openat(c->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = listfd < 0 ? NULL : fdopendir(listfd);
	struct dirent *entry;
	int status = 0;

	if (!dir)
		return error_sys(err, "read '%s'", c->name);
	(void)TAKE_FD(listfd);	/* it is the stream's now */
	for (errno = 0; (entry = readdir(dir)) && status == 0; errno = 0)
		if (entry->d_type == DT_LNK)
			status = visit(arg, entry->d_name, err);
	return status == 0 && errno ? error_sys(err, "read '%s'", c->name) : status;
}

struct giving {
	struct claims *claims;
	const char *zone;
	const struct zone_config *kept;
};

static int give_one(void *arg, const char *claim, struct error *err)
{
	struct giving *g = arg;
	char owner[ZONE_NAME_MAX + 1];

	if (read_owner(g->claims, claim, owner) < 0 || strcmp(owner, g->zone) != 0 ||
	    (g->kept && g->claims->is_in(g->kept, claim)))
		return 0;
	return claim_drop(g->claims, claim, err);
}

int claims_give_all(struct claims *c, const char *zone, const struct zone_config *kept,
		    struct error *err)
{
	struct giving g = { .claims = c, .zone = zone, .kept = kept };

	return claims_each(c, give_one, &g, err);
}
