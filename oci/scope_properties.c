/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dbus.h"
#include "base/mem.h"
#include "base/num.h"
#include "cgroups/unit.h"
#include "oci/resources.h"
#include "oci/scope.h"

enum { CPUS_MAX = 8192, USEC_PER_SEC = 1000000, QUOTA_STEP = 10000, USUAL_PERIOD = 100000 };

/* systemd's infinity is the largest number. */
static uint64_t limit_of(int64_t value)
{
	return value < 0 ? UINT64_MAX : (uint64_t)value;
}

static void put_limit(struct str *props, const char *name, const struct json_number *n)
{
	if (n->is_set && n->i != 0)
		unit_put_u64(props, name, limit_of(n->i));
}

/* systemd counts in hundredths of a processor; a little more is allowed rather than a little less,
 * and the group's own file gets the exact figure. */
static void put_quota(struct str *props, int64_t quota, uint64_t period)
{
	uint64_t each;

	if (period == 0)
		period = USUAL_PERIOD;
	unit_put_u64(props, "CPUQuotaPeriodUSec", period);
	if (quota <= 0) {
		unit_put_u64(props, "CPUQuotaPerSecUSec", UINT64_MAX);
		return;
	}
	each = (uint64_t)((double)quota * USEC_PER_SEC / (double)period);
	each = (each + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	unit_put_u64(props, "CPUQuotaPerSecUSec", each);
}

/* "0-3,7" as bits, the first processor the lowest bit of the first byte. */
static int put_list(struct str *props, const char *name, const char *list, struct error *err)
{
	uint8_t bits[CPUS_MAX / 8] = { 0 };
	size_t n = 0;

	for (const char *at = list; *at;) {
		unsigned long first, last;
		char *end;

		first = last = strtoul(at, &end, 10);
		if (end != at && *end == '-')
			last = strtoul(end + 1, &end, 10);
		if (!isdigit((unsigned char)*at) || (*end && *end != ',') || last < first ||
		    last >= CPUS_MAX)
			return error_set(err, ERR_USAGE, "'%s' is no list of processors or nodes",
					 list);
		for (unsigned long i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1U << i % 8);
		n = last / 8 + 1 > n ? last / 8 + 1 : n;
		at = end + (*end == ',');
	}
	if (n > 0)
		unit_put_bytes(props, name, bits, n);
	return 0;
}

static int add_cpu(struct str *props, const struct oci_cpu *cpu, bool is_v2, struct error *err)
{
	bool is_idle = is_v2 && cpu->idle.is_set && cpu->idle.i == 1;

	if (is_idle)
		unit_put_u64(props, "CPUWeight", 0);
	else if (cpu->shares.is_set && cpu->shares.u != 0)
		unit_put_u64(props, is_v2 ? "CPUWeight" : "CPUShares",
			     is_v2 ? resources_weight(cpu->shares.u) : cpu->shares.u);
	if ((cpu->quota.is_set && cpu->quota.i != 0) || (cpu->period.is_set && cpu->period.u != 0))
		put_quota(props, cpu->quota.i, cpu->period.u);
	if (!is_v2)
		return 0;
	if (cpu->cpus && put_list(props, "AllowedCPUs", cpu->cpus, err) < 0)
		return -1;
	return cpu->mems ? put_list(props, "AllowedMemoryNodes", cpu->mems, err) : 0;
}

static void add_memory(struct str *props, const struct oci_memory *m, bool is_v2)
{
	struct json_number swap = m->swap;

	put_limit(props, is_v2 ? "MemoryMax" : "MemoryLimit", &m->limit);
	if (!is_v2)
		return;
	put_limit(props, "MemoryLow", &m->reservation);
	if (!swap.is_set || swap.i == 0)
		return;
	if (swap.i > 0 && m->limit.is_set && m->limit.i > 0 && swap.i >= m->limit.i)
		unit_put_u64(props, "MemorySwapMax", (uint64_t)(swap.i - m->limit.i));
	else if (swap.i < 0)
		unit_put_u64(props, "MemorySwapMax", UINT64_MAX);
}

/* Files of v2 that hold a number or "max". */
static const struct {
	const char *file, *property;
} unified_rows[] = {
	{ "cpu.weight", "CPUWeight" }, { "io.weight", "IOWeight" }, { "memory.min", "MemoryMin" },
	{ "memory.low", "MemoryLow" }, { "memory.high", "MemoryHigh" },
	{ "memory.max", "MemoryMax" }, { "memory.swap.max", "MemorySwapMax" },
	{ "pids.max", "TasksMax" },
};

/* What systemd can't hold stays a matter of the group's file alone. */
static int add_unified(struct str *props, const struct json_pair *pair, struct error *err)
{
	long long quota = -1;
	unsigned long long period = 0;
	struct error not_a_number;
	uint64_t value;

	if (strcmp(pair->key, "cpuset.cpus") == 0)
		return put_list(props, "AllowedCPUs", pair->value, err);
	if (strcmp(pair->key, "cpuset.mems") == 0)
		return put_list(props, "AllowedMemoryNodes", pair->value, err);
	if (strcmp(pair->key, "cpu.max") == 0 &&
	    (sscanf(pair->value, "max %llu", &period) == 1 ||
	     sscanf(pair->value, "%lld %llu", &quota, &period) >= 1 ||
	     strcmp(pair->value, "max") == 0))
		put_quota(props, quota, period);
	for (size_t i = 0; i < N_ROWS(unified_rows); i++) {
		if (strcmp(pair->key, unified_rows[i].file) != 0)
			continue;
		if (strcmp(pair->value, "max") == 0)
			unit_put_u64(props, unified_rows[i].property, UINT64_MAX);
		else if (num_u64(pair->value, 0, UINT64_MAX, &value, &not_a_number) == 0)
			unit_put_u64(props, unified_rows[i].property, value);
	}
	return 0;
}

int scope_limits(struct str *props, const struct oci_resources *r, bool is_v2, struct error *err)
{
	if (r->cpu && add_cpu(props, r->cpu, is_v2, err) < 0)
		return error_wrap(err, "linux.resources.cpu");
	if (r->memory)
		add_memory(props, r->memory, is_v2);
	if (r->pids)
		put_limit(props, "TasksMax", &r->pids->limit);
	if (r->block_io && r->block_io->weight.is_set && r->block_io->weight.i != 0)
		unit_put_u64(props, is_v2 ? "IOWeight" : "BlockIOWeight",
			     is_v2 ? resources_io_weight((uint64_t)r->block_io->weight.i)
				   : (uint64_t)r->block_io->weight.i);
	for (size_t i = 0; is_v2 && i < r->n_unified; i++)
		if (add_unified(props, &r->unified[i], err) < 0)
			return error_wrap(err, "linux.resources.unified");
	return 0;
}
