/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/proc.h"

enum { LOCKS_SIZE_MAX = 16 << 20, STEP_MAX_MS = 20 };

/* The process that took an flock(2) on the file, by a line of /proc/locks (proc_locks(5)):
 * "1: FLOCK  ADVISORY  WRITE 708 08:02:131 0 EOF". 0: this line is about something else. */
static pid_t holder_in(const char *line, const struct stat *st)
{
	unsigned int major = 0, minor = 0;
	uintmax_t inode = 0;
	int pid = 0;

	/* Lines of those that wait have "->" in the second place. */
	if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%ju", &pid, &major, &minor, &inode) != 4)
		return 0;
	if (makedev(major, minor) != st->st_dev || inode != st->st_ino || pid <= 0)
		return 0;
	return pid;
}

static pid_t find_holder(int fd)
{
	AUTO_CLOSE int locksfd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	struct error ignored;
	struct stat st;

	if (locksfd < 0 || fstat(fd, &st) < 0 ||
	    fd_read_all(locksfd, LOCKS_SIZE_MAX, &text, NULL, &ignored) < 0)
		return 0;
	for (const char *line = text; line && *line;) {
		pid_t pid = holder_in(line, &st);

		if (pid > 0)
			return pid;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return 0;
}

/* The command line, its parts with spaces between; -1 when the process is gone or a kernel's. */
static int command_of(pid_t pid, char *out, size_t size)
{
	AUTO_CLOSE int fd = -1;
	char name[64];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/%d/cmdline", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, size - 1);
	while (n > 0 && out[n - 1] == '\0')
		n--;
	if (n <= 0)
		return -1;
	for (ssize_t i = 0; i < n; i++)
		out[i] = out[i] == '\0' ? ' ' : out[i];
	out[n] = '\0';
	return 0;
}

static uint64_t age_of(const struct proc_id *id)
{
	uint64_t started = id->start / (uint64_t)sysconf(_SC_CLK_TCK), seconds;
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	seconds = (uint64_t)now.tv_sec;
	return seconds > started ? seconds - started : 0;
}

/* Says who holds the lock. That is for people: it may have changed since the lock was tried. */
static int busy(int fd, struct error *err)
{
	pid_t pid = find_holder(fd);
	char command[200], age[NUM_TEXT_MAX];
	struct error ignored;
	struct proc_id id;

	if (pid <= 0 || proc_id_of(pid, &id, &ignored) < 0 ||
	    command_of(pid, command, sizeof(command)) < 0)
		return error_set(err, ERR_BUSY, "held by another command");
	return error_set(err, ERR_BUSY, "held by '%s' (pid %d) for %s", command, (int)pid,
			 num_duration_human(age_of(&id), age));
}

int lock_take(int fd, enum lock_mode mode, int wait_ms, struct error *err)
{
	int operation = (mode == LOCK_ALONE ? LOCK_EX : LOCK_SH) | (wait_ms < 0 ? 0 : LOCK_NB);
	int64_t deadline = clock_ms() + wait_ms;
	int step_ms = 1;

	while (flock(fd, operation) < 0) {
		struct timespec step = { .tv_nsec = step_ms * 1000000L };

		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_sys(err, "lock");
		if (clock_ms() >= deadline)
			return busy(fd, err);
		nanosleep(&step, NULL);
		step_ms = step_ms * 2 < STEP_MAX_MS ? step_ms * 2 : STEP_MAX_MS;
	}
	return 0;
}

void lock_drop(int fd)
{
	flock(fd, LOCK_UN);
}
