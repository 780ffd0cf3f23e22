/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/dev.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/config.h"

/* In this order: a later row may stand in an earlier one. */
/* clang-format off */
static const struct dev_row {
	const char *name;
	mode_t mode;			/* with its type */
	unsigned int major, minor;
	uint64_t feature;		/* only with it; 0: always */
	const char *link;		/* the target of a symbolic link */
} dev_rows[] = {
	{ "null",    S_IFCHR | 0666,  1,   3, 0, NULL },
	{ "zero",    S_IFCHR | 0666,  1,   5, 0, NULL },
	{ "full",    S_IFCHR | 0666,  1,   7, 0, NULL },
	{ "random",  S_IFCHR | 0666,  1,   8, 0, NULL },
	{ "urandom", S_IFCHR | 0666,  1,   9, 0, NULL },
	{ "tty",     S_IFCHR | 0666,  5,   0, 0, NULL },
	{ "fuse",    S_IFCHR | 0666, 10, 229, FEATURE_FUSE, NULL },
	{ "net",     S_IFDIR | 0755,  0,   0, FEATURE_TUN, NULL },
	{ "net/tun", S_IFCHR | 0666, 10, 200, FEATURE_TUN, NULL },
	{ "console", S_IFREG | 0600,  0,   0, 0, NULL },	/* a terminal is bound here */
	{ "pts",     S_IFDIR | 0755,  0,   0, 0, NULL },	/* mount points */
	{ "shm",     S_IFDIR | 0755,  0,   0, 0, NULL },
	{ "mqueue",  S_IFDIR | 0755,  0,   0, 0, NULL },
	{ "ptmx",    S_IFLNK,         0,   0, 0, "pts/ptmx" },
	{ "fd",      S_IFLNK,         0,   0, 0, "/proc/self/fd" },
	{ "stdin",   S_IFLNK,         0,   0, 0, "/proc/self/fd/0" },
	{ "stdout",  S_IFLNK,         0,   0, 0, "/proc/self/fd/1" },
	{ "stderr",  S_IFLNK,         0,   0, 0, "/proc/self/fd/2" },
};
/* clang-format on */

static int make(int devfd, const struct dev_row *row)
{
	if (S_ISLNK(row->mode))
		return symlinkat(row->link, devfd, row->name);
	if (S_ISDIR(row->mode))
		return mkdirat(devfd, row->name, row->mode & 07777);
	return mknodat(devfd, row->name, row->mode, makedev(row->major, row->minor));
}

int dev_fill(int devfd, uint64_t features, struct error *err)
{
	mode_t mask = umask(0);

	for (size_t i = 0; i < N_ROWS(dev_rows); i++) {
		const struct dev_row *row = &dev_rows[i];

		if (row->feature != 0 && (features & row->feature) == 0)
			continue;
		if (make(devfd, row) < 0)
			return error_sys(err, "make /dev/%s", row->name);
	}
	umask(mask);
	return 0;
}

int dev_pty_open(int ptsfd, uid_t uid, int *out_slavefd, struct error *err)
{
	AUTO_CLOSE int masterfd = -1, slavefd = -1;
	struct statfs fs;
	int unlock = 0;

	/* What is called so elsewhere may be any device, which opening alone can set off. */
	if (fstatfs(ptsfd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return error_set(err, ERR_FAILED, "there is no devpts at /dev/pts");
	masterfd = openat(ptsfd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	if (masterfd < 0)
		return error_sys(err, "open a terminal");
	if (ioctl(masterfd, TIOCSPTLCK, &unlock) < 0)
		return error_sys(err, "unlock the terminal");
	/* By descriptor: a path could be another zone's terminal by then (CVE-2025-52565). */
	slavefd = ioctl(masterfd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slavefd < 0)
		return error_sys(err, "open the terminal's other end");
	if (fchown(slavefd, uid, (gid_t)-1) < 0)
		return error_sys(err, "give the terminal to user %u", uid);
	*out_slavefd = TAKE_FD(slavefd);
	return TAKE_FD(masterfd);
}
