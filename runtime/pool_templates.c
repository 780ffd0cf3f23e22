/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/pool_templates.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "disks/btrfs_template.h"
#include "templates/store.h"

static int is_kept(void *arg, const char *digest, struct error *err)
{
	const int *storefd = arg;
	struct error gone = { 0 };
	AUTO_CLOSE int rootfd = store_rootfs(*storefd, digest, &gone);

	if (rootfd >= 0)
		return 1;
	if (gone.kind == ERR_NOT_FOUND)
		return 0;
	*err = gone;
	return -1;
}

int pool_templates_sweep(struct site *site, struct error *err)
{
	AUTO_CLOSE int storefd = site_templates(site, err);

	return storefd < 0 ? -1 : btrfs_template_sweep(site->varfd, is_kept, &storefd, err);
}
