/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/limit_mounts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

int mount_new(const char *type, const char *const options[], unsigned int attrs)
{
	int fsfd = sys_fsopen(type, FSOPEN_CLOEXEC);
	int treefd;

	sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "source", type, 0);
	for (size_t i = 0; options && options[i]; i += 2)
		sys_fsconfig(fsfd, options[i + 1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			     options[i], options[i + 1], 0);
	sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	treefd = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, attrs);
	close(fsfd);
	return treefd;
}

int tree_copy(int dirfd, const char *path, unsigned int attrs)
{
	struct mount_attr attr = { .attr_set = attrs };
	int fd = sys_open_tree(dirfd, path,
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (fd >= 0 && attrs)
		sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr);
	return fd;
}

void attach(int treefd, int dirfd, const char *target)
{
	sys_move_mount(treefd, "", dirfd, target, MOVE_MOUNT_F_EMPTY_PATH);
}

static const struct {
	const char *name, *link;
	mode_t mode;
	unsigned int major, minor;
} dev_rows[] = {
	{ "null",    NULL, S_IFCHR | 0666, 1, 3 },
	{ "zero",    NULL, S_IFCHR | 0666, 1, 5 },
	{ "full",    NULL, S_IFCHR | 0666, 1, 7 },
	{ "random",  NULL, S_IFCHR | 0666, 1, 8 },
	{ "urandom", NULL, S_IFCHR | 0666, 1, 9 },
	{ "tty",     NULL, S_IFCHR | 0666, 5, 0 },
	{ "console", NULL, S_IFREG | 0600, 0, 0 },
	{ "pts",     NULL, S_IFDIR | 0755, 0, 0 },
	{ "shm",     NULL, S_IFDIR | 0755, 0, 0 },
	{ "mqueue",  NULL, S_IFDIR | 0755, 0, 0 },
	{ "ptmx",    "pts/ptmx",        0, 0, 0 },
	{ "fd",      "/proc/self/fd",   0, 0, 0 },
	{ "stdin",   "/proc/self/fd/0", 0, 0, 0 },
	{ "stdout",  "/proc/self/fd/1", 0, 0, 0 },
	{ "stderr",  "/proc/self/fd/2", 0, 0, 0 },
};

static void fill_dev(int devfd)
{
	umask(0);
	for (size_t i = 0; i < N_ROWS(dev_rows); i++) {
		if (dev_rows[i].link)
			(void)!symlinkat(dev_rows[i].link, devfd, dev_rows[i].name);
		else if (S_ISDIR(dev_rows[i].mode))
			mkdirat(devfd, dev_rows[i].name, dev_rows[i].mode & 07777);
		else
			mknodat(devfd, dev_rows[i].name, dev_rows[i].mode,
				makedev(dev_rows[i].major, dev_rows[i].minor));
		(void)!fchownat(devfd, dev_rows[i].name, UID_BASE, UID_BASE,
				AT_SYMLINK_NOFOLLOW);
	}
}

int mount_dev(int rootfd)
{
	static const char *const dev[] = {
		"mode", "755", "size", "64k", "nr_inodes", "4k", "uid", UID_TEXT, "gid", UID_TEXT,
		NULL,
	};
	static const char *const pts[] = {
		"gid", GID_TTY_TEXT, "mode", "620", "ptmxmode", "666", "max", "256", NULL,
	};
	static const char *const shm[] = { "mode", "1777", "uid", UID_TEXT, "gid", UID_TEXT, NULL };
	int devfd = mount_new("tmpfs", dev, NOSUID | NOEXEC);

	attach(devfd, rootfd, "dev");
	fill_dev(devfd);
	attach(mount_new("devpts", pts, NOSUID | NOEXEC), rootfd, "dev/pts");
	attach(mount_new("tmpfs", shm, NOSUID | NODEV), rootfd, "dev/shm");
	attach(mount_new("mqueue", NULL, SAFE), rootfd, "dev/mqueue");
	return devfd;
}

static const char *const kept[] = {
	"proc/sys/net", "proc/sys/fs/mqueue", "proc/sys/kernel/msgmax", "proc/sys/kernel/msgmnb",
	"proc/sys/kernel/msgmni", "proc/sys/kernel/sem", "proc/sys/kernel/shmall",
	"proc/sys/kernel/shmmax", "proc/sys/kernel/shmmni", "proc/sys/kernel/shm_rmid_forced",
	"proc/sys/kernel/hostname", "proc/sys/kernel/domainname",
};
static const char *const read_only[] = {
	"proc/sys", "proc/bus", "proc/fs", "proc/irq", "proc/sysrq-trigger",
};
static const char *const nulls[] = {
	"proc/config.gz", "proc/interrupts", "proc/iomem", "proc/kallsyms", "proc/kcore",
	"proc/key-users", "proc/keys", "proc/latency_stats", "proc/sched_debug", "proc/timer_list",
	"proc/timer_stats",
};
static const char *const empties[] = {
	"proc/acpi", "proc/asound", "proc/scsi", "sys/firmware", "sys/kernel/debug",
	"sys/kernel/security", "sys/kernel/slab", "sys/kernel/tracing", "sys/fs/bpf", "sys/power",
	"sys/devices/virtual/powercap",
};

void cover(int rootfd, int devfd)
{
	int emptyfd = tree_copy(rootfd, "sys/fs/cgroup", SAFE | RO);
	int nullfd = tree_copy(devfd, "null", RO);
	int keptfds[N_ROWS(kept)];

	for (size_t i = 0; i < N_ROWS(kept); i++)
		keptfds[i] = tree_copy(rootfd, kept[i], 0);
	for (size_t i = 0; i < N_ROWS(read_only); i++)
		attach(tree_copy(rootfd, read_only[i], RO), rootfd, read_only[i]);
	for (size_t i = 0; i < N_ROWS(kept); i++)
		attach(keptfds[i], rootfd, kept[i]);
	attach(nullfd, rootfd, nulls[0]);
	for (size_t i = 1; i < N_ROWS(nulls); i++)
		attach(tree_copy(nullfd, "", 0), rootfd, nulls[i]);
	attach(emptyfd, rootfd, empties[0]);
	for (size_t i = 1; i < N_ROWS(empties); i++)
		attach(tree_copy(emptyfd, "", 0), rootfd, empties[i]);
}
