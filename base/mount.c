/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"

/* The kernel's own words about a failed mount, read from its context: "overlay: ...". */
static int context_error(int fsfd, const char *type, struct error *err)
{
	int reason = errno;
	char log[200];
	ssize_t n = read(fsfd, log, sizeof(log) - 1);

	errno = reason;
	if (n <= 2)
		return error_sys(err, "mount %s", type);
	log[n] = '\0';
	log[strcspn(log, "\n")] = '\0';
	return error_sys(err, "mount %s (%s)", type, log + 2);	/* after "e " */
}

int mount_new(const char *type, const char *source, struct error *err)
{
	AUTO_CLOSE int fsfd = sys_fsopen(type, FSOPEN_CLOEXEC);

	if (fsfd < 0)
		return error_sys(err, "mount %s", type);
	if (sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return context_error(fsfd, type, err);
	return TAKE_FD(fsfd);
}

int mount_option(int fsfd, const char *type, const char *name, const char *value,
		 struct error *err)
{
	unsigned int how = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	return sys_fsconfig(fsfd, how, name, value, 0) < 0 ? context_error(fsfd, type, err) : 0;
}

int mount_make(int fsfd, const char *type, uint64_t attrs, struct error *err)
{
	int treefd;

	if (sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(fsfd, type, err);
	treefd = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, (unsigned int)attrs);
	return treefd >= 0 ? treefd : error_sys(err, "mount %s", type);
}

int mount_copy(int fd, bool is_recursive, struct error *err)
{
	int treefd = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
					   (is_recursive ? AT_RECURSIVE : 0));

	return treefd >= 0 ? treefd : error_sys(err, "copy a mount");
}

int mount_change(int fd, uint64_t set, uint64_t clear, bool is_recursive, struct error *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	if (set == 0 && clear == 0)
		return 0;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attr) < 0)
		return error_sys(err, "set mount attributes");
	return 0;
}

int mount_attach(int treefd, int targetfd, struct error *err)
{
	if (sys_move_mount(treefd, "", targetfd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "attach");
	return 0;
}
