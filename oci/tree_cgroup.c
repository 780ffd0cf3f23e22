/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/sys.h"
#include "oci/tree_parts.h"

/* "cpu,cpuacct" has a link for each of its names. */
static int link_names(int dirfd, const char *names, struct error *err)
{
	AUTO_FREE char *list = xstrdup(names);
	char *save = NULL;

	if (!strchr(names, ','))
		return 0;
	for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save))
		if (symlinkat(names, dirfd, name) < 0)
			return error_sys(err, "link cgroup '%s'", name);
	return 0;
}

const char *tree_cgroup_name(const struct span_part *part)
{
	return strncmp(part->names, "name=", 5) == 0 ? part->names + 5 : part->names;
}

/* The group itself in place of the hierarchy's root: what the container sees is its own, with or
 * without a cgroup namespace. Opened anew, as a mount can only be copied from one's own mount
 * namespace. */
static int bind_part(const struct tree *t, const struct span_part *part, const char *target,
		     uint64_t attrs, struct error *err)
{
	AUTO_FREE char *path = xasprintf("%s%s", part->where, t->cgroup);
	AUTO_CLOSE int fd = -1;

	if (part->fd < 0)
		return 0;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	return fd < 0 ? error_sys(err, "open '%s'", path) : tree_bind(t, fd, target, attrs, err);
}

static int tmpfs_for(const struct tree *t, const struct oci_mount *m, struct error *err)
{
	AUTO_CLOSE int fsfd = mount_new("tmpfs", "tmpfs", err);
	AUTO_CLOSE int treefd = -1;

	if (fsfd < 0 || mount_option(fsfd, "tmpfs", "mode", "755", err) < 0)
		return -1;
	treefd = mount_make(fsfd, "tmpfs",
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	return treefd < 0 || tree_attach(t, treefd, m->destination, err) < 0 ? -1 : TAKE_FD(treefd);
}

int tree_cgroup(const struct tree *t, const struct oci_mount *m, uint64_t attrs, struct error *err)
{
	AUTO_CLOSE int dirfd = -1;

	if (t->span->n == 1 && span_v2(t->span) >= 0)
		return bind_part(t, &t->span->parts[0], m->destination, attrs, err);
	dirfd = tmpfs_for(t, m, err);
	if (dirfd < 0)
		return -1;
	for (size_t i = 0; i < t->span->n; i++) {
		const struct span_part *part = &t->span->parts[i];
		AUTO_FREE char *target = xasprintf("%s/%s", m->destination, tree_cgroup_name(part));

		/* A systemd inside would use it beside the hierarchies of version 1, where it has
		 * nothing to say. */
		if (part->names[0] == '\0')
			continue;
		if (bind_part(t, part, target, attrs, err) < 0 ||
		    link_names(dirfd, part->names, err) < 0)
			return -1;
	}
	return mount_change(dirfd, attrs, 0, false, err);
}
