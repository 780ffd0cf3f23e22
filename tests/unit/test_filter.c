/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "runtime/config.h"
#include "runtime/filter.h"
#include "runtime/filter_compile.h"
#include "runtime/filter_table.h"

enum { NUMBERS = 1024, X32_BIT = 0x40000000 };

/* The upper half of a register, which the kernel does not look at in an int. */
static const uint64_t upper_halves[] = { 0, UINT64_C(0xffffffff) << 32, UINT64_C(1) << 32 };

/* What the kernel would answer: 0 for allow, else the errno; -1 for anything else. */
static int verdict(uint32_t value)
{
	if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW)
		return 0;
	if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		return (int)(value & SECCOMP_RET_DATA);
	return -1;
}

static bool jumps(const struct sock_filter *insn, uint32_t a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == insn->k;
	case BPF_JGT:
		return a > insn->k;
	case BPF_JGE:
		return a >= insn->k;
	case BPF_JSET:
		return a & insn->k;
	default:
		fail_msg("unknown jump 0x%x", insn->code);
		return false;
	}
}

/* The part of bpf(4) that seccomp filters are made of. */
static int filter_run(const struct filter *f, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *insn = &f->insns[pc];

		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			memcpy(&a, (const char *)data + insn->k, sizeof(a));
		else if (insn->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= insn->k;
		else if (insn->code == (BPF_RET | BPF_K))
			return verdict(insn->k);
		else if (insn->code == (BPF_JMP | BPF_JA))
			pc += insn->k;
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			pc += jumps(insn, a) ? insn->jt : insn->jf;
		else
			fail_msg("unknown instruction 0x%x", insn->code);
	}
	fail_msg("the filter runs off its end");
	return -1;
}

static uint32_t native_arch(void)
{
	return seccomp_arch_native();	/* libseccomp's tokens are the kernel's */
}

static int ask(const struct filter *f, const char *call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = { .nr = seccomp_syscall_resolve_name(call),
				     .arch = native_arch(), .args = { a0, a1, a2 } };

	assert_true(data.nr >= 0);
	return filter_run(f, &data);
}

static int ask_number(const struct filter *f, uint32_t arch, int nr, uint64_t a0)
{
	struct seccomp_data data = { .nr = nr, .arch = arch, .args = { a0 } };

	return filter_run(f, &data);
}

static struct filter compiled(uint64_t features)
{
	struct filter f = { 0 };
	struct error err = { 0 };

	if (native_arch() != AUDIT_ARCH_X86_64)
		features &= ~(uint64_t)FEATURE_COMPAT32;	/* refused elsewhere */
	if (filter_compile(&f, features, &err) < 0)
		fail_msg("%s", err.text);
	return f;
}
#define AUTO_FILTER __attribute__((cleanup(filter_clear)))

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static size_t rows_of(const char *call)
{
	size_t n = 0;

	for (size_t i = 0; i < filter_n_groups; i++)
		n += has_word(filter_groups[i].calls, call);
	for (size_t i = 0; i < filter_n_args; i++)
		if (strcmp(filter_args[i].call, call) == 0)
			return n + 1;
	return n;
}

static void each_call_the_library_knows_stands_in_one_row(void **state)
{
	static const uint32_t arches[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64 };
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_ROWS(arches) * NUMBERS; i++) {
		AUTO_FREE char *name = seccomp_syscall_resolve_num_arch(arches[i / NUMBERS],
									(int)(i % NUMBERS));

		if (!name || rows_of(name) == 1)
			continue;
		print_message("# '%s' stands in %zu rows\n", name, rows_of(name));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void each_call_without_a_name_stands_in_one_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < filter_n_numbers; i++) {
		int nr = seccomp_syscall_resolve_name(filter_numbers[i].call);

		assert_int_equal(rows_of(filter_numbers[i].call), 1);
		assert_true(nr == __NR_SCMP_ERROR || nr == filter_numbers[i].nr);
	}
}

static void the_last_row_of_a_call_always_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < filter_n_args; i++) {
		bool is_last = i + 1 == filter_n_args ||
			       strcmp(filter_args[i].call, filter_args[i + 1].call) != 0;

		assert_int_equal(filter_args[i].when[0].mask == 0, is_last);
		if (is_last)
			assert_int_equal(filter_args[i].feature, 0);
		assert_true(rows_of(filter_args[i].call) == 1);
	}
}

/* What the tables say of a call without rows of arguments; -1 for one with. */
static int listed(const char *name, uint64_t features)
{
	for (size_t i = 0; i < filter_n_groups; i++)
		if (has_word(filter_groups[i].calls, name))
			return features & filter_groups[i].feature ? 0 : filter_groups[i].answer;
	return -1;
}

static const char *name_of(int nr, char *known)
{
	if (known)
		return known;
	for (size_t i = 0; i < filter_n_numbers; i++)
		if (filter_numbers[i].nr == nr)
			return filter_numbers[i].call;
	return NULL;
}

static void check_numbers(const struct filter *f, uint64_t features)
{
	for (int nr = 0; nr < NUMBERS; nr++) {
		AUTO_FREE char *known = seccomp_syscall_resolve_num_arch(native_arch(), nr);
		const char *name = name_of(nr, known);
		int want = name ? listed(name, features) : ENOSYS;
		int got = ask_number(f, native_arch(), nr, 0);

		if (want >= 0 && got != want)
			fail_msg("%s (%d): %d, the table says %d", name ? name : "?", nr, got,
				 want);
	}
}

static void the_filter_answers_what_the_table_says(void **state)
{
	static const uint64_t sets[] = { 0, FEATURE_DEFAULT, FEATURE_KEYCTL, FEATURE_IO_URING,
					 FEATURE_COMPAT32, ~UINT64_C(0) };

	(void)state;
	for (size_t i = 0; i < N_ROWS(sets); i++) {
		AUTO_FILTER struct filter f = compiled(sets[i]);

		check_numbers(&f, sets[i]);
	}
}

static void only_five_families_of_sockets_are_allowed(void **state)
{
	AUTO_FILTER struct filter f = compiled(FEATURE_DEFAULT);

	(void)state;
	for (size_t i = 0; i < N_ROWS(upper_halves) * 300; i++) {
		uint64_t family = i % 300, upper = upper_halves[i / 300];
		bool allowed = family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
			       family == AF_PACKET || family == AF_NETLINK;

		assert_int_equal(ask(&f, "socket", upper | family, SOCK_RAW, 0),
				 allowed ? 0 : EAFNOSUPPORT);
		assert_int_equal(ask(&f, "socketpair", upper | family, SOCK_STREAM, 0),
				 family == AF_UNIX ? 0 : EAFNOSUPPORT);
	}
	assert_int_equal(ask(&f, "socket", AF_INET, SOCK_STREAM, 256), EAFNOSUPPORT);
	assert_int_equal(ask(&f, "socket", AF_INET6, SOCK_STREAM, 256), EAFNOSUPPORT);
	assert_int_equal(ask(&f, "socket", AF_INET, SOCK_STREAM, IPPROTO_TCP), 0);
}

static void only_five_protocols_of_netlink_are_allowed(void **state)
{
	AUTO_FILTER struct filter f = compiled(FEATURE_FIREWALL);
	AUTO_FILTER struct filter without = compiled(0);

	(void)state;
	for (size_t i = 0; i < N_ROWS(upper_halves) * 64; i++) {
		uint64_t protocol = i % 64, upper = upper_halves[i / 64];
		bool allowed = protocol == NETLINK_ROUTE || protocol == NETLINK_SOCK_DIAG ||
			       protocol == NETLINK_KOBJECT_UEVENT || protocol == NETLINK_GENERIC;
		bool firewall = protocol == NETLINK_NETFILTER;

		assert_int_equal(ask(&f, "socket", AF_NETLINK, SOCK_RAW, upper | protocol),
				 allowed || firewall ? 0 : EAFNOSUPPORT);
		assert_int_equal(ask(&without, "socket", AF_NETLINK, SOCK_RAW, upper | protocol),
				 allowed ? 0 : EAFNOSUPPORT);
	}
}

static void of_btrfs_only_copies_by_reference_are_there(void **state)
{
	/* linux/btrfs.h, linux/fs.h */
	static const struct {
		unsigned int request;
		int answer;
	} rows[] = {
		{ 0x5000940e, ENOTTY },	/* BTRFS_IOC_SUBVOL_CREATE */
		{ 0x50009418, ENOTTY },	/* BTRFS_IOC_SUBVOL_CREATE_V2 */
		{ 0x50009401, ENOTTY },	/* BTRFS_IOC_SNAP_CREATE */
		{ 0x50009417, ENOTTY },	/* BTRFS_IOC_SNAP_CREATE_V2 */
		{ 0x5000940f, ENOTTY },	/* BTRFS_IOC_SNAP_DESTROY */
		{ 0x4008941a, ENOTTY },	/* BTRFS_IOC_SUBVOL_SETFLAGS */
		{ 0x9408, ENOTTY },		/* BTRFS_IOC_SYNC */
		{ 0x40049409, 0 },		/* FICLONE */
		{ 0x4020940d, 0 },		/* FICLONERANGE */
		{ 0xc0189436, 0 },		/* FIDEDUPERANGE */
	};
	AUTO_FILTER struct filter f = compiled(FEATURE_DEFAULT);

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++)
		for (size_t k = 0; k < N_ROWS(upper_halves); k++)
			assert_int_equal(ask(&f, "ioctl", 0, upper_halves[k] | rows[i].request, 0),
					 rows[i].answer);
}

static void arguments_are_compared_in_32_bits(void **state)
{
	AUTO_FILTER struct filter f = compiled(FEATURE_DEFAULT);

	(void)state;
	for (size_t i = 0; i < N_ROWS(upper_halves); i++) {
		uint64_t up = upper_halves[i];

		assert_int_equal(ask(&f, "ioctl", 0, up | TIOCSTI, 0), EPERM);
		assert_int_equal(ask(&f, "ioctl", 0, up | TIOCLINUX, 0), EPERM);
		assert_int_equal(ask(&f, "ioctl", 0, up | TIOCGWINSZ, 0), 0);
		assert_int_equal(ask(&f, "umount2", 0, up | MNT_FORCE, 0), EPERM);
		assert_int_equal(ask(&f, "umount2", 0, up | MNT_FORCE | MNT_DETACH, 0), EPERM);
		assert_int_equal(ask(&f, "umount2", 0, up | MNT_DETACH, 0), 0);
		assert_int_equal(ask(&f, "setsockopt", 9, up | 6, up | 31), EPERM);
		assert_int_equal(ask(&f, "setsockopt", 9, up | 6, up | 30), 0);
		assert_int_equal(ask(&f, "setsockopt", 9, up | 1, up | 31), 0);
		assert_int_equal(ask(&f, "personality", up | 8, 0, 0), 0);
		assert_int_equal(ask(&f, "personality", up | 0x20008, 0, 0), 0);
		assert_int_equal(ask(&f, "personality", up | 0xffffffff, 0, 0), 0);
		assert_int_equal(ask(&f, "personality", up | 0x0040000, 0, 0), EPERM);
		assert_int_equal(ask(&f, "personality", up | 0x0400000, 0, 0), EPERM);
	}
}

static void other_architectures_do_not_exist(void **state)
{
	AUTO_FILTER struct filter f = compiled(~(uint64_t)FEATURE_COMPAT32);

	(void)state;
	for (int nr = 0; nr < NUMBERS; nr++) {
		assert_int_equal(ask_number(&f, native_arch(), X32_BIT | nr, 0), ENOSYS);
		for (uint64_t a0 = 0; a0 < 24; a0++)
			assert_int_equal(ask_number(&f, AUDIT_ARCH_I386, nr, a0), ENOSYS);
		assert_int_equal(ask_number(&f, AUDIT_ARCH_ARM, nr, 0), ENOSYS);
	}
	assert_int_equal(ask_number(&f, native_arch(), -1, 0), ENOSYS);
}

/* Of asm/unistd_32.h. */
enum { I386_SOCKETCALL = 102, I386_SOCKET = 359 };

static void compat32_gives_32_bit_programs_the_same_answers(void **state)
{
	AUTO_FILTER struct filter f = compiled(FEATURE_DEFAULT | FEATURE_COMPAT32);

	(void)state;
	if (native_arch() != AUDIT_ARCH_X86_64) {
		print_message("# skip: only x86-64 has i386 programs\n");
		skip();
	}
	for (int nr = 0; nr < NUMBERS; nr++) {
		AUTO_FREE char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, nr);
		const char *name = name_of(nr, known);
		int want = name ? listed(name, FEATURE_COMPAT32) : ENOSYS;

		assert_int_equal(ask_number(&f, native_arch(), X32_BIT | nr, 0), ENOSYS);
		if (want >= 0 && ask_number(&f, AUDIT_ARCH_I386, nr, 0) != want)
			fail_msg("i386 %s: %d, the table says %d", name ? name : "?",
				 ask_number(&f, AUDIT_ARCH_I386, nr, 0), want);
	}
	assert_int_equal(ask_number(&f, AUDIT_ARCH_I386, I386_SOCKET, AF_UNIX), 0);
	assert_int_equal(ask_number(&f, AUDIT_ARCH_I386, I386_SOCKET, 38), EAFNOSUPPORT);
	for (uint64_t a0 = 0; a0 < 64; a0++)
		assert_int_equal(ask_number(&f, AUDIT_ARCH_I386, I386_SOCKETCALL, a0), EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_the_library_knows_stands_in_one_row),
		cmocka_unit_test(each_call_without_a_name_stands_in_one_row),
		cmocka_unit_test(the_last_row_of_a_call_always_matches),
		cmocka_unit_test(the_filter_answers_what_the_table_says),
		cmocka_unit_test(only_five_families_of_sockets_are_allowed),
		cmocka_unit_test(only_five_protocols_of_netlink_are_allowed),
		cmocka_unit_test(of_btrfs_only_copies_by_reference_are_there),
		cmocka_unit_test(arguments_are_compared_in_32_bits),
		cmocka_unit_test(other_architectures_do_not_exist),
		cmocka_unit_test(compat32_gives_32_bit_programs_the_same_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
