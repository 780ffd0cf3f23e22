/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/limits_rows.h"

enum {
	PERIOD_US = 100000, LONG_PERIOD_US = 1000000, QUOTA_MIN_US = 1000,
	SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_DEFAULT = 100,
	CPU_MAX = 8192, CPUS_TEXT_MAX = 4096,
};

struct limits_quota limits_quota(uint64_t cpus_milli)
{
	uint64_t period = PERIOD_US;

	if (cpus_milli * (PERIOD_US / 1000) < QUOTA_MIN_US)
		period = LONG_PERIOD_US;
	return (struct limits_quota){ cpus_milli * (period / 1000), period };
}

uint64_t limits_shares(uint64_t weight)
{
	uint64_t shares = weight * 1024 / WEIGHT_DEFAULT;

	if (shares < SHARES_MIN)
		return SHARES_MIN;
	return shares > SHARES_MAX ? SHARES_MAX : shares;
}

/* One number of a processor list; -1 if there is none or it is out of all reason. */
static int list_number(const char **at)
{
	int n = 0;

	if (**at < '0' || **at > '9')
		return -1;
	for (; **at >= '0' && **at <= '9'; ++*at) {
		n = n * 10 + (**at - '0');
		if (n >= CPU_MAX)
			return -1;
	}
	return n;
}

static bool list_parse(const char *list, bool out[CPU_MAX])
{
	const char *at = list;

	memset(out, 0, CPU_MAX * sizeof(*out));
	for (;;) {
		int first = list_number(&at), last = first;

		if (*at == '-') {
			at++;
			last = list_number(&at);
		}
		if (first < 0 || last < first)
			return false;
		memset(out + first, 1, (size_t)(last - first) + 1);
		if (!*at)
			return true;
		if (*at++ != ',')
			return false;
	}
}

int limits_cpuset_check(const char *list, const char *present, struct error *err)
{
	bool wanted[CPU_MAX], there[CPU_MAX];

	if (!list_parse(list, wanted))
		return error_set(err, ERR_USAGE,
				 "cpuset: '%.64s' is no list of processors (as 0-3,6)", list);
	if (!list_parse(present, there))
		return error_set(err, ERR_FAILED,
				 "cpuset: the host's processors '%.64s' make no sense", present);
	for (int i = 0; i < CPU_MAX; i++) {
		if (wanted[i] && !there[i])
			return error_set(err, ERR_USAGE,
					 "cpuset: no processor %d (this host has %.64s)", i,
					 present);
	}
	return 0;
}

/* The kernel refuses a quota smaller than the burst, so the burst is taken away before the quota
 * is written, and given after it. A kernel without bursts has none to take away. */
int limits_drop_burst(const struct limits_target *t, const struct cgroup_limits *l,
		      struct error *err)
{
	(void)l;	/* the row's next one writes the value */
	return t->is_new ? 0 : limits_put(t, t->file, "0", err);
}

int limits_write_burst(const struct limits_target *t, const struct cgroup_limits *l,
		       struct error *err)
{
	return limits_put_number(t, t->file, l->cpu_burst_ms * 1000, err);
}

int limits_write_cpus(const struct limits_target *t, const struct cgroup_limits *l,
		      struct error *err)
{
	struct limits_quota quota = limits_quota(l->cpus_milli);
	char text[LIMITS_TEXT_MAX];

	if (t->is_v2) {
		if (limits_has_cpus(l))
			snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, quota.quota_us,
				 quota.period_us);
		return limits_put(t, t->file, limits_has_cpus(l) ? text : "max 100000", err);
	}
	/* Two files, and the kernel checks their ratio after each write: no quota stands while the
	 * period changes. */
	if (!t->is_new && limits_put(t, t->file, "-1", err) < 0)
		return -1;
	if (!limits_has_cpus(l))
		return 0;
	if (limits_put_number(t, "cpu.cfs_period_us", quota.period_us, err) < 0)
		return -1;
	return limits_put_number(t, t->file, quota.quota_us, err);
}

int limits_write_weight(const struct limits_target *t, const struct cgroup_limits *l,
			struct error *err)
{
	uint64_t weight = limits_has_weight(l) ? l->cpu_weight : WEIGHT_DEFAULT;

	return limits_put_number(t, t->file, t->is_v2 ? weight : limits_shares(weight), err);
}

int limits_write_cpuset(const struct limits_target *t, const struct cgroup_limits *l,
			struct error *err)
{
	char all[CPUS_TEXT_MAX];
	AUTO_CLOSE int parentfd = -1;
	struct error ignored;

	if (limits_has_cpuset(l))
		return limits_put(t, t->file, l->cpuset, err);
	/* Empty is what the group above has, on v2. But no group with processes can be given an
	 * empty set (ENOSPC), and on v1 an empty one takes none, so the set above is spelt out. */
	if (t->is_v2 && limits_put(t, t->file, "\n", &ignored) == 0)
		return 0;
	parentfd = openat(t->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parentfd < 0)
		return error_sys(err, "open the group above");
	if (fd_read_control(parentfd, t->is_v2 ? "cpuset.cpus.effective" : t->file, all,
			    sizeof(all), err) < 0)
		return -1;
	return limits_put(t, t->file, all, err);
}

int limits_check_cpuset(const struct cgroup_limits *l, struct error *err)
{
	AUTO_CLOSE int dirfd = open("/sys/devices/system/cpu", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char online[CPUS_TEXT_MAX];

	if (dirfd < 0)
		return error_sys(err, "open '/sys/devices/system/cpu'");
	if (fd_read_control(dirfd, "online", online, sizeof(online), err) < 0)
		return -1;
	return limits_cpuset_check(l->cpuset, online, err);
}
