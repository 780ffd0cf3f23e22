/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

static const char disk_hint[] = "a zone needs files, not a disk: mount the image and pack its root "
				"with tar --xattrs --numeric-owner";

/* clang-format off */
/* Files by which a tree is no root filesystem and holds none. */
static const struct {
	const char *path, *what, *hint;
} refused[] = {
	{ "backup/container.bin",   "an optimized export",
	  "re-export without --optimized-storage" },
	{ "backup/virtual-machine", "an export of a virtual machine", disk_hint },
	{ "backup/virtual-machine.img", "an export of a virtual machine", disk_hint },
	{ "rootfs.img",             "an image of a virtual machine", disk_hint },
	{ "disk.raw",               "an image of a virtual machine", disk_hint },
	{ "DiskDescriptor.xml",     "a ploop disk", disk_hint },
	{ "root.hdd",               "a ploop disk", disk_hint },
	{ "root.hds",               "a ploop disk", disk_hint },
};

/* The first whose files are all there, regular ones, counts. */
static const struct row {
	enum format_kind kind;
	const char *name;
	const char *files[2];
	const char *root;		/* a directory that must be there too */
} rows[] = {
	{ FORMAT_OCI,          "oci",    { "oci-layout", "index.json" },  NULL },
	{ FORMAT_INCUS_EXPORT, "incus",  { "backup/index.yaml", NULL },
	  "backup/container/rootfs" },
	{ FORMAT_INCUS,        "incus",  { "metadata.yaml", NULL },       "rootfs" },
	{ FORMAT_INCUS_META,   "incus",  { "metadata.yaml", NULL },       NULL },
	{ FORMAT_VZDUMP,       "vzdump", { "etc/vzdump/pct.conf", NULL }, NULL },
	{ FORMAT_VZDUMP,       "vzdump", { "etc/vzdump/vps.conf", NULL }, NULL },
};

/* What the top of a system's tree is known by. */
static const char *const system_dirs[] = { "bin", "etc", "lib", "sbin", "usr", "var" };

static const char *const lxc_meta[] = {
	"config", "config-user", "create-message", "excludes-user",
};
/* clang-format on */

static mode_t kind_at(int treefd, const char *path)
{
	struct error err = { 0 };
	struct stat st;

	return path_lstat(treefd, path, &st, &err) < 0 ? 0 : st.st_mode & S_IFMT;
}

/* A directory, not a link to one: it is to become a root. */
static bool has_directory(int treefd, const char *path)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(treefd, path, O_PATH | O_DIRECTORY, true, &err);

	return fd >= 0;
}

static size_t count_system(int dirfd)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ROWS(system_dirs); i++) {
		mode_t kind = kind_at(dirfd, system_dirs[i]);

		n += kind == S_IFDIR || kind == S_IFLNK;
	}
	return n;
}

static bool is_row(int treefd, const struct row *row)
{
	for (size_t i = 0; i < N_ROWS(row->files) && row->files[i]; i++) {
		if (kind_at(treefd, row->files[i]) != S_IFREG)
			return false;
	}
	return !row->root || has_directory(treefd, row->root);
}

static bool is_lxc_meta(int treefd)
{
	for (size_t i = 0; i < N_ROWS(lxc_meta); i++) {
		if (kind_at(treefd, lxc_meta[i]) == S_IFREG)
			return true;
	}
	return false;
}

static bool is_system_below(int treefd, const char *name)
{
	struct error err = { 0 };
	AUTO_CLOSE int fd = path_open_nolink(treefd, name, O_PATH | O_DIRECTORY, true, &err);

	return fd >= 0 && count_system(fd) >= 3;
}

/* The one directory that looks like a system, where the tree itself does not: root.x86_64/ of Arch,
 * rootfs/ of a container's directory. False when there is none, or more than one. */
static int find_below(int treefd, char out[FORMAT_NAME_MAX], struct error *err)
{
	AUTO_CLOSE int again = path_open(treefd, "/", O_RDONLY | O_DIRECTORY, err);
	AUTO_CLOSEDIR DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *e;
	size_t found = 0;

	if (again < 0)
		return -1;
	if (!dir)
		return error_sys(err, "list the image");
	again = -1;	/* owned by dir */
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    kind_at(treefd, e->d_name) != S_IFDIR || !is_system_below(treefd, e->d_name))
			continue;
		if (found++ > 0)
			return 0;
		strcpy(out, e->d_name);
	}
	return found == 1;
}

static int refuse(int treefd, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(refused); i++) {
		if (kind_at(treefd, refused[i].path) == 0)
			continue;
		error_set(err, ERR_UNSUPPORTED, "it is %s", refused[i].what);
		return error_hint(err, "%s", refused[i].hint);
	}
	return 0;
}

int format_find(int treefd, struct format *out, struct error *err)
{
	struct format f = { .kind = FORMAT_ROOTFS, .name = "tar" };
	bool is_system = count_system(treefd) >= 2;
	int below;

	if (!is_system && refuse(treefd, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if ((is_system && rows[i].kind != FORMAT_VZDUMP) || !is_row(treefd, &rows[i]))
			continue;
		*out = (struct format){ .kind = rows[i].kind, .name = rows[i].name };
		strcpy(out->root, rows[i].root ? rows[i].root : "");
		return 0;
	}
	below = is_system ? 0 : find_below(treefd, f.root, err);
	if (below < 0)
		return -1;
	if (!below)
		f.root[0] = '\0';
	if (!below && !is_system && kind_at(treefd, "manifest.json") == S_IFREG) {
		f.kind = FORMAT_DOCKER;
		f.name = "docker";
	} else if (!below && !is_system && is_lxc_meta(treefd)) {
		f.kind = FORMAT_LXC_META;
		f.name = "lxc";
	}
	f.is_empty = f.kind == FORMAT_ROOTFS && !below && count_system(treefd) == 0;
	*out = f;
	return 0;
}
