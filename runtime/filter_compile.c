/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/filter_compile.h"

#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "runtime/config.h"
#include "runtime/filter_table.h"

/*
 * libseccomp knows the numbers and architectures and builds the search tree over
 * calls. Arguments are compared by code of our own behind that tree, because its
 * comparisons are of 64 bits, their order is its own, and it has no "every other
 * value": for a call with rows in filter_args it is told to answer "trace, row i",
 * and each such return is turned into a jump to the rows of that call.
 *
 * Whoever changes what this file emits changes EMITTER, so that no filter kept by
 * an older program is taken for a new one.
 */
enum { EMITTER = 1 };

enum { CALL_NAME_MAX = 64, ALL_BITS = 0xffffffff };

struct program {
	struct sock_filter *insns;	/* owned, room for BPF_MAXINSNS */
	size_t n;
};

static void release(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}
#define AUTO_RELEASE __attribute__((cleanup(release)))

/* Copies the next of the blank-separated names; returns what follows it, NULL after the last. */
static const char *next_call(const char *calls, char out[CALL_NAME_MAX])
{
	size_t len;

	calls += strspn(calls, " ");
	len = strcspn(calls, " ");
	if (len == 0)
		return NULL;
	assert(len < CALL_NAME_MAX);
	memcpy(out, calls, len);
	out[len] = '\0';
	return calls + len;
}

static int number_of(const char *call)
{
	for (size_t i = 0; i < filter_n_numbers; i++)
		if (strcmp(filter_numbers[i].call, call) == 0)
			return filter_numbers[i].nr;
	return __NR_SCMP_ERROR;
}

static uint32_t action_of(int answer)
{
	return answer == FILTER_ALLOW ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)answer);
}

/* by_number: only calls that the library has no name for, else only those it has. A name of another
 * architecture is a negative number and the library passes over it. */
static int rule_add(scmp_filter_ctx filter, const char *call, uint32_t action, bool by_number,
		    struct error *err)
{
	int nr = seccomp_syscall_resolve_name(call);
	int failed;

	if ((nr == __NR_SCMP_ERROR) != by_number)
		return 0;
	if (by_number)
		nr = number_of(call);
	if (nr == __NR_SCMP_ERROR)
		return 0;	/* of no architecture here: falls to the default, ENOSYS */
	failed = seccomp_rule_add(filter, action, nr, 0);
	if (failed == 0)
		return 0;
	errno = -failed;
	return error_sys(err, "filter '%s'", call);
}

static int groups_add(scmp_filter_ctx filter, uint64_t features, bool by_number, struct error *err)
{
	char call[CALL_NAME_MAX];

	for (size_t i = 0; i < filter_n_groups; i++) {
		const struct filter_group *g = &filter_groups[i];
		int answer = features & g->feature ? FILTER_ALLOW : g->answer;
		const char *rest = g->calls;

		if (answer == ENOSYS)
			continue;	/* the default, which the library takes no rule for */
		while ((rest = next_call(rest, call)))
			if (rule_add(filter, call, action_of(answer), by_number, err) < 0)
				return -1;
	}
	return 0;
}

static bool is_first_row(size_t i)
{
	return i == 0 || strcmp(filter_args[i].call, filter_args[i - 1].call) != 0;
}

static int args_add(scmp_filter_ctx filter, struct error *err)
{
	for (size_t i = 0; i < filter_n_args; i++)
		if (is_first_row(i) &&
		    rule_add(filter, filter_args[i].call, SCMP_ACT_TRACE(i), false, err) < 0)
			return -1;
	return 0;
}

/* Rules reach the architectures that are there when they are added. Calls without a name have no
 * number for a second one, so they come first and 32-bit programs do without them. */
static int rules_add(scmp_filter_ctx filter, uint64_t features, struct error *err)
{
	int failed = 0;

	if (groups_add(filter, features, true, err) < 0)
		return -1;
	if (features & FEATURE_COMPAT32 && seccomp_arch_native() == SCMP_ARCH_X86_64)
		failed = seccomp_arch_add(filter, SCMP_ARCH_X86);
	if (features & FEATURE_COMPAT32 && seccomp_arch_native() == SCMP_ARCH_AARCH64)
		failed = seccomp_arch_add(filter, SCMP_ARCH_ARM);
	if (failed < 0) {
		errno = -failed;
		return error_sys(err, "filter for 32-bit programs");
	}
	/* Arguments first: a group that refuses all of socketcall then replaces what the library
	 * derives for it from socket. */
	if (args_add(filter, err) < 0)
		return -1;
	return groups_add(filter, features, false, err);
}

static int attributes_set(scmp_filter_ctx filter, struct error *err)
{
	/* Optimize 2 is a binary tree over numbers. It also makes loading cheap: the kernel runs
	 * the filter once for each number then, to find what is always allowed (seccomp.c,
	 * seccomp_cache_prepare). */
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (failed == 0)
		return 0;
	errno = -failed;
	return error_sys(err, "filter attributes");
}

/* Takes the instructions out of the library, with room behind them. */
static int export(struct program *p, scmp_filter_ctx filter, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("zone-filter", MFD_CLOEXEC);
	off_t size;
	int failed;

	if (fd < 0)
		return error_sys(err, "make a memfd");
	failed = seccomp_export_bpf(filter, fd);
	if (failed < 0) {
		errno = -failed;
		return error_sys(err, "compile");
	}
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read the compiled filter");
	assert((size_t)size <= BPF_MAXINSNS * sizeof(*p->insns) / 2);
	p->n = (size_t)size / sizeof(*p->insns);
	p->insns = xcalloc(BPF_MAXINSNS, sizeof(*p->insns));
	return fd_read_exact(fd, p->insns, (size_t)size, err);
}

static void put(struct program *p, struct sock_filter insn)
{
	assert(p->n < BPF_MAXINSNS);
	p->insns[p->n++] = insn;
}

/* Where the lower half of an argument stands in struct seccomp_data. */
static uint32_t arg_offset(unsigned int arg)
{
	uint32_t at = offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at : at + sizeof(uint32_t);
}

static size_t condition_len(const struct filter_condition *c)
{
	if (c->mask == 0)
		return 0;
	return c->mask == ALL_BITS ? 2 : 3;
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
		put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg_offset(c->arg)));
		if (c->mask != ALL_BITS)
			put(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, c->mask));
		put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->value, 0,
						    (uint8_t)(end - p->n - 1)));
	}
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action_of(row->answer)));
}

/* Every return that says "trace, row i" becomes a jump to where row i was put. */
static void link_rows(struct program *p, size_t tree_len, const size_t *row_at)
{
	for (size_t i = 0; i < tree_len; i++) {
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
	size_t tree_len = p->n;
	AUTO_FREE size_t *row_at = xcalloc(filter_n_args, sizeof(*row_at));

	for (size_t i = 0; i < filter_n_args; i++) {
		const struct filter_arg *row = &filter_args[i];

		row_at[i] = p->n;
		if (row->feature == 0 || features & row->feature)
			put_row(p, row);
	}
	link_rows(p, tree_len, row_at);
}

int filter_compile(struct filter *out, uint64_t features, struct error *err)
{
	AUTO_RELEASE scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	struct program p = { 0 };
	AUTO_FREE struct sock_filter *insns = NULL;

	if (!filter)
		return error_set(err, ERR_RESOURCE, "no memory for a system call filter");
	if (attributes_set(filter, err) < 0 || rules_add(filter, features, err) < 0)
		return -1;
	if (export(&p, filter, err) < 0) {
		free(p.insns);
		return -1;
	}
	put_args(&p, features);
	insns = xreallocarray(p.insns, p.n, sizeof(*p.insns));
	*out = (struct filter){ .insns = TAKE_PTR(insns), .n = (unsigned short)p.n };
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
