/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/ending.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "cgroups/stats.h"

#define ENDED "ended"
#define ANNOUNCED "ending"

enum { LINE_MAX_BYTES = 512 };

/* The limit that said no, and how. */
struct refusal {
	const char *property;		/* NULL: none did */
	bool is_memory;
	char text[96];
};

static bool is_counted(uint64_t count)
{
	return count != CGROUP_UNKNOWN && count > 0;
}

/* Kernels before 6.11 count a refused fork where the process was, below the zone's group
 * (pids_event() in kernel/cgroup/pids.c); a group that is full tells as much. */
static bool is_full(const struct cgroup_stats *s)
{
	return s->pids != CGROUP_UNKNOWN && s->pids >= s->pids_limit;
}

static void find_refusal(struct zone *z, struct refusal *out)
{
	const unsigned int parts = CGROUP_STATS_REFUSALS | CGROUP_STATS_MEMORY_LIMITS |
				   CGROUP_STATS_PIDS | CGROUP_STATS_PIDS_LIMITS;
	struct cgroup_stats s;
	struct error ignored;
	char size[NUM_TEXT_MAX];

	*out = (struct refusal){ .property = NULL };
	if (site_cgroups(z->site, &ignored) < 0 ||
	    cgroup_stats(&z->site->cgroups, z->name, parts, &s, &ignored) < 0)
		return;
	if (is_counted(s.refusals.oom_kills)) {
		out->property = "memory";
		out->is_memory = true;
		if (s.memory_limit == CGROUP_UNKNOWN)
			snprintf(out->text, sizeof(out->text), "out of memory, as the host was");
		else
			snprintf(out->text, sizeof(out->text), "out of memory (memory is %s)",
				 num_size_text(s.memory_limit, size));
	} else if (is_counted(s.refusals.pids) || is_full(&s)) {
		out->property = "pids";
		snprintf(out->text, sizeof(out->text), "no more processes (pids is %llu)",
			 (unsigned long long)s.pids_limit);
	}
}

void ending_explain(struct zone *z, struct error *err)
{
	struct error first = *err;
	struct refusal refusal;

	find_refusal(z, &refusal);
	if (!refusal.property)
		return;
	error_set(err, first.kind, "%s: %s", first.text, refusal.text);
	err->sys = first.sys;
	error_hint(err, "give it more: zonectl set %s %s=%s", z->name, refusal.property,
		   refusal.is_memory ? "SIZE" : "N");
}

/* All of the path is the host's. Returns out. */
static const char *announcement(const struct zone *z, char out[ZONE_NAME_MAX + 8])
{
	snprintf(out, ZONE_NAME_MAX + 8, "%s/" ANNOUNCED, z->name);
	return out;
}

void ending_announce(const struct zone *z)
{
	char path[ZONE_NAME_MAX + 8];
	int fd = openat(z->site->runfd, announcement(z, path),
			O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0)	/* without it the zone's end is told with a word too many */
		close(fd);
}

/* reboot(2) ends init with SIGHUP or SIGINT, see keeper.c; a halt, and whatever kills from outside,
 * with SIGKILL. */
static char *describe(struct zone *z, const siginfo_t *info)
{
	struct refusal r;

	find_refusal(z, &r);
	if (info->si_code == CLD_EXITED)
		return info->si_status == 0 ? NULL :
		       xasprintf("init ended with status %d%s%s", info->si_status,
				 r.property ? ": " : "", r.text);
	if (info->si_code != CLD_KILLED && info->si_code != CLD_DUMPED)
		return NULL;
	if (info->si_status == SIGHUP || info->si_status == SIGINT)
		return NULL;
	if (info->si_status == SIGKILL)
		return r.is_memory ? xasprintf("init was killed: %s", r.text)
				   : xstrdup("init was killed from outside");
	return xasprintf("init was ended by signal %d (%s)%s%s", info->si_status,
			 strsignal(info->si_status), r.property ? ": " : "", r.text);
}

char *ending_record(struct zone *z, const siginfo_t *info)
{
	char path[ZONE_NAME_MAX + 8];
	AUTO_FREE char *text = NULL;
	struct error ignored;

	if (faccessat(z->site->runfd, announcement(z, path), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return NULL;
	text = describe(z, info);
	/* It is also in console.log, should the disk be full. */
	if (text)
		(void)fd_replace_nosync(z->dirfd, ENDED, 0600, text, strlen(text), &ignored);
	return TAKE_PTR(text);
}

char *ending_read(const struct zone *z)
{
	AUTO_CLOSE int fd = openat(z->dirfd, ENDED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct error ignored;
	char *text;

	if (fd < 0 || fd_read_all(fd, LINE_MAX_BYTES, &text, NULL, &ignored) < 0)
		return NULL;
	return text;
}

void ending_forget(const struct zone *z)
{
	char path[ZONE_NAME_MAX + 8];

	/* Mostly there is neither. */
	(void)unlinkat(z->dirfd, ENDED, 0);
	(void)unlinkat(z->site->runfd, announcement(z, path), 0);
}
