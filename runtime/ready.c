/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cgroups/stats.h"
#include "runtime/ending.h"
#include "runtime/state.h"

#define READY_FILE "ready"

enum { IDLE_STEP_MS = 250, IDLE_STEPS = 6, IDLE_USEC = 2000, NOTIFY_MAX = 4096,
       CLEANUP_WAIT_MS = 5000 };

/* What inits without sd_notify(3) end their start with. */
static const char *const prompts[] = { "login: ", "to activate this console" };

void ready_init(struct ready *r, int rundirfd)
{
	*r = (struct ready){ .rundirfd = rundirfd };
	(void)unlinkat(rundirfd, READY_FILE, 0);	/* of the boot before a reboot */
}

static void set_ready(struct ready *r)
{
	int fd = openat(r->rundirfd, READY_FILE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	r->is_ready = true;
	if (fd >= 0)
		close(fd);
}

void ready_see_console(struct ready *r, const char *data, size_t len)
{
	size_t keep = sizeof(r->tail) - 1;

	if (r->is_ready)
		return;
	for (size_t i = 0; i < len; i++) {
		memmove(r->tail, r->tail + 1, keep - 1);
		/* A NUL would hide what follows it from strstr(3). */
		r->tail[keep - 1] = data[i] == '\0' ? ' ' : data[i];
		for (size_t p = 0; p < N_ROWS(prompts); p++) {
			size_t n = strlen(prompts[p]);

			if (memcmp(r->tail + keep - n, prompts[p], n) == 0)
				set_ready(r);
		}
		if (r->is_ready)
			return;
	}
}

void ready_see_notify(struct ready *r, int notifyfd)
{
	char buf[NOTIFY_MAX];
	ssize_t n;

	/* What the zone sends is only looked at for one line; descriptors it may add are dropped,
	 * as no room is given for them. */
	while ((n = recv(notifyfd, buf, sizeof(buf) - 1, MSG_DONTWAIT)) > 0) {
		buf[n] = '\0';
		if (!r->is_ready && (strncmp(buf, "READY=1", 7) == 0 || strstr(buf, "\nREADY=1")))
			set_ready(r);
	}
}

static bool is_there(int rundirfd)
{
	struct stat st;

	return fstatat(rundirfd, READY_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

struct idle {
	uint64_t usec;
	int steps;
};

/* True after IDLE_STEPS steps in a row in which the zone did next to nothing. */
static bool is_settled(struct zone *z, struct idle *idle)
{
	struct cgroup_stats stats;
	struct error err = { 0 };

	if (cgroup_stats(&z->site->cgroups, z->name, CGROUP_STATS_CPU, &stats, &err) < 0)
		return false;
	idle->steps = stats.cpu_usec - idle->usec < IDLE_USEC ? idle->steps + 1 : 0;
	idle->usec = stats.cpu_usec;
	return idle->steps >= IDLE_STEPS;
}

/* The keeper says why in the zone's directory, but may not have come to it yet. */
static int tell_end(const struct zone *z, const struct zone_status *st, struct error *err)
{
	AUTO_CLOSE int keeperfd = st->has_keeper ? proc_open(&st->run.keeper, err) : -1;
	AUTO_FREE char *why = NULL;

	if (keeperfd >= 0 && proc_wait_end(keeperfd, CLEANUP_WAIT_MS, err) < 0)
		return -1;
	why = ending_read(z);
	if (!why)
		return error_set(err, ERR_STATE, "ended before it was up");
	error_set(err, ERR_STATE, "ended before it was up: %s", why);
	return error_hint(err, "try: zonectl log %s", z->name);
}

static int wait_ready(struct zone *z, const struct zone_status *st, int rundirfd, int timeout_ms,
		      struct error *err)
{
	AUTO_CLOSE int notifyfd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	AUTO_FREE char *path = xasprintf("/proc/self/fd/%d", rundirfd);
	bool says_so =
		st->run.template_init_kind && strcmp(st->run.template_init_kind, "systemd") == 0;
	int64_t end = clock_ms() + timeout_ms;
	struct idle idle = { 0 };
	char events[4096];

	if (notifyfd < 0 || inotify_add_watch(notifyfd, path, IN_CREATE) < 0)
		return error_sys(err, "watch for the zone to be up");
	while (!is_there(rundirfd)) {
		struct pollfd fds[] = { { notifyfd, POLLIN, 0 }, { st->initfd, POLLIN, 0 } };

		if (clock_ms() >= end)
			return error_set(err, ERR_FAILED, "not up after %d s",
					 (timeout_ms + 999) / 1000);
		if (poll(fds, 2, IDLE_STEP_MS) < 0 && errno != EINTR)
			return error_sys(err, "wait for the zone to be up");
		if (fds[1].revents)
			return tell_end(z, st, err);
		if (fds[0].revents)
			(void)!read(notifyfd, events, sizeof(events));	/* only the file counts */
		if (!says_so && !fds[0].revents && is_settled(z, &idle))
			return 0;
	}
	return 0;
}

int zone_wait_ready(struct zone *z, int timeout_ms, struct error *err)
{
	struct zone_status st;
	AUTO_CLOSE int rundirfd = -1;
	int ret;

	if (site_cgroups(z->site, err) < 0 || zone_status(&st, z->site, z->name, err) < 0)
		return -1;
	rundirfd = openat(z->site->runfd, z->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st.initfd < 0 || (rundirfd < 0 && errno == ENOENT))
		ret = tell_end(z, &st, err);
	else if (rundirfd < 0)
		ret = error_sys(err, "open the zone's run directory");
	else
		ret = wait_ready(z, &st, rundirfd, timeout_ms, err);
	zone_status_clear(&st);
	return ret;
}
