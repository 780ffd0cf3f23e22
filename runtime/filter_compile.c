/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/filter_compile.h"

#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/config.h"
#include "runtime/filter_table.h"

/*
 * libseccomp knows what call has which number where; the instructions are ours.
 * Its own compare one number each, this file searches ranges of numbers with one
 * answer, which takes a third of the instructions: every boot and every login
 * has the kernel check and translate them all. Its comparisons of arguments are
 * of 64 bits, in an order of its own and without an "every other value".
 *
 * The program: which architecture, a binary search over ranges, and behind the
 * searches the rows of filter_args, which a search jumps to.
 *
 * Whoever changes what this file emits changes EMITTER, so that no filter kept by
 * an older program is taken for a new one.
 */
enum { EMITTER = 3 };

enum {
	CALL_NAME_MAX = 32,
	NUMBERS = 600,			/* no architecture here has a call above */
	JUMP_MAX = 255,
};

static const uint32_t all_bits = 0xffffffff;
static const uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;

/* What a call is answered: a SECCOMP_RET_ value; SECCOMP_RET_TRACE with the index of a row of
 * filter_args where arguments decide, which link_rows() turns into a jump. */
struct answer {
	char call[CALL_NAME_MAX];
	uint32_t value;
};

struct answers {
	struct answer *list;		/* owned, sorted by name */
	size_t n;
};

struct range {
	uint32_t first;
	uint32_t value;
};

struct program {
	struct sock_filter *insns;	/* owned, room for BPF_MAXINSNS */
	size_t n;
};

static void answers_clear(struct answers *a)
{
	free(a->list);
}
#define AUTO_ANSWERS __attribute__((cleanup(answers_clear)))

static void program_clear(struct program *p)
{
	free(p->insns);
}
#define AUTO_PROGRAM __attribute__((cleanup(program_clear)))

static uint32_t value_of(int answer)
{
	if (answer == FILTER_NOTICE)
		return SECCOMP_RET_USER_NOTIF;
	return answer == FILTER_ALLOW ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)answer;
}

static void answers_add(struct answers *a, const char *call, size_t len, uint32_t value)
{
	struct answer *row;

	assert(len < CALL_NAME_MAX);
	a->list = xreallocarray(a->list, a->n + 1, sizeof(*a->list));
	row = &a->list[a->n++];
	memcpy(row->call, call, len);
	row->call[len] = '\0';
	row->value = value;
}

static int by_call(const void *a, const void *b)
{
	return strcmp(((const struct answer *)a)->call, ((const struct answer *)b)->call);
}

static void answers_fill(struct answers *a, uint64_t features)
{
	for (size_t i = 0; i < filter_n_groups; i++) {
		const struct filter_group *g = &filter_groups[i];
		uint32_t value = value_of(features & g->feature ? FILTER_ALLOW : g->answer);

		for (const char *at = g->calls; *at; at += strspn(at, " ")) {
			size_t len = strcspn(at, " ");

			answers_add(a, at, len, value);
			at += len;
		}
	}
	for (size_t i = 0; i < filter_n_args; i++) {
		const char *call = filter_args[i].call;

		if (i == 0 || strcmp(call, filter_args[i - 1].call) != 0)
			answers_add(a, call, strlen(call), SECCOMP_RET_TRACE | (uint32_t)i);
	}
	qsort(a->list, a->n, sizeof(*a->list), by_call);
}

static const char *late_name(int nr)
{
	for (size_t i = 0; i < filter_n_numbers; i++)
		if (filter_numbers[i].nr == nr)
			return filter_numbers[i].call;
	return NULL;
}

static uint32_t answer_of(const struct answers *a, uint32_t arch, int nr)
{
	AUTO_FREE char *known = seccomp_syscall_resolve_num_arch(arch, nr);
	const char *name = known ? known : late_name(nr);
	const struct answer *found;
	struct answer key;

	if (!name || strlen(name) >= sizeof(key.call))
		return unknown;
	memcpy(key.call, name, strlen(name) + 1);
	found = bsearch(&key, a->list, a->n, sizeof(*a->list), by_call);
	return found ? found->value : unknown;
}

/* The last range reaches to the end of numbers and is answered ENOSYS, so that the x32 calls, which
 * are native ones with a bit set, do not exist. */
static size_t ranges_fill(struct range *out, const struct answers *a, uint32_t arch)
{
	size_t n = 0;

	for (int nr = 0; nr <= NUMBERS; nr++) {
		uint32_t value = nr < NUMBERS ? answer_of(a, arch, nr) : unknown;

		if (n == 0 || out[n - 1].value != value)
			out[n++] = (struct range){ .first = (uint32_t)nr, .value = value };
	}
	return n;
}

static struct sock_filter *put(struct program *p, struct sock_filter insn)
{
	assert(p->n < BPF_MAXINSNS);
	p->insns[p->n] = insn;
	return &p->insns[p->n++];
}

static void put_load(struct program *p, size_t offset)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void put_return(struct program *p, uint32_t value)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
}

/* A binary search for the number in the accumulator; recursion is as deep as log2 of the ranges. */
static void put_search(struct program *p, const struct range *ranges, size_t n)
{
	struct sock_filter *branch;
	size_t lower;

	if (n == 1) {
		put_return(p, ranges[0].value);
		return;
	}
	branch = put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[n / 2].first,
						     0, 0));
	lower = p->n;
	put_search(p, ranges, n / 2);
	assert(p->n - lower <= JUMP_MAX);
	branch->jt = (uint8_t)(p->n - lower);
	put_search(p, ranges + n / 2, n - n / 2);
}

/* With the architecture in the accumulator: the search for arch, or on behind it. */
static void put_arch(struct program *p, const struct answers *a, uint32_t arch)
{
	AUTO_FREE struct range *ranges = xcalloc(NUMBERS + 1, sizeof(*ranges));
	size_t n = ranges_fill(ranges, a, arch), start;
	struct sock_filter *over;

	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0));
	over = put(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	start = p->n;
	put_load(p, offsetof(struct seccomp_data, nr));
	put_search(p, ranges, n);
	over->k = (uint32_t)(p->n - start);
}

/* Where the lower half of an argument stands in struct seccomp_data. */
static size_t arg_offset(unsigned int arg)
{
	size_t at = offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at : at + sizeof(uint32_t);
}

static size_t condition_len(const struct filter_condition *c)
{
	if (c->mask == 0)
		return 0;
	return c->mask == all_bits ? 2 : 3;
}

static void put_row(struct program *p, const struct filter_arg *row)
{
	size_t end = p->n + 1;	/* behind the row's return */

	for (size_t i = 0; i < N_ROWS(row->when); i++)
		end += condition_len(&row->when[i]);
	for (size_t i = 0; i < N_ROWS(row->when); i++) {
		const struct filter_condition *c = &row->when[i];

		if (c->mask == 0)
			continue;
		put_load(p, arg_offset(c->arg));
		if (c->mask != all_bits)
			put(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, c->mask));
		put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->value, 0,
						    (uint8_t)(end - p->n - 1)));
	}
	put_return(p, value_of(row->answer));
}

/* Every return that says "trace, row i" becomes a jump to where row i was put. */
static void link_rows(struct program *p, size_t searches_len, const size_t *row_at)
{
	for (size_t i = 0; i < searches_len; i++) {
		struct sock_filter *insn = &p->insns[i];

		if (insn->code != (BPF_RET | BPF_K) ||
		    (insn->k & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE)
			continue;
		insn->code = BPF_JMP | BPF_JA;
		insn->k = (uint32_t)(row_at[insn->k & SECCOMP_RET_DATA] - i - 1);
	}
}

static void put_args(struct program *p, uint64_t features)
{
	size_t searches_len = p->n;
	AUTO_FREE size_t *row_at = xcalloc(filter_n_args, sizeof(*row_at));

	for (size_t i = 0; i < filter_n_args; i++) {
		const struct filter_arg *row = &filter_args[i];

		row_at[i] = p->n;
		if (row->feature == 0 || features & row->feature)
			put_row(p, row);
	}
	link_rows(p, searches_len, row_at);
}

int filter_compile(struct filter *out, uint64_t features, struct error *err)
{
	uint32_t native = seccomp_arch_native();	/* the kernel's AUDIT_ARCH_ value */
	AUTO_ANSWERS struct answers answers = { 0 };
	AUTO_PROGRAM struct program p = { 0 };

	if (features & FEATURE_COMPAT32 && native != SCMP_ARCH_X86_64)
		return error_set(err, ERR_UNSUPPORTED, "features: compat32 needs an x86-64 host");
	p.insns = xcalloc(BPF_MAXINSNS, sizeof(*p.insns));
	answers_fill(&answers, features);
	put_load(&p, offsetof(struct seccomp_data, arch));
	put_arch(&p, &answers, native);
	if (features & FEATURE_COMPAT32)
		put_arch(&p, &answers, SCMP_ARCH_X86);
	put_return(&p, unknown);
	put_args(&p, features);
	out->insns = xreallocarray(TAKE_PTR(p.insns), p.n, sizeof(*out->insns));
	out->n = (unsigned short)p.n;
	return 0;
}

uint64_t filter_features(uint64_t features)
{
	uint64_t used = FEATURE_COMPAT32;

	for (size_t i = 0; i < filter_n_groups; i++)
		used |= filter_groups[i].feature;
	for (size_t i = 0; i < filter_n_args; i++)
		used |= filter_args[i].feature;
	return features & used;
}

static void add_text(struct sha256 *s, const char *text)
{
	sha256_add(s, text, strlen(text) + 1);
}

static void add_number(struct sha256 *s, uint64_t n)
{
	sha256_add(s, &n, sizeof(n));
}

void filter_identity(struct sha256 *s, uint64_t features)
{
	add_text(s, PACKAGE_VERSION);
	add_number(s, EMITTER);
	sha256_add(s, seccomp_version(), sizeof(struct scmp_version));
	add_number(s, seccomp_arch_native());
	add_number(s, filter_features(features));
	for (size_t i = 0; i < filter_n_groups; i++) {
		add_text(s, filter_groups[i].calls);
		add_number(s, (uint64_t)filter_groups[i].answer);
		add_number(s, filter_groups[i].feature);
	}
	for (size_t i = 0; i < filter_n_numbers; i++) {
		add_text(s, filter_numbers[i].call);
		add_number(s, (uint64_t)filter_numbers[i].nr);
	}
	for (size_t i = 0; i < filter_n_args; i++) {
		add_text(s, filter_args[i].call);
		add_number(s, filter_args[i].feature);
		sha256_add(s, filter_args[i].when, sizeof(filter_args[i].when));
		add_number(s, (uint64_t)filter_args[i].answer);
	}
}
