/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"

enum {
	STAT_MAX = 2048, STATUS_MAX = 8192, SECOND = 1000000,
	STUCK_MS = 150,			/* longer than any read of arguments takes */
	STUCK_MAX = 4,			/* traps: what comes behind so many is not read */
};

/*
 * Numbers
 */

static int read_file(pid_t pid, const char *file, char *text, size_t size, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (fd_read_control(AT_FDCWD, path, text, size, err) >= 0)
		return 0;
	if (err->sys == ENOENT || err->sys == ESRCH)
		return error_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
	return -1;
}

static uint64_t from_ticks(uint64_t ticks)
{
	return ticks * SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t age_of(uint64_t start_ticks)
{
	struct timespec now;
	uint64_t usec, start = from_ticks(start_ticks);

	clock_gettime(CLOCK_BOOTTIME, &now);
	usec = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
	return usec > start ? usec - start : 0;
}

/* "PID (NAME) STATE ..." (proc_pid_stat(5)): the name may hold spaces, brackets and newlines, but
 * no later field holds a bracket. */
static int parse_stat(char *text, struct process *p, struct error *err)
{
	enum { STATE = 3, UTIME = 14, STIME = 15, START = 22, RSS = 24 };
	char *name = strchr(text, '('), *end = strrchr(text, ')'), *at = end;
	uint64_t fields[RSS + 1] = { 0 };

	if (!name || !end || end < name || end[1] != ' ')
		return error_set(err, ERR_FAILED, "no process in '/proc/%d/stat'", (int)p->pid);
	p->state = end[2];
	for (int i = STATE; at && i <= RSS; i++) {
		at = strchr(at + 1, ' ');
		fields[i] = at ? strtoull(at + 1, NULL, 10) : 0;
	}
	*end = '\0';
	snprintf(p->name, sizeof(p->name), "%s", name + 1);
	p->cpu_usec = from_ticks(fields[UTIME] + fields[STIME]);
	p->age_usec = age_of(fields[START]);
	p->memory = fields[RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* Number i from 0 behind "KEY:\t". The kernel escapes newlines in the name, which stands first. */
static uint64_t status_number(const char *text, const char *key, int i)
{
	const char *at = strstr(text, key);

	if (!at)
		return 0;
	at += strlen(key);
	for (; i > 0; i--) {
		at += strspn(at, "\t");
		at += strcspn(at, "\t\n");
	}
	return *at == '\t' ? strtoull(at + 1, NULL, 10) : 0;
}

int process_read(pid_t pid, struct process *out, struct error *err)
{
	struct process p = { .pid = pid };
	char stat[STAT_MAX], status[STATUS_MAX];

	if (read_file(pid, "stat", stat, sizeof(stat), err) < 0 ||
	    read_file(pid, "status", status, sizeof(status), err) < 0 ||
	    parse_stat(stat, &p, err) < 0)
		return -1;
	p.uid = (uint32_t)status_number(status, "\nUid:", 1);
	/* The numbers in this namespace, in the zone's, in those that the zone made. */
	p.vpid = (pid_t)status_number(status, "\nNSpid:", 1);
	*out = p;
	return 0;
}

void process_clear(struct process *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].arguments);
	free(list);
}

/*
 * Arguments
 */

/* Shared with the child that reads. */
struct desk {
	size_t done;			/* processes that were read, in order */
	struct slot {
		size_t len;
		char text[PROCESS_ARGUMENTS_MAX];
	} slots[];
};

struct reading {
	struct process *list;		/* borrowed */
	size_t n;
	struct desk *desk;
	pid_t child;
	int childfd;			/* pidfd */
};

static void read_slot(pid_t pid, struct slot *s)
{
	char path[64];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, s->text, sizeof(s->text));
	s->len = n > 0 ? (size_t)n : 0;
}

static void child_main(struct reading *r, size_t first)
{
	/* A reader of our output must not wait for a child that is stuck. */
	(void)sys_close_range(0, ~0U, 0);	/* fails on no kernel since 5.9 */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = first; i < r->n; i++) {
		read_slot(r->list[i].pid, &r->desk->slots[i]);
		__atomic_store_n(&r->desk->done, i + 1, __ATOMIC_RELEASE);
	}
	_exit(0);
}

static size_t done(const struct reading *r)
{
	return __atomic_load_n(&r->desk->done, __ATOMIC_ACQUIRE);
}

/* One that only waits for its turn on a busy host is not stuck. */
static bool is_asleep(pid_t pid)
{
	struct error gone = { 0 };
	struct process p;

	return process_read(pid, &p, &gone) == 0 && p.state != 'R';
}

/* True when the child is through, false when it got stuck at done(). */
static bool wait_child(struct reading *r, struct error *err)
{
	size_t before = done(r);

	for (;;) {
		size_t now;

		if (proc_wait_end(r->childfd, STUCK_MS, err) != 0)
			return true;
		now = done(r);
		if (now == before && is_asleep(r->child))
			return false;
		before = now;
	}
}

/* One that is stuck can't even be killed: it ends when what it waits for does. */
static void leave_child(struct reading *r, bool is_stuck)
{
	if (is_stuck)
		kill(r->child, SIGKILL);
	while (waitpid(r->child, NULL, is_stuck ? WNOHANG : 0) < 0 && errno == EINTR)
		;
	cleanup_close(&r->childfd);
}

static int read_slots(struct reading *r, struct error *err)
{
	for (int traps = 0; traps < STUCK_MAX && done(r) < r->n; traps++) {
		bool is_stuck;

		r->child = fork();
		if (r->child < 0)
			return error_sys(err, "start a reader of arguments");
		if (r->child == 0)
			child_main(r, done(r));
		r->childfd = sys_pidfd_open(r->child, 0);
		is_stuck = r->childfd >= 0 && !wait_child(r, err);
		leave_child(r, is_stuck);
		if (is_stuck)
			r->desk->done++;
	}
	return 0;
}

/* As a command line shows them: each ends with a NUL, and spaces at the end say nothing. */
static char *text_of(const struct slot *s)
{
	size_t len = s->len;
	char *text;

	while (len > 0 && (s->text[len - 1] == '\0' || s->text[len - 1] == ' '))
		len--;
	if (len == 0)
		return NULL;
	text = xcalloc(1, len + 1);
	memcpy(text, s->text, len);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return text;
}

int process_read_arguments(struct process *list, size_t n, struct error *err)
{
	struct reading r = { .list = list, .n = n };
	size_t size = sizeof(*r.desk) + n * sizeof(r.desk->slots[0]);
	int status;

	if (n == 0)
		return 0;
	/* Pages that nothing is written to are never made. */
	r.desk = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r.desk == MAP_FAILED)
		return error_sys(err, "memory for arguments");
	status = read_slots(&r, err);
	for (size_t i = 0; i < n; i++)
		list[i].arguments = text_of(&r.desk->slots[i]);
	munmap(r.desk, size);
	return status;
}
