/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "oci/container.h"
#include "oci/groups.h"
#include "oci/oci.h"
#include "oci/stats.h"

enum { STATS, INTERVAL };

const struct oci_option oci_events_options[] = {
	[STATS] = { "stats", 0, false }, [INTERVAL] = { "interval", 0, true }, { 0 },
};

/* What tells that the kernel killed somebody for want of memory. */
struct oom {
	int fd;				/* v1: an eventfd; v2: memory.events; -1: nothing tells */
	bool is_v1;
	uint64_t count;			/* v2: of kills so far */
};

struct watch {
	struct oci *oci;
	const char *id;
	struct span span;
	struct oom oom;
	int pidfd;
	int64_t interval_ms;
};

static int say(const struct json_out *line, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	str_addf(&text, "%s\n", str_text(&line->text));
	return fd_write_all(STDOUT_FILENO, text.data, text.len, err);
}

static int say_stats(const struct watch *w, struct error *err)
{
	struct json_out line = { .compact = true };
	int status;

	json_out_object(&line, NULL);
	json_out_str(&line, "type", "stats");
	json_out_str(&line, "id", w->id);
	stats_print(&line, &w->span);
	json_out_end_object(&line);
	status = say(&line, err);
	json_out_clear(&line);
	return status;
}

static int say_oom(const struct watch *w, struct error *err)
{
	struct json_out line = { .compact = true };
	int status;

	json_out_object(&line, NULL);
	json_out_str(&line, "type", "oom");
	json_out_str(&line, "id", w->id);
	json_out_end_object(&line);
	status = say(&line, err);
	json_out_clear(&line);
	return status;
}

static uint64_t count_kills(int fd)
{
	char text[1024];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "oom_kill ");
	return at ? strtoull(at + strlen("oom_kill "), NULL, 10) : 0;
}

/* "EVENTFD FILE" of memory.oom_control (cgroup-v1/memory.rst of the kernel, "OOM Control"). */
static int open_oom_v1(struct oom *oom, int groupfd, struct error *err)
{
	AUTO_CLOSE int controlfd = openat(groupfd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char text[32];

	if (controlfd < 0 || fd < 0)
		return error_sys(err, "open 'memory.oom_control'");
	snprintf(text, sizeof(text), "%d %d", fd, controlfd);
	if (fd_write_control(groupfd, "cgroup.event_control", text, err) < 0)
		return -1;
	oom->is_v1 = true;
	oom->fd = TAKE_FD(fd);
	return 0;
}

static int open_oom(struct oom *oom, const struct span *span, struct error *err)
{
	int fd = span_v1(span, "memory");

	oom->fd = -1;
	if (fd >= 0)
		return open_oom_v1(oom, fd, err);
	fd = span_v2(span);
	oom->fd = fd < 0 ? -1 : openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);
	if (oom->fd >= 0)
		oom->count = count_kills(oom->fd);
	return 0;
}

/* How many kills there were since the last time. */
static uint64_t new_kills(struct oom *oom)
{
	uint64_t n = 0, before = oom->count;

	if (oom->fd < 0)
		return 0;
	if (oom->is_v1)
		return read(oom->fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
	oom->count = count_kills(oom->fd);
	return oom->count > before ? oom->count - before : 0;
}

/* Until the first process ends, whose last moments count too. */
static int watch(struct watch *w, struct error *err)
{
	int64_t next = clock_ms() + w->interval_ms;
	bool is_over = false;

	while (!is_over) {
		struct pollfd fds[] = {
			{ .fd = w->pidfd, .events = POLLIN },
			{ .fd = w->oom.fd, .events = w->oom.is_v1 ? POLLIN : POLLPRI },
		};
		int64_t left = next - clock_ms();

		if (poll(fds, N_ROWS(fds), left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return error_sys(err, "wait for events");
		is_over = fds[0].revents != 0;
		for (uint64_t n = new_kills(&w->oom); n > 0; n--)
			if (say_oom(w, err) < 0)
				return -1;
		if (is_over || clock_ms() < next)
			continue;
		if (say_stats(w, err) < 0)
			return -1;
		next += w->interval_ms;
	}
	return 0;
}

static int open_watch(struct watch *w, const struct container *c, struct error *err)
{
	if (groups_open(c, &w->span, err) < 0)
		return -1;
	if (oci_value(w->oci, STATS))
		return 0;
	w->pidfd = proc_open(&c->state.init, err);
	return w->pidfd < 0 ? -1 : open_oom(&w->oom, &w->span, err);
}

static int read_interval(const struct oci *oci, int64_t *out, struct error *err)
{
	const char *text = oci_value(oci, INTERVAL) ? oci_value(oci, INTERVAL) : "5s";
	uint64_t ms = 0;

	if (num_duration(text, &ms, err) < 0)
		return error_wrap(err, "--interval");
	if (ms == 0 || ms > INT32_MAX)
		return error_set(err, ERR_USAGE, "duration interval must be greater than 0");
	*out = (int64_t)ms;
	return 0;
}

int oci_events(struct oci *oci, struct error *err)
{
	AUTO_CONTAINER struct container c = CONTAINER_NONE;
	struct watch w = { .oci = oci, .id = oci->operands[0], .pidfd = -1, .oom.fd = -1 };
	enum container_status status;
	int result;

	if (read_interval(oci, &w.interval_ms, err) < 0 ||
	    container_open(&c, oci->root, oci->operands[0], 0, err) < 0 ||
	    container_status(&c, &status, err) < 0)
		return -1;
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return error_set(err, ERR_STATE, "container with id %s is not running", c.id);
	result = open_watch(&w, &c, err);
	if (result == 0)
		result = oci_value(oci, STATS) ? say_stats(&w, err) : watch(&w, err);
	if (w.pidfd >= 0)
		close(w.pidfd);
	if (w.oom.fd >= 0)
		close(w.oom.fd);
	span_close(&w.span);
	return result;
}
