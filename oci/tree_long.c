/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/strv.h"
#include "base/sys.h"
#include "oci/tree_parts.h"

/* fsconfig(2) takes values of less than 256 bytes, which the layers of an overlay exceed; mount(2)
 * takes a page of options, but no descriptors. */
enum { VALUE_MAX = 255 };

static bool is_long(const char *option)
{
	const char *equals = strchr(option, '=');

	return equals && strlen(equals + 1) > VALUE_MAX;
}

bool tree_has_long(const struct oci_mount *m, const struct mount_options *o)
{
	for (char *const *d = o->data; d && *d; d++)
		if (is_long(*d))
			return true;
	return m->source && strlen(m->source) > VALUE_MAX;
}

int tree_make_long(const struct tree *t, const struct oci_mount *m, const struct mount_options *o,
		   struct error *err)
{
	const char *type = m->type ? m->type : "none";
	AUTO_FREE char *data = strv_join(o->data, ",");
	AUTO_CLOSE int topfd = -1, treefd = -1;

	/* The root filesystem's place on the host, of which this mount namespace has a copy, lends
	 * its name for the moment. */
	if (sys_mount(m->source ? m->source : type, t->rootfs, type, o->superblock, data) < 0)
		return error_sys(err, "mount %s", type);
	topfd = open(t->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	treefd = topfd < 0 ? error_sys(err, "open '%s'", t->rootfs) : mount_copy(topfd, false, err);
	if (sys_umount(t->rootfs, SYS_UMOUNT_DETACH) < 0)
		return error_sys(err, "take %s from '%s'", type, t->rootfs);
	if (treefd < 0 || mount_change(treefd, o->set, o->clear, false, err) < 0)
		return -1;
	return TAKE_FD(treefd);
}
