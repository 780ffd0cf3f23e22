/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_PROJECT_H
#define DISKS_PROJECT_H

/*
 * A limit by project quota, where the store's filesystem has them on (ext4 made with
 * -O quota,project, or XFS, mounted with prjquota). data/ has a project id of the
 * zone's own, its first uid, and what is made below inherits it, so the kernel
 * counts every block and inode of the zone at once, says EDQUOT at the limit, and
 * statfs(2) of a directory shows the limit instead of the disk (ext4_statfs_project(),
 * xfs_qm_statvfs()). A process in a user namespace cannot change project ids
 * (fileattr_set_prepare() in the kernel's fs/file_attr.c).
 */

#include "disks/disk.h"

extern const struct disk_kind disk_project;

/* True if a killed adopt left a copy that is not the zone's. */
bool project_is_begun(const struct disk *d);
/* Removes it. */
int project_sweep(const struct disk *d, struct error *err);

#endif
