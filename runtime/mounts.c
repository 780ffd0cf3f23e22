/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold: nothing of the host is reachable from the finished tree but what a mount property
 * names; no mount can be made, moved or redirected by the template. An attacker chooses every name
 * and link in the root filesystem, so a target is found without following links (CVE-2025-31133,
 * CVE-2026-41579), attributes are set while a tree is still detached (CVE-2026-115521), and a mask
 * is bound from nodes and directories that the builder made, never from ones found in the zone.
 */
#include "runtime/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mount.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "disks/disk.h"
#include "runtime/config.h"
#include "runtime/dev.h"

enum {
	NOSUID = MOUNT_ATTR_NOSUID,
	NODEV = MOUNT_ATTR_NODEV,
	NOEXEC = MOUNT_ATTR_NOEXEC,
	RO = MOUNT_ATTR_RDONLY,
	SAFE = NOSUID | NODEV | NOEXEC,
	OPTIONS_MAX = 5,
};

struct plan {
	const struct zone_launch *l;
	int rootfd;
	int nullfd;			/* the zone's /dev/null, bound over masked files */
	struct mounts_out *out;
};

struct mount_row {
	const char *target;		/* below the root */
	const char *type;
	/* NAME=VALUE; a value @N is the zone's id N on the host. */
	const char *options[OPTIONS_MAX];
	unsigned int attrs;
	bool (*when)(const struct zone_launch *l);	/* NULL: always */
	int (*then)(struct plan *p, int mountfd, struct error *err);	/* once attached */
};

static bool is_lasting(const struct zone_launch *l)
{
	return !l->is_ephemeral;
}

static bool is_nesting(const struct zone_launch *l)
{
	return (l->features & FEATURE_NESTING) != 0;
}

static int set_option(int fsfd, const char *type, const char *option, uint32_t uid_base,
		      struct error *err)
{
	char name[16], value[16];
	const char *equals = strchr(option, '=');
	unsigned int id;

	if (!equals)
		return mount_option(fsfd, type, option, NULL, err);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - option), option);
	if (sscanf(equals, "=@%u", &id) != 1)
		return mount_option(fsfd, type, name, equals + 1, err);
	snprintf(value, sizeof(value), "%u", uid_base + id);
	return mount_option(fsfd, type, name, value, err);
}

/* A detached mount of a new superblock. */
static int tree_new(const struct mount_row *row, uint32_t uid_base, struct error *err)
{
	AUTO_CLOSE int fsfd = mount_new(row->type, row->type, err);

	if (fsfd < 0)
		return -1;
	for (size_t i = 0; i < OPTIONS_MAX && row->options[i]; i++)
		if (set_option(fsfd, row->type, row->options[i], uid_base, err) < 0)
			return -1;
	return mount_make(fsfd, row->type, row->attrs, err);
}

/* A detached copy of what is at fd, with further attributes. */
static int tree_copy(int fd, unsigned int attrs, struct error *err)
{
	AUTO_CLOSE int treefd = mount_copy(fd, false, err);

	if (treefd < 0 || mount_change(treefd, attrs, 0, false, err) < 0)
		return -1;
	return TAKE_FD(treefd);
}

/* A directory to mount on, made if it is missing. */
static int target_open(const struct plan *p, const char *path, struct error *err)
{
	struct error missing = { 0 };
	AUTO_CLOSE int fd =
		path_open_nolink(p->rootfd, path, O_PATH | O_DIRECTORY, false, &missing);

	if (fd >= 0)
		return TAKE_FD(fd);
	if (missing.sys != ENOENT) {
		*err = missing;
		error_wrap(err, "mount '/%s'", path);
		return error_hint(err, "the root filesystem has no plain directory there");
	}
	fd = path_mkdirs(p->rootfd, path, 0755, err);
	return fd < 0 ? error_wrap(err, "mount '/%s'", path) : TAKE_FD(fd);
}

static int dev_then(struct plan *p, int mountfd, struct error *err)
{
	if (dev_fill(mountfd, p->l->features, err) < 0)
		return -1;
	p->nullfd = openat(mountfd, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return p->nullfd >= 0 ? 0 : error_sys(err, "open /dev/null");
}

int mounts_console(int rootfd, int slavefd, struct error *err)
{
	AUTO_CLOSE int devfd = path_open_nolink(rootfd, "dev", O_PATH | O_DIRECTORY, false, err);
	AUTO_CLOSE int treefd = -1, targetfd = -1;

	if (devfd < 0)
		return -1;
	if (fchdir(devfd) < 0)
		return error_sys(err, "enter '/dev'");
	/* A dead terminal's name is gone, and nothing can be mounted on it. */
	while (sys_umount("console", SYS_UMOUNT_DETACH | SYS_UMOUNT_NOFOLLOW) == 0)
		;
	treefd = tree_copy(slavefd, 0, err);
	if (treefd < 0)
		return -1;
	targetfd = path_open_nolink(devfd, "console", O_PATH, false, err);
	if (targetfd < 0 || mount_attach(treefd, targetfd, err) < 0)
		return error_wrap(err, "mount '/dev/console'");
	return 0;
}

/* The first terminal of the instance, which is why the child knows its name. */
static int pts_then(struct plan *p, int mountfd, struct error *err)
{
	int slavefd;

	if (!p->l->has_console)
		return 0;
	p->out->ptyfd = dev_pty_open(mountfd, p->l->uid_base, &slavefd, err);
	if (p->out->ptyfd < 0)
		return -1;
	close(slavefd);
	return 0;
}

/* The socket's name is in the zone, the socket itself stays outside. */
static int run_then(struct plan *p, int mountfd, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int sock = -1;

	if (!p->l->has_notify)
		return 0;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return error_sys(err, "make the notify socket");
	if (mkdirat(mountfd, "host", 0755) < 0)
		return error_sys(err, "make /run/host");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/host/notify", mountfd);
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "bind the notify socket");
	p->out->notifyfd = TAKE_FD(sock);
	return 0;
}

/* Fresh filesystems, in mount order: a later row may stand on an earlier one. proc comes first,
 * made by a process of the zone's own pid namespace. The tmpfs and devpts belong to the host's user
 * namespace, so that their limits hold and nobody inside can make a device node on them. */
/* clang-format off */
static const struct mount_row mount_rows[] = {
	{ "sys",        "sysfs",  { NULL }, SAFE | RO, NULL, NULL },
	{ "dev",        "tmpfs",  { "mode=755", "size=64k", "nr_inodes=4k", "uid=@0", "gid=@0" },
	  NOSUID | NOEXEC, NULL, dev_then },	/* holds device nodes */
	/* 5 is the group of terminals in every distribution. */
	{ "dev/pts",    "devpts", { "gid=@5", "mode=620", "ptmxmode=666", "max=256" },
	  NOSUID | NOEXEC, NULL, pts_then },
	{ "dev/shm",    "tmpfs",  { "mode=1777", "uid=@0", "gid=@0" }, NOSUID | NODEV, NULL, NULL },
	{ "dev/mqueue", "mqueue", { NULL }, SAFE, NULL, NULL },
	{ "run",        "tmpfs",  { "mode=755", "uid=@0", "gid=@0" },
	  NOSUID | NODEV, is_lasting, run_then },
};
/* clang-format on */

static int mount_fresh(struct plan *p, const struct mount_row *row, struct error *err)
{
	AUTO_CLOSE int targetfd = target_open(p, row->target, err);
	AUTO_CLOSE int treefd = -1;

	if (targetfd < 0)
		return -1;
	treefd = tree_new(row, p->l->uid_base, err);
	if (treefd < 0 || mount_attach(treefd, targetfd, err) < 0)
		return error_wrap(err, "mount '/%s'", row->target);
	return row->then ? row->then(p, treefd, err) : 0;
}

enum cover {
	COVER_KEEP,			/* stays writable below a read-only row */
	COVER_RO,			/* itself, read-only */
	COVER_NULL,			/* a file: /dev/null */
	COVER_EMPTY,			/* a directory: an empty one of sysfs, read-only */
};

/* What is changed or hidden in proc and sysfs. The shifted ids of the user namespace are the
 * barrier (docs/security.md, section 0); these rows are the second one, and keep what a host tells
 * about itself to itself. What this kernel does not have is passed over. */
/* clang-format off */
static const struct cover_row {
	const char *target;
	enum cover cover;
} cover_rows[] = {
	{ "proc/sys",                        COVER_RO },
	{ "proc/sys/net",                    COVER_KEEP },	/* of its network namespace */
	{ "proc/sys/fs/mqueue",              COVER_KEEP },	/* of its IPC namespace, ... */
	{ "proc/sys/kernel/msgmax",          COVER_KEEP },
	{ "proc/sys/kernel/msgmnb",          COVER_KEEP },
	{ "proc/sys/kernel/msgmni",          COVER_KEEP },
	{ "proc/sys/kernel/sem",             COVER_KEEP },
	{ "proc/sys/kernel/shmall",          COVER_KEEP },
	{ "proc/sys/kernel/shmmax",          COVER_KEEP },
	{ "proc/sys/kernel/shmmni",          COVER_KEEP },
	{ "proc/sys/kernel/shm_rmid_forced", COVER_KEEP },
	{ "proc/sys/kernel/hostname",        COVER_KEEP },	/* of its UTS namespace */
	{ "proc/sys/kernel/domainname",      COVER_KEEP },
	{ "proc/bus",                        COVER_RO },
	{ "proc/fs",                         COVER_RO },
	{ "proc/irq",                        COVER_RO },
	{ "proc/sysrq-trigger",              COVER_RO },
	{ "proc/acpi",                       COVER_EMPTY },
	{ "proc/asound",                     COVER_EMPTY },
	{ "proc/scsi",                       COVER_EMPTY },
	{ "proc/config.gz",                  COVER_NULL },
	{ "proc/interrupts",                 COVER_NULL },
	{ "proc/iomem",                      COVER_NULL },
	{ "proc/kallsyms",                   COVER_NULL },
	{ "proc/kcore",                      COVER_NULL },
	{ "proc/key-users",                  COVER_NULL },
	{ "proc/keys",                       COVER_NULL },
	{ "proc/latency_stats",              COVER_NULL },
	{ "proc/sched_debug",                COVER_NULL },
	{ "proc/timer_list",                 COVER_NULL },
	{ "proc/timer_stats",                COVER_NULL },
	{ "sys/firmware",                    COVER_EMPTY },
	{ "sys/kernel/debug",                COVER_EMPTY },
	{ "sys/kernel/security",             COVER_EMPTY },
	{ "sys/kernel/slab",                 COVER_EMPTY },
	{ "sys/kernel/tracing",              COVER_EMPTY },
	{ "sys/fs/bpf",                      COVER_EMPTY },
	{ "sys/power",                       COVER_EMPTY },
	{ "sys/devices/virtual/powercap",    COVER_EMPTY },
};
/* clang-format on */

/* What the kernel makes to be mounted on, and nobody can ever put anything into
 * (sysfs_create_mount_point() in fs/sysfs/dir.c). A filesystem for it alone would cost each zone
 * 5 KiB of kernel memory, and each memory cgroup on the host 16 bytes. */
static const char empty_directory[] = "sys/fs/cgroup";

static int cover_tree(const struct plan *p, const struct cover_row *row, int targetfd, int emptyfd,
		      struct error *err)
{
	if (row->cover == COVER_RO)
		return tree_copy(targetfd, RO, err);
	if (row->cover == COVER_NULL)
		return tree_copy(p->nullfd, RO, err);
	return tree_copy(emptyfd, SAFE | RO, err);
}

static int cover_one(const struct plan *p, const struct cover_row *row, int keptfd, int emptyfd,
		     struct error *err)
{
	struct error missing = { 0 };
	AUTO_CLOSE int targetfd = path_open_nolink(p->rootfd, row->target, O_PATH, false, &missing);
	AUTO_CLOSE int treefd = -1;

	if (targetfd < 0 && missing.sys == ENOENT)
		return 0;
	if (targetfd < 0) {
		*err = missing;
		return -1;
	}
	if (row->cover == COVER_KEEP)
		return keptfd < 0 ? 0 : mount_attach(keptfd, targetfd, err);
	treefd = cover_tree(p, row, targetfd, emptyfd, err);
	return treefd < 0 ? -1 : mount_attach(treefd, targetfd, err);
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Copies of what shall stay writable are taken before anything covers it. */
static int take_kept(const struct plan *p, int *keptfds, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(cover_rows); i++) {
		struct error missing = { 0 };
		AUTO_CLOSE int fd = -1;

		keptfds[i] = -1;
		if (cover_rows[i].cover != COVER_KEEP)
			continue;
		fd = path_open_nolink(p->rootfd, cover_rows[i].target, O_PATH, false, &missing);
		if (fd < 0 && missing.sys == ENOENT)
			continue;	/* this kernel has no such file */
		keptfds[i] = fd < 0 ? -1 : tree_copy(fd, 0, err);
		if (keptfds[i] >= 0)
			continue;
		if (fd < 0)
			*err = missing;
		close_all(keptfds, i);
		return error_wrap(err, "keep '/%s'", cover_rows[i].target);
	}
	return 0;
}

static int cover_all(const struct plan *p, struct error *err)
{
	int keptfds[N_ROWS(cover_rows)];
	AUTO_CLOSE int emptyfd = path_open_nolink(p->rootfd, empty_directory,
						  O_PATH | O_DIRECTORY, false, err);
	int ret = 0;

	if (emptyfd < 0)
		return error_wrap(err, "'/%s'", empty_directory);
	if (take_kept(p, keptfds, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(cover_rows) && ret == 0; i++) {
		ret = cover_one(p, &cover_rows[i], keptfds[i], emptyfd, err);
		if (ret < 0)
			error_wrap(err, "cover '/%s'", cover_rows[i].target);
	}
	close_all(keptfds, N_ROWS(cover_rows));
	return ret;
}

/* The kernel lets a user namespace mount proc and sysfs only where it sees a bare instance already
 * (mount_too_revealing() in fs/namespace.c); LXC keeps them in the same place. */
static const struct {
	const char *from, *to;
} bare_rows[] = {
	{ "proc", "dev/.lxc/proc" },
	{ "sys",  "dev/.lxc/sys" },
};

static int mount_bare(struct plan *p, struct error *err)
{
	for (size_t i = 0; i < N_ROWS(bare_rows); i++) {
		AUTO_CLOSE int fromfd =
			path_open_nolink(p->rootfd, bare_rows[i].from, O_PATH, false, err);
		AUTO_CLOSE int tofd = fromfd < 0 ? -1 : target_open(p, bare_rows[i].to, err);
		AUTO_CLOSE int treefd = tofd < 0 ? -1 : tree_copy(fromfd, 0, err);

		if (treefd < 0 || mount_attach(treefd, tofd, err) < 0)
			return error_wrap(err, "mount '/%s'", bare_rows[i].to);
	}
	return 0;
}

static int mount_proc(struct plan *p, int procfd, struct error *err)
{
	AUTO_CLOSE int targetfd = target_open(p, "proc", err);

	if (targetfd < 0)
		return -1;
	return mount_attach(procfd, targetfd, err) < 0 ? error_wrap(err, "mount '/proc'") : 0;
}

int mounts_system(const struct zone_launch *l, int rootfd, int procfd, struct mounts_out *out,
		  struct error *err)
{
	struct plan p = { .l = l, .rootfd = rootfd, .nullfd = -1, .out = out };
	int ret = mount_proc(&p, procfd, err);

	for (size_t i = 0; i < N_ROWS(mount_rows) && ret == 0; i++)
		if (!mount_rows[i].when || mount_rows[i].when(l))
			ret = mount_fresh(&p, &mount_rows[i], err);
	if (ret == 0 && is_nesting(l))
		ret = mount_bare(&p, err);
	if (ret == 0)
		ret = cover_all(&p, err);
	if (p.nullfd >= 0)
		close(p.nullfd);
	return ret;
}

int mounts_cgroup(int rootfd, struct error *err)
{
	static const struct mount_row row = { "", "cgroup2", { NULL }, SAFE, NULL, NULL };
	AUTO_CLOSE int targetfd =
		path_open_nolink(rootfd, "sys/fs/cgroup", O_PATH | O_DIRECTORY, false, err);
	AUTO_CLOSE int treefd = targetfd < 0 ? -1 : tree_new(&row, 0, err);

	if (treefd < 0 || mount_attach(treefd, targetfd, err) < 0)
		return error_wrap(err, "mount '/sys/fs/cgroup'");
	return 0;
}

int mounts_proc(struct error *err)
{
	static const struct mount_row row = { "", "proc", { NULL }, SAFE, NULL, NULL };

	return tree_new(&row, 0, err);
}

int mounts_private(struct error *err)
{
	struct mount_attr attr = { .propagation = MS_PRIVATE };

	if (sys_mount_setattr(-1, "/", AT_RECURSIVE, &attr) < 0)
		return error_sys(err, "make mounts private");
	return 0;
}

/* An idmapped copy of the tree at dirfd, which must be of the caller's mount namespace. */
static int tree_idmapped(int dirfd, int usernsfd, struct error *err)
{
	/* What runs in the zone with whose rights is the zone's affair, whatever the host lets run
	 * from the store or the pool. */
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP | NODEV,
		.attr_clr = NOSUID,
		.userns_fd = (uint64_t)usernsfd,
	};
	AUTO_CLOSE int treefd = mount_copy(dirfd, false, err);

	if (treefd < 0)
		return -1;
	if (sys_mount_setattr(treefd, "", AT_EMPTY_PATH, &attr) == 0)
		return TAKE_FD(treefd);
	if (errno != EINVAL)
		return error_sys(err, "map the ids of the root filesystem");
	error_set(err, ERR_UNSUPPORTED, "the filesystem of the store has no idmapped mounts");
	return error_hint(err, "put the store on ext4, xfs, btrfs or tmpfs");
}

static int overlay_new(const struct zone_launch *l, struct error *err)
{
	/* Relative to the data directory, so that no path of the host shows inside. */
	struct mount_row row = {
		.type = "overlay",
		.options = { "lowerdir=lower", "upperdir=upper", "workdir=work" },
		.attrs = NODEV,
	};

	/* Nobody needs the files of an ephemeral zone on the disk. */
	if (l->is_ephemeral)
		row.options[3] = "volatile";
	return tree_new(&row, l->uid_base, err);
}

/* A directory of the host's that no zone can stand in. */
static int host_open(const char *path, struct error *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */

	return fd < 0 ? error_sys(err, "open '%s'", path) : fd;
}

static int overlay_root(const struct zone_launch *l, int datafd, int usernsfd, struct error *err)
{
	AUTO_CLOSE int lowerfd = host_open(l->lower_path, err);
	AUTO_CLOSE int treefd = -1;

	if (lowerfd < 0)
		return -1;
	treefd = tree_idmapped(lowerfd, usernsfd, err);
	if (treefd < 0)
		return -1;
	if (sys_move_mount(treefd, "", datafd, "lower", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach the template");
	if (fchdir(datafd) < 0)
		return error_sys(err, "enter the zone's data");
	return overlay_new(l, err);
}

static int copy_root(int datafd, int usernsfd, struct error *err)
{
	AUTO_CLOSE int treefd =
		openat(datafd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (treefd < 0)
		return error_sys(err, "open the zone's root");
	return tree_idmapped(treefd, usernsfd, err);
}

static int data_attach(const struct zone_launch *l, int *out_device, struct error *err)
{
	AUTO_CLOSE int varfd = host_open(l->var_path, err);
	AUTO_CLOSE int zonefd = varfd < 0 ? -1 : host_open(l->zone_path, err);
	const struct disk d = {
		.varfd = varfd, .zonefd = zonefd, .runfd = -1, .uid_base = l->uid_base,
	};

	return zonefd < 0 ? -1 : disk_attach(&d, out_device, err);
}

int mounts_root(const struct zone_launch *l, int usernsfd, int *out_device, struct error *err)
{
	AUTO_CLOSE int datafd = data_attach(l, out_device, err);
	AUTO_CLOSE int rootfd = -1;

	if (datafd < 0)
		return -1;
	rootfd = l->lower_path ? overlay_root(l, datafd, usernsfd, err) :
				 copy_root(datafd, usernsfd, err);
	if (rootfd < 0)
		return -1;
	if (sys_move_mount(rootfd, "", datafd, l->lower_path ? "lower" : "root",
			   MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "attach the root filesystem");
	return TAKE_FD(rootfd);
}

int mounts_pivot(int rootfd, struct error *err)
{
	/* Both on ".": the old root then lies on top of the new one (pivot_root(2), NOTES). */
	if (fchdir(rootfd) < 0)
		return error_sys(err, "enter the root filesystem");
	if (sys_pivot_root(".", ".") < 0)
		return error_sys(err, "pivot to the root filesystem");
	if (sys_umount(".", SYS_UMOUNT_DETACH) < 0)
		return error_sys(err, "detach the host's root");
	return 0;
}
