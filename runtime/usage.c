/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "netns/net.h"
#include "runtime/zone.h"

enum {
	SECOND = 1000000, REASON_MAX = 512,
	WORKERS_MAX = 8, WORTH_A_WORKER = 128,	/* zones: some 10 ms, where a process costs 0.5 */
	TURN = 8,			/* zones: 1 ms */
};

uint64_t usage_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

/*
 * One zone
 */

struct reading {
	struct site *site;
	const struct usage_want *want;
};

static void read_disk(const struct reading *r, struct usage *u)
{
	AUTO_CLOSE int runfd = -1;
	struct zone z = { .dirfd = -1 };
	struct error ignored = { 0 };

	/* What can't be read is shown as not known; verify tells why. */
	if (zone_open(&z, r->site, u->name, 0, &ignored) < 0)
		return;
	if (u->is_up)
		runfd = openat(r->site->runfd, u->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	u->has_disk = disk_usage(&(struct disk){ .varfd = r->site->varfd, .zonefd = z.dirfd,
						 .runfd = runfd,
						 .uid_base = z.config.uid_base },
				 &u->disk, &ignored) == 0;
	zone_close(&z);
}

static void read_before(const struct reading *r, struct usage *u)
{
	AUTO_CLOSE int dirfd = openat(r->site->zonesfd, u->name,
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error ignored = { 0 };

	u->has_before = dirfd >= 0 && counters_read(dirfd, &u->before, &ignored) == 0;
}

static void read_parts(const struct reading *r, struct usage *u)
{
	struct error ignored = { 0 };

	if (u->is_up && r->want->stats) {
		u->at_usec = usage_now();
		u->has_stats = cgroup_stats(&r->site->cgroups, u->name, r->want->stats, &u->stats,
					    &ignored) == 0;
	}
	if (r->want->disk)
		read_disk(r, u);
	if (r->want->before)
		read_before(r, u);
}

/* 1 when the zone is in the sample, 0 when it is not wanted. */
static int read_zone(const struct reading *r, const char *name, struct usage *u, struct error *err)
{
	struct zone_status status;

	*u = (struct usage){ .at_usec = 0 };
	if (zone_glance(&status, r->site, name, err) < 0)
		return -1;
	u->state = status.state;
	u->is_up = ZONE_BIT(status.state) & ZONE_UP;
	if (u->is_up) {
		u->init = status.run.init;
		u->started_usec = status.run.started_mono_ms * 1000;
	}
	zone_status_clear(&status);
	if ((r->want->is_up && !u->is_up) || u->state == ZONE_INCOMPLETE)
		return 0;
	memset(&u->stats, 0xff, sizeof(u->stats));
	strcpy(u->name, name);
	read_parts(r, u);
	return 1;
}

/*
 * A sample
 */

static int begin(struct reading *r, struct error *err)
{
	if (r->want->stats && site_cgroups(r->site, err) < 0)
		return -1;
	if (r->want->stats & (CGROUP_STATS_HUGEPAGES | CGROUP_STATS_REFUSALS))
		cgroup_host_huge_page(&r->site->cgroups);
	if (r->want->stats)
		cgroup_host_near(&r->site->cgroups);
	return 0;
}

/* Of all zones at once. */
struct nets {
	struct net_zone_stats *list;	/* owned, sorted */
	size_t n;
};

static int read_nets(const struct reading *r, struct nets *out, struct error *err)
{
	if (!r->want->net)
		return 0;
	if (net_stats_all(r->site->id, &out->list, &out->n, err) < 0)
		return -1;
	return r->want->drops ? net_drops_all(r->site->id, out->list, out->n, err) : 0;
}

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct net_zone_stats *)entry)->zone);
}

static void set_net(const struct nets *nets, struct usage *u)
{
	const struct net_zone_stats *found = NULL;

	if (nets->list)
		found = bsearch(u->name, nets->list, nets->n, sizeof(*nets->list), by_name);
	u->has_net = found;
	if (found)
		u->net = found->stats;
}

/* A zone that was read: slots are shared with the processes that read. */
struct slot {
	enum { SLOT_EMPTY, SLOT_READ, SLOT_UNWANTED, SLOT_FAILED } got;
	struct usage usage;
	char reason[REASON_MAX];	/* why it failed */
};

/* In memory that all of the processes have. */
struct shared {
	atomic_size_t next;		/* the first that nobody has taken to read */
	struct slot slots[];
};

static void read_slots(const struct reading *r, char *const *names, struct slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };
		int got = read_zone(r, names[i], &slots[i].usage, &why);

		if (got < 0)
			snprintf(slots[i].reason, sizeof(slots[i].reason), "%s", why.text);
		slots[i].got = got < 0 ? SLOT_FAILED : got > 0 ? SLOT_READ : SLOT_UNWANTED;
	}
}

static size_t count_workers(size_t n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = cpus > 0 && cpus < WORKERS_MAX ? (size_t)cpus : WORKERS_MAX;

	return n / WORTH_A_WORKER + 1 < most ? n / WORTH_A_WORKER + 1 : most;
}

/* Whoever is free takes the next few. */
static void read_turns(const struct reading *r, char *const *names, struct shared *s, size_t n)
{
	size_t first;

	while ((first = atomic_fetch_add(&s->next, TURN)) < n)
		read_slots(r, names + first, s->slots + first, n - first < TURN ? n - first : TURN);
}

/* The caller reads the network of all zones, and then takes turns, too; what a worker that was
 * killed left undone, it does. */
static int share_out(const struct reading *r, char *const *names, struct shared *s,
		     struct nets *out, struct error *err)
{
	pid_t workers[WORKERS_MAX];
	size_t n = strv_len(names), n_workers = count_workers(n);
	int status;

	for (size_t w = 1; w < n_workers; w++) {
		workers[w] = fork();
		if (workers[w] == 0) {
			read_turns(r, names, s, n);
			_exit(0);
		}
	}
	status = read_nets(r, out, err);
	if (status == 0)
		read_turns(r, names, s, n);
	for (size_t w = 1; w < n_workers; w++)
		while (workers[w] > 0 && waitpid(workers[w], NULL, 0) < 0 && errno == EINTR)
			;
	for (size_t i = 0; i < n && status == 0; i++)
		if (s->slots[i].got == SLOT_EMPTY)
			read_slots(r, names + i, s->slots + i, 1);
	return status;
}

static void collect(struct usage_sample *s, char *const *names, const struct slot *slots,
		    const struct nets *nets)
{
	size_t n = strv_len(names);

	s->list = xreallocarray(NULL, n + 1, sizeof(*s->list));
	for (size_t i = 0; i < n; i++) {
		if (slots[i].got == SLOT_READ) {
			s->list[s->n] = slots[i].usage;
			if (slots[i].usage.is_up)
				set_net(nets, &s->list[s->n]);
			s->n++;
		}
		if (slots[i].got != SLOT_FAILED)
			continue;
		strv_add(&s->failed, names[i]);
		strv_add(&s->reasons, slots[i].reason);
	}
}

int usage_read(struct site *site, char *const *names, const struct usage_want *want,
	       struct usage_sample *out, struct error *err)
{
	struct reading r = { .site = site, .want = want };
	size_t size = sizeof(struct shared) + strv_len(names) * sizeof(struct slot);
	struct usage_sample s = { .n = 0 };
	struct nets nets = { .n = 0 };
	struct shared *shared;
	int status;

	if (begin(&r, err) < 0)
		return -1;
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return error_sys(err, "memory for %zu zones", strv_len(names));
	status = share_out(&r, names, shared, &nets, err);
	if (status == 0) {
		collect(&s, names, shared->slots, &nets);
		*out = s;
	}
	munmap(shared, size);
	free(nets.list);
	return status;
}

void usage_clear(struct usage_sample *s)
{
	free(s->list);
	strv_clear(&s->failed);
	strv_clear(&s->reasons);
	*s = (struct usage_sample){ .n = 0 };
}

static int by_usage_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct usage *)entry)->name);
}

const struct usage *usage_find(const struct usage_sample *s, const char *name)
{
	if (s->n == 0)
		return NULL;
	return bsearch(name, s->list, s->n, sizeof(*s->list), by_usage_name);
}

/*
 * Between two samples
 */

struct net_count usage_net_in(const struct net_stats *s)
{
	return (struct net_count){ s->in4.bytes + s->in6.bytes, s->in4.packets + s->in6.packets };
}

struct net_count usage_net_out(const struct net_stats *s)
{
	return (struct net_count){ s->out4.bytes + s->out6.bytes,
				   s->out4.packets + s->out6.packets };
}

uint64_t usage_hits(const struct cgroup_refusals *r)
{
	struct cgroup_refusals copy = *r;
	const uint64_t *all = (const uint64_t *)&copy;
	uint64_t sum = 0;
	bool is_known = false;

	for (size_t i = 0; i < sizeof(copy) / sizeof(*all); i++) {
		if (all[i] == CGROUP_UNKNOWN)
			continue;
		sum += all[i];
		is_known = true;
	}
	return is_known ? sum : CGROUP_UNKNOWN;
}

/* A second's worth of what went up from before to now, times scale. */
static uint64_t rate(uint64_t before, uint64_t now, uint64_t usec, uint64_t scale)
{
	if (now <= before || usec == 0)
		return 0;
	return (uint64_t)((double)(now - before) * SECOND / (double)usec * (double)scale);
}

static bool is_same_boot(const struct usage *a, const struct usage *b)
{
	return a->is_up && a->init.pid == b->init.pid && a->init.start == b->init.start;
}

static void io_rates(const struct cgroup_stats *from, const struct cgroup_stats *to, uint64_t usec,
		     struct usage_rates *out)
{
	out->has_io = to->io_read != CGROUP_UNKNOWN;
	if (!out->has_io)
		return;
	out->io_read = rate(from->io_read, to->io_read, usec, 1);
	out->io_written = rate(from->io_written, to->io_written, usec, 1);
	out->io_reads = rate(from->io_reads, to->io_reads, usec, 1);
	out->io_writes = rate(from->io_writes, to->io_writes, usec, 1);
}

static void net_rates(const struct net_stats *from, const struct net_stats *to, uint64_t usec,
		      struct usage_rates *out)
{
	struct net_count in_from = usage_net_in(from), in_to = usage_net_in(to);
	struct net_count out_from = usage_net_out(from), out_to = usage_net_out(to);

	out->net_in = rate(in_from.bytes, in_to.bytes, usec, 1);
	out->net_in_packets = rate(in_from.packets, in_to.packets, usec, 1);
	out->net_out = rate(out_from.bytes, out_to.bytes, usec, 1);
	out->net_out_packets = rate(out_from.packets, out_to.packets, usec, 1);
}

void usage_rates(const struct usage *before, const struct usage *now, struct usage_rates *out)
{
	const uint64_t percent = 100 * 1000;
	struct usage birth = { .at_usec = now->started_usec };
	uint64_t usec;

	*out = (struct usage_rates){ .has_cpu = false };
	if (!now->has_stats)
		return;
	if (!before || !before->has_stats || !is_same_boot(before, now))
		before = &birth;
	usec = now->at_usec > before->at_usec ? now->at_usec - before->at_usec : 0;
	out->has_cpu = now->stats.cpu_usec != CGROUP_UNKNOWN;
	if (out->has_cpu)
		out->cpu = rate(before->stats.cpu_usec, now->stats.cpu_usec, usec, percent) /
			   SECOND;
	io_rates(&before->stats, &now->stats, usec, out);
	out->has_net = now->has_net;
	if (now->has_net)
		net_rates(&before->net, &now->net, usec, out);
}
