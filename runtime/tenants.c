/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/tenants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/zone.h"

struct tenant {
	char *zone;			/* owned */
	char digest[SHA256_HEX_SIZE];	/* "" for a zone without files */
};

static void digest_add(struct tenants *t, const char *name, const char *digest)
{
	struct tenant *at;

	t->list = xreallocarray(t->list, t->n + 1, sizeof(*t->list));
	at = &t->list[t->n++];
	at->zone = xstrdup(name);
	memcpy(at->digest, digest, sizeof(at->digest));
}

/* What a killed reinstall left may be the zone's old root, which repair gives a name. */
static void unfinished_add(struct tenants *t, struct site *site, const char *name)
{
	char dir[ZONE_DIR_MAX + 1];
	struct zone_config config;
	struct error none = { 0 };
	AUTO_CLOSE int fd = -1;

	snprintf(dir, sizeof(dir), "%s%s", ZONE_REINSTALL_PREFIX, name);
	fd = zone_dir_lock(site, dir, (enum lock_mode)0, 0, &none);
	if (fd < 0 || zone_config_read(&config, fd, &none) < 0)
		return;
	digest_add(t, name, config.template_digest);
	zone_config_clear(&config);
}

static int tenant_add(struct tenants *t, struct site *site, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };

	if (zone_open(&zone, site, name, (enum lock_mode)0, err) < 0) {
		if (err->kind == ERR_NOT_FOUND || err->kind == ERR_STATE)
			return 0;
		return error_wrap(err, "zone '%s'", name);
	}
	digest_add(t, name, zone.config.template_digest);
	unfinished_add(t, site, name);
	zone_close(&zone);
	return 0;
}

int tenants_read(struct site *site, struct tenants *out, struct error *err)
{
	AUTO_STRV char **names = NULL;
	struct tenants t = { 0 };

	if (zone_names(site, &names, err) < 0)
		return -1;
	for (char **name = names; name && *name; name++) {
		struct error why = { 0 };

		if (tenant_add(&t, site, *name, &why) == 0)
			continue;
		tenants_clear(&t);
		*err = why;
		return -1;
	}
	*out = t;
	return 0;
}

void tenants_clear(struct tenants *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i].zone);
	free(t->list);
	*t = (struct tenants){ 0 };
}

char **tenants_of(const struct tenants *t, const char *digest)
{
	char **zones = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->list[i].digest, digest) == 0)
			strv_add(&zones, t->list[i].zone);
	}
	return zones;
}
