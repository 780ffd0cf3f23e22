/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run as a zone's root: tries to get DIRECTORY, and a file and a directory below, out of the quota
 * of their project, in every way the kernel has. Prints what worked; 1 if anything did.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int worked;

static void tell(const char *what, const char *path, int ret)
{
	printf("%s %s: %s\n", what, path, ret == 0 ? "worked" : strerror(errno));
	worked |= ret == 0;
}

static void leave(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | flags);
	struct fsxattr x = { 0 };
	int bits = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0 ||
	    ioctl(fd, FS_IOC_GETFLAGS, &bits) < 0) {
		tell("look at", path, 0);	/* without that nothing below would mean anything */
		return;
	}
	x.fsx_projid = 0;
	tell("FSSETXATTR, no project,", path, ioctl(fd, FS_IOC_FSSETXATTR, &x));
	x.fsx_projid = 4711;
	tell("FSSETXATTR, another project,", path, ioctl(fd, FS_IOC_FSSETXATTR, &x));
	if (flags & O_DIRECTORY) {
		ioctl(fd, FS_IOC_FSGETXATTR, &x);
		x.fsx_xflags &= ~(unsigned int)FS_XFLAG_PROJINHERIT;
		tell("FSSETXATTR, no inheritance,", path, ioctl(fd, FS_IOC_FSSETXATTR, &x));
		bits &= ~FS_PROJINHERIT_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &bits);
		ioctl(fd, FS_IOC_FSGETXATTR, &x);
		tell("SETFLAGS, no inheritance,", path,
		     x.fsx_xflags & FS_XFLAG_PROJINHERIT ? -1 : 0);
	}
	close(fd);
}

static void quotas(const char *path)
{
	struct if_dqblk block = { .dqb_valid = QIF_LIMITS };
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	tell("Q_SETQUOTA", path,
	     (int)syscall(SYS_quotactl_fd, fd, QCMD(Q_SETQUOTA, PRJQUOTA), 1000000000, &block));
	tell("Q_QUOTAOFF", path,
	     (int)syscall(SYS_quotactl_fd, fd, QCMD(Q_QUOTAOFF, PRJQUOTA), 0, NULL));
	close(fd);
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/dir", argv[1]);
	if (mkdir(path, 0755) < 0)
		return 2;
	leave(path, O_DIRECTORY);
	snprintf(path, sizeof(path), "%s/file", argv[1]);
	if (open(path, O_WRONLY | O_CREAT, 0644) < 0)
		return 2;
	leave(path, 0);
	leave(argv[1], O_DIRECTORY);
	quotas(argv[1]);
	return worked;
}
