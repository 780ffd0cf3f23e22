/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The caller chooses every byte that is read here, and may change it meanwhile: its memory, its
 * directories, even itself, as its pid may be another process by the time it is looked at. So the
 * notice is checked to be valid still after the process was opened (seccomp_unotify(2)), the path
 * is walked without following links, and the worst that can be had is a null device in a directory
 * of the zone's own, on a mount that has no devices.
 */
#include "runtime/mknod.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "runtime/caps.h"
#include "runtime/config.h"

enum { NOTICE_ROOM = 512, STATUS_MAX = 8192, CAP_MKNOD_BIT = 27 };

/* The ones of dev.c, which a zone has already. */
static const struct {
	unsigned int major, minor;
} harmless[] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 },
};

/* The kernel's structures may be longer than the ones known here. */
union notice {
	struct seccomp_notif notif;
	char room[NOTICE_ROOM];
};

union answer {
	struct seccomp_notif_resp resp;
	char room[NOTICE_ROOM];
};

struct call {
	int noticefd;
	uint64_t id;
	uint32_t uid_base;
	int procfd;			/* /proc/PID of the caller */
	int dirfd;			/* its argument */
	char path[PATH_MAX];
	mode_t mode;
	dev_t dev;
	uid_t uid;			/* the caller's fsuid and fsgid, as the host counts */
	gid_t gid;
	mode_t mask;
	bool has_cap;
};

static bool is_harmless(dev_t dev)
{
	for (size_t i = 0; i < N_ROWS(harmless); i++)
		if (makedev(harmless[i].major, harmless[i].minor) == dev)
			return true;
	return false;
}

static bool is_valid(const struct call *c)
{
	uint64_t id = c->id;

	return ioctl(c->noticefd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* A field of /proc/PID/status: the text behind its name, or "". */
static const char *field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? at + strlen(name) : "";
}

/* A process can put a line break into its name, but the kernel escapes it there. */
static int read_status(struct call *c, struct error *err)
{
	AUTO_CLOSE int fd = openat(c->procfd, "status", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *status = NULL;

	if (fd < 0 || fd_read_all(fd, STATUS_MAX, &status, NULL, err) < 0)
		return -1;
	c->has_cap = (strtoull(field(status, "\nCapEff:\t"), NULL, 16) >> CAP_MKNOD_BIT) & 1;
	c->mask = (mode_t)strtoul(field(status, "\nUmask:\t"), NULL, 8);
	/* Real, effective, saved, file system. */
	if (sscanf(field(status, "\nUid:\t"), "%*u %*u %*u %u", &c->uid) != 1 ||
	    sscanf(field(status, "\nGid:\t"), "%*u %*u %*u %u", &c->gid) != 1)
		return error_set(err, ERR_FAILED, "no ids");
	return 0;
}

static int read_path(struct call *c, uint64_t address, struct error *err)
{
	AUTO_CLOSE int memfd = openat(c->procfd, "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n = memfd < 0 ? -1 : pread(memfd, c->path, sizeof(c->path) - 1, (off_t)address);

	if (n <= 0)
		return error_sys(err, "read the caller's memory");
	c->path[n] = '\0';
	return 0;
}

static int read_call(struct call *c, const struct seccomp_notif *notif, struct error *err)
{
	bool is_at = notif->data.nr == SYS_mknodat;
	const __u64 *args = notif->data.args + (is_at ? 1 : 0);
	char proc[32];

	snprintf(proc, sizeof(proc), "/proc/%u", notif->pid);
	c->procfd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC); /* host path */
	if (c->procfd < 0)
		return error_sys(err, "open the caller");
	c->dirfd = is_at ? (int)notif->data.args[0] : AT_FDCWD;
	c->mode = (mode_t)args[1];
	c->dev = (dev_t)(uint32_t)args[2];
	if (read_status(c, err) < 0 || read_path(c, args[0], err) < 0)
		return -1;
	return is_valid(c) ? 0 : error_set(err, ERR_FAILED, "the caller is gone");
}

/* The directory that the caller's path starts from. */
static int open_start(const struct call *c, struct error *err)
{
	char link[32] = "root";
	int fd;

	if (c->path[0] != '/' && c->dirfd == AT_FDCWD)
		snprintf(link, sizeof(link), "cwd");
	else if (c->path[0] != '/')
		snprintf(link, sizeof(link), "fd/%d", c->dirfd);
	fd = openat(c->procfd, link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : error_sys(err, "open where the caller is");
}

/* As the caller: then the node is the caller's at once, also on an idmapped mount, on which the
 * host's root can own nothing. */
static int mknod_as_caller(const struct call *c, int dirfd, const char *name, struct error *err)
{
	mode_t mask = umask(c->mask);
	int ret = -1;

	(void)setfsgid(c->gid);	/* neither tells of a failure: hence the questions */
	(void)setfsuid(c->uid);
	if ((gid_t)setfsgid((gid_t)-1) == c->gid && (uid_t)setfsuid((uid_t)-1) == c->uid)
		ret = caps_raise(err);
	if (ret == 0 && mknodat(dirfd, name, S_IFCHR | (c->mode & 0777), c->dev) < 0)
		ret = error_sys(err, "mknod");
	(void)setfsuid(0);
	(void)setfsgid(0);
	(void)umask(mask);
	return ret;
}

static int make_node(const struct call *c, struct error *err)
{
	AUTO_CLOSE int startfd = open_start(c, err);
	AUTO_CLOSE int parentfd = -1;
	const char *name;
	struct stat st;

	/* Only while the caller still waits is /proc/PID known to have been it. */
	if (startfd < 0 || !is_valid(c))
		return -1;
	parentfd = path_parent(startfd, c->path, &name, err);
	if (parentfd < 0 || fstat(parentfd, &st) < 0)
		return -1;
	if (st.st_uid < c->uid_base || st.st_uid - c->uid_base >= ZONE_IDS) {
		errno = EPERM;
		return error_sys(err, "a directory of the host's");
	}
	return mknod_as_caller(c, parentfd, name, err);
}

/* 0, or the errno that the caller gets; -1 to let the kernel decide. */
static int decide(struct call *c, const struct seccomp_notif *notif)
{
	struct error err = { 0 };
	int reason = -1;

	if (read_call(c, notif, &err) == 0 && S_ISCHR(c->mode) && is_harmless(c->dev) && c->has_cap)
		reason = make_node(c, &err) == 0 ? 0 : err.sys != 0 ? err.sys : EPERM;
	if (c->procfd >= 0)
		close(c->procfd);
	return reason;
}

int mknod_answer(int noticefd, uint32_t uid_base)
{
	union notice notice = { .room = { 0 } };
	union answer answer = { .room = { 0 } };
	struct call c = { .noticefd = noticefd, .uid_base = uid_base, .procfd = -1 };
	int reason;

	if (ioctl(noticefd, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0)
		return errno == EINTR || errno == ENOENT ? 0 : -1;
	c.id = notice.notif.id;
	reason = decide(&c, &notice.notif);
	answer.resp.id = c.id;
	if (reason < 0)
		answer.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		answer.resp.error = -reason;
	(void)ioctl(noticefd, SECCOMP_IOCTL_NOTIF_SEND, &answer);	/* the caller may be gone */
	return 0;
}

void notices_init(struct notices *n, uint32_t uid_base)
{
	n->uid_base = uid_base;
	for (size_t i = 0; i < NOTICES_MAX; i++)
		n->fds[i] = -1;
}

static void drop(struct notices *n, size_t i)
{
	close(n->fds[i]);
	n->fds[i] = -1;
}

void notices_close(struct notices *n)
{
	for (size_t i = 0; i < NOTICES_MAX; i++)
		if (n->fds[i] >= 0)
			drop(n, i);
}

void notices_add(struct notices *n, int fd)
{
	for (size_t i = 0; i < NOTICES_MAX; i++) {
		if (n->fds[i] >= 0)
			continue;
		n->fds[i] = fd;
		return;
	}
	close(fd);
}

size_t notices_poll_set(const struct notices *n, struct pollfd fds[NOTICES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < NOTICES_MAX; i++)
		if (n->fds[i] >= 0)
			fds[count++] = (struct pollfd){ n->fds[i], POLLIN, 0 };
	return count;
}

void notices_serve(struct notices *n, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < NOTICES_MAX; i++)
		for (size_t j = 0; j < count; j++) {
			if (n->fds[i] != fds[j].fd || n->fds[i] < 0 || fds[j].revents == 0)
				continue;
			/* POLLHUP: no process with that filter is left. */
			if ((fds[j].revents & POLLIN) == 0 ||
			    mknod_answer(n->fds[i], n->uid_base) < 0)
				drop(n, i);
		}
}
