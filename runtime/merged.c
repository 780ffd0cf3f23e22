/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/merged.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/sys.h"
#include "disks/disk.h"
#include "templates/store.h"

/*
 * An overlay of two lower layers and no upper one: the zone's own layer, whose
 * ids are mapped back, over the template. Nothing can be written through it, so
 * it needs no work directory, and the kernel is the one that knows what a
 * whiteout is. The files are the zone's, hence hostile; a mount of them is not
 * entered by path, no program of theirs runs, and no device of theirs opens.
 *
 * To be written it is the overlay that the zone itself has, but for ids that are
 * mapped back. Upper and work directory must be of one mount (overlayfs), so all
 * of data/ is mapped; the directories in it belong to the host's root, whom the
 * mapping has as one id more: to what has no id nobody has a right, not root
 * either (capable_wrt_inode_uidgid() in kernel/capability.c).
 */

enum { SAFE = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
enum { READ_ONLY = SAFE | MOUNT_ATTR_RDONLY };

/* In the child: a user namespace that is there until it was opened. */
static void wait_in_namespace(int readyfd, int endfd)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER) < 0 || write(readyfd, &byte, 1) != 1)
		_exit(1);
	_exit(read(endfd, &byte, 1) != 0);
}

/* Shows BASE.. of the disk as 0.. (mount_setattr(2): "inside" is what the disk has); with_host puts
 * the host's root behind them, as who is not mapped can make nothing and read no capabilities. */
static int map_back(pid_t pid, uint32_t base, bool with_host, struct error *err)
{
	static const char *const files[] = { "uid_map", "gid_map" };
	char path[64], text[64];

	snprintf(text, sizeof(text), "%" PRIu32 " 0 %d\n", base, ZONE_IDS);
	if (with_host)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "0 %d 1\n", ZONE_IDS);
	for (size_t i = 0; i < N_ROWS(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		if (fd_write_control(AT_FDCWD, path, text, err) < 0)
			return -1;
	}
	return 0;
}

static int namespace_open(pid_t pid, int readyfd, uint32_t base, bool with_host,
			  struct error *err)
{
	char byte, path[64];
	int fd;

	if (read(readyfd, &byte, 1) != 1)
		return error_set(err, ERR_FAILED, "no user namespace could be made");
	if (map_back(pid, base, with_host, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open '%s'", path) : fd;
}

static int userns_make(uint32_t base, bool with_host, struct error *err)
{
	int ready[2], end[2], fd;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	if (pipe2(end, O_CLOEXEC) < 0) {
		error_sys(err, "make a pipe");
		close(ready[0]);
		close(ready[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(end[1]);
		wait_in_namespace(ready[1], end[0]);
	}
	close(ready[1]);
	close(end[0]);
	fd = pid < 0 ? error_sys(err, "start a process") :
		       namespace_open(pid, ready[0], base, with_host, err);
	close(ready[0]);
	close(end[1]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);	/* it ends with the pipe */
	return fd;
}

/* A copy of the tree at dirfd, idmapped unless usernsfd is -1; detached. */
static int copy_tree(int dirfd, int usernsfd, unsigned int attrs, struct error *err)
{
	struct mount_attr attr = {
		.attr_set = attrs | (usernsfd < 0 ? 0 : MOUNT_ATTR_IDMAP),
		.userns_fd = usernsfd < 0 ? 0 : (uint64_t)usernsfd,
	};
	AUTO_CLOSE int treefd =
		sys_open_tree(dirfd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (treefd < 0)
		return error_sys(err, "copy a mount");
	if (sys_mount_setattr(treefd, "", AT_EMPTY_PATH, &attr) < 0)
		return error_sys(err, "map the ids of the zone's files");
	return TAKE_FD(treefd);
}

/* That, attached at a name below atfd. */
static int attach(int dirfd, int usernsfd, int atfd, const char *name, struct error *err)
{
	AUTO_CLOSE int treefd = copy_tree(dirfd, usernsfd, READ_ONLY, err);

	if (treefd < 0)
		return -1;
	if (sys_move_mount(treefd, "", atfd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach the zone's files");
	return 0;
}

/* An overlay's options, NAME=VALUE one by one. Layers are of the caller's working directory, by
 * names without a ':'. */
struct layers {
	const char *lower, *upper, *work;	/* NULL: to be read only */
};

static int layers_set(int fsfd, const struct layers *l)
{
	if (sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "lowerdir", l->lower, 0) < 0)
		return -1;
	if (!l->upper)
		return 0;
	if (sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "upperdir", l->upper, 0) < 0)
		return -1;
	return sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "workdir", l->work, 0);
}

static int overlay_mount(int datafd, const struct layers *l, struct error *err)
{
	AUTO_CLOSE int fsfd = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	int fd;

	if (fchdir(datafd) < 0)
		return error_sys(err, "enter the zone's data");
	if (fsfd < 0 || layers_set(fsfd, l) < 0 ||
	    sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "mount the zone's files");
	fd = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, l->upper ? SAFE : READ_ONLY);
	return fd < 0 ? error_sys(err, "mount the zone's files") : fd;
}

static int overlay_read(int datafd, int lowerfd, int usernsfd, struct error *err)
{
	static const struct layers layers = { "work:lower", NULL, NULL };
	AUTO_CLOSE int upperfd =
		openat(datafd, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (upperfd < 0)
		return error_sys(err, "open the zone's files");
	/* Both are directories that a zone which is down does not need. */
	if (attach(lowerfd, -1, datafd, "lower", err) < 0 ||
	    attach(upperfd, usernsfd, datafd, "work", err) < 0)
		return -1;
	return overlay_mount(datafd, &layers, err);
}

static int overlay_write(int dirfd, int datafd, int lowerfd, int usernsfd, struct error *err)
{
	static const struct layers layers = { "lower", "upper", "work" };
	AUTO_CLOSE int treefd = copy_tree(datafd, usernsfd, SAFE, err);
	AUTO_CLOSE int mappedfd = -1;

	if (treefd < 0)
		return -1;
	if (sys_move_mount(treefd, "", datafd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "attach the zone's files");
	mappedfd = openat(dirfd, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (mappedfd < 0)
		return error_sys(err, "open the zone's files");
	if (attach(lowerfd, -1, mappedfd, "lower", err) < 0)
		return -1;
	return overlay_mount(mappedfd, &layers, err);
}

/* The template of the zone. */
static int lower_open(struct site *site, const struct zone_config *config, struct error *err)
{
	AUTO_CLOSE int storefd = site_templates(site, err);

	return storefd < 0 ? -1 : store_rootfs(storefd, config->template_digest, err);
}

struct how {
	bool is_written, with_host;
};

static int open_as(struct site *site, const char *dir, const struct zone_config *config,
		   struct how how, struct error *err)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int dirfd = openat(site->zonesfd, dir, flags);
	AUTO_CLOSE int lowerfd = -1, usernsfd = -1;
	const struct disk d = {
		.varfd = site->varfd, .zonefd = dirfd, .runfd = -1, .uid_base = config->uid_base,
	};
	AUTO_CLOSE int datafd = -1;
	AUTO_CLOSE int mountfd = -1;
	int fd, device;

	if (dirfd < 0)
		return error_sys(err, "open zone '%s'", config->name);
	datafd = disk_attach(&d, &device, err);
	if (datafd < 0)
		return error_wrap(err, "zone '%s'", config->name);
	/* A copy has the ids of the template on the disk too. */
	if (config->storage != STORAGE_OVERLAY) {
		fd = openat(datafd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return fd < 0 ? error_sys(err, "open the zone's files") : fd;
	}
	lowerfd = lower_open(site, config, err);
	usernsfd = lowerfd < 0 ? -1 : userns_make(config->uid_base, how.with_host, err);
	if (usernsfd < 0)
		return -1;
	mountfd = how.is_written ? overlay_write(dirfd, datafd, lowerfd, usernsfd, err) :
				   overlay_read(datafd, lowerfd, usernsfd, err);
	if (mountfd < 0)
		return -1;
	fd = openat(mountfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open the zone's files") : fd;
}

/* Whose files the host's root made there are nobody's: a template has no ids but its own. */
int merged_open(struct site *site, const struct zone_config *config, struct error *err)
{
	return open_as(site, config->name, config, (struct how){ false, false }, err);
}

int merged_open_dir(struct site *site, const char *dir, const struct zone_config *config,
		    bool is_written, struct error *err)
{
	return open_as(site, dir, config, (struct how){ is_written, true }, err);
}
