/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/traits.h"

#include <errno.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "oci/spec_linux.h"

enum { WORD_BITS = sizeof(long) * CHAR_BIT, NICE_MIN = -20, NICE_MAX = 19, IO_LEVELS = 8 };

static int add_range(struct traits_set *out, const char *range, struct error *err)
{
	size_t len = strcspn(range, "-");
	AUTO_FREE char *begin = xstrndup(range, len);
	uint64_t first, last;

	if (num_u64(begin, 0, TRAITS_NUMBERS_MAX - 1, &first, err) < 0)
		return -1;
	last = first;
	if (range[len] && num_u64(range + len + 1, first, TRAITS_NUMBERS_MAX - 1, &last, err) < 0)
		return -1;
	for (uint64_t i = first; i <= last; i++)
		out->bits[i / WORD_BITS] |= 1UL << i % WORD_BITS;
	return 0;
}

/* "0-3, 7"; nothing is no set. */
static int parse_set(struct traits_set *out, const char *text, const char *key, struct error *err)
{
	AUTO_FREE char *list = xstrdup(text ? text : "");
	char *save = NULL;

	for (char *part = strtok_r(list, ", ", &save); part; part = strtok_r(NULL, ", ", &save)) {
		if (add_range(out, part, err) < 0)
			return error_wrap(err, "%s: '%s'", key, text);
		out->is_given = true;
	}
	return 0;
}

static bool is_deadline(const struct oci_scheduler *s)
{
	return s->runtime.is_set || s->deadline.is_set || s->period.is_set;
}

static int check_scheduler(const struct oci_scheduler *s, struct error *err)
{
	bool is_real_time = s->policy == OCI_SCHED_FIFO || s->policy == OCI_SCHED_RR;

	if (s->nice.i < NICE_MIN || s->nice.i > NICE_MAX)
		return error_set(err, ERR_USAGE, "process.scheduler.nice: %d is not within %d and"
				 " %d", (int)s->nice.i, NICE_MIN, NICE_MAX);
	if (s->priority.i != 0 && !is_real_time)
		return error_set(err, ERR_USAGE, "process.scheduler.priority: it can only be"
				 " specified for SCHED_FIFO and SCHED_RR");
	if (is_deadline(s) && s->policy != OCI_SCHED_DEADLINE)
		return error_set(err, ERR_USAGE, "process.scheduler: runtime, deadline and period"
				 " can only be specified for SCHED_DEADLINE");
	return 0;
}

static int check_io_priority(const struct oci_io_priority *io, struct error *err)
{
	if (io->priority.i >= 0 && io->priority.i < IO_LEVELS)
		return 0;
	return error_set(err, ERR_USAGE, "process.ioPriority.priority: %d is not within 0 and %d",
			 (int)io->priority.i, IO_LEVELS - 1);
}

int traits_compile(struct traits *out, const struct oci_process *p, const struct oci_linux *l,
		   struct error *err)
{
	*out = (struct traits){ .scheduler = p->scheduler, .io_priority = p->io_priority };
	if (l) {
		out->memory = l->memory_policy;
		out->personality = l->personality;
	}
	if (p->scheduler && check_scheduler(p->scheduler, err) < 0)
		return -1;
	if (p->io_priority && check_io_priority(p->io_priority, err) < 0)
		return -1;
	if (out->personality && out->personality->n_flags > 0)
		return error_set(err, ERR_UNSUPPORTED, "linux.personality.flags: '%s' is not"
				 " supported: the specification has none yet",
				 out->personality->flags[0]);
	if (out->memory && parse_set(&out->nodes, out->memory->nodes, "linux.memoryPolicy.nodes",
				     err) < 0)
		return -1;
	if (!p->exec_affinity)
		return 0;
	if (parse_set(&out->initial, p->exec_affinity->initial, "process.execCPUAffinity.initial",
		      err) < 0)
		return -1;
	return parse_set(&out->final, p->exec_affinity->final, "process.execCPUAffinity.final",
			 err);
}

/* struct sched_attr of sched_setattr(2), which libc has no header of. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static const uint32_t policy_numbers[] = {
	[OCI_SCHED_OTHER] = SCHED_OTHER, [OCI_SCHED_FIFO] = SCHED_FIFO, [OCI_SCHED_RR] = SCHED_RR,
	[OCI_SCHED_BATCH] = SCHED_BATCH, [OCI_SCHED_ISO] = 4, [OCI_SCHED_IDLE] = SCHED_IDLE,
	[OCI_SCHED_DEADLINE] = 6,
};

static int set_scheduler(const struct oci_scheduler *s, pid_t pid, struct error *err)
{
	const struct attr attr = {
		.size = sizeof(attr),
		.policy = policy_numbers[s->policy],
		.flags = s->flags >> 1,
		.nice = (int32_t)s->nice.i,
		.priority = (uint32_t)s->priority.i,
		.runtime = s->runtime.u,
		.deadline = s->deadline.u,
		.period = s->period.u,
	};

	if (syscall(SYS_sched_setattr, pid, &attr, 0) == 0)
		return 0;
	error_sys(err, "set process.scheduler");
	/* Groups of cgroup v1 begin without any (sched_rt_can_attach(), CONFIG_RT_GROUP_SCHED). */
	if (err->sys == EPERM && (s->policy == OCI_SCHED_FIFO || s->policy == OCI_SCHED_RR))
		error_hint(err, "its group may have no real-time budget:"
			   " linux.resources.cpu.realtimeRuntime gives one");
	return -1;
}

int traits_schedule(const struct traits *t, pid_t pid, struct error *err)
{
	const struct oci_io_priority *io = t->io_priority;

	if (io && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
			  IOPRIO_PRIO_VALUE(io->class, (int)io->priority.i)) < 0)
		return error_sys(err, "set process.ioPriority");
	return t->scheduler ? set_scheduler(t->scheduler, pid, err) : 0;
}

static int set_processors(const struct traits_set *set, const char *key, struct error *err)
{
	if (syscall(SYS_sched_setaffinity, 0, sizeof(set->bits), set->bits) < 0)
		return error_sys(err, "set %s", key);
	return 0;
}

int traits_initial(const struct traits *t, struct error *err)
{
	return t->initial.is_given
		       ? set_processors(&t->initial, "process.execCPUAffinity.initial", err)
		       : 0;
}

/* Without a set those of the group are meant, which are what the kernel makes of all. */
int traits_final(const struct traits *t, struct error *err)
{
	struct traits_set all = { .is_given = true };

	if (t->final.is_given)
		return set_processors(&t->final, "process.execCPUAffinity.final", err);
	if (!t->initial.is_given)
		return 0;
	memset(all.bits, 0xff, sizeof(all.bits));
	return set_processors(&all, "process.execCPUAffinity.final", err);
}

/* The modes stand in the order of the kernel's numbers, from 1; the flags of the tables are its
 * bits from 13 on (linux/mempolicy.h). The last bit of a mask is not looked at (get_nodes()). */
static int set_memory(const struct traits *t, struct error *err)
{
	const struct oci_memory_policy *m = t->memory;
	unsigned long flags = (unsigned long)(m->flags >> 1) << 13;
	long mode = m->mode > 0 ? m->mode - 1 : 0;
	size_t n = TRAITS_NUMBERS_MAX;

	/* The kernel refuses a mask that is longer than a page, and bits of nodes that can't be. */
	while (n > WORD_BITS && t->nodes.bits[n / WORD_BITS - 1] == 0)
		n -= WORD_BITS;
	if (syscall(SYS_set_mempolicy, mode | (long)flags,
		    t->nodes.is_given ? t->nodes.bits : NULL, t->nodes.is_given ? n + 1 : 0) < 0)
		return error_sys(err, "set linux.memoryPolicy %s of nodes '%s'",
				 oci_memory_modes[mode + 1], m->nodes ? m->nodes : "");
	return 0;
}

int traits_apply(const struct traits *t, struct error *err)
{
	const struct oci_personality *p = t->personality;

	if (t->memory && set_memory(t, err) < 0)
		return -1;
	if (p && p->domain > 0 && personality(p->domain == 2 ? PER_LINUX32 : PER_LINUX) < 0)
		return error_sys(err, "set linux.personality");
	return 0;
}
