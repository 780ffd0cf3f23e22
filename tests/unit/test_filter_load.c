/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/config.h"
#include "runtime/filter.h"
#include "runtime/filter_compile.h"

#define AUTO_FILTER __attribute__((cleanup(filter_clear)))

enum { DIED = 255 };	/* exit status of a child that could not do its part */

static struct filter compiled(uint64_t features)
{
	struct filter f = { 0 };
	struct error err = { 0 };

	if (filter_compile(&f, features, &err) < 0)
		fail_msg("%s", err.text);
	return f;
}

/* A site of which only the directory for run-time files is there. */
struct fixture {
	char dir[32];
	struct site site;
};

static int site_make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/test-filter-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->site.runfd = open(f->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->site.runfd >= 0);
	*state = f;
	return 0;
}

static int site_remove(void **state)
{
	struct fixture *f = *state;
	char command[64];

	close(f->site.runfd);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct filter loaded(struct fixture *f, uint64_t features)
{
	struct filter out = { 0 };
	struct error err = { 0 };

	if (filter_load(&out, &f->site, features, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

/* The inode tells whether the file was made anew. */
static struct stat cached(struct fixture *f, const char *key)
{
	struct stat st;

	assert_int_equal(fstatat(f->site.runfd, key, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static void a_filter_is_compiled_once(void **state)
{
	struct fixture *f = *state;
	AUTO_FILTER struct filter first = loaded(f, FEATURE_DEFAULT);
	struct stat before = cached(f, ".filters/1"), after;
	AUTO_FILTER struct filter second = loaded(f, FEATURE_DEFAULT | FEATURE_FUSE);
	AUTO_FILTER struct filter other = loaded(f, FEATURE_KEYCTL);

	after = cached(f, ".filters/1");
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode, S_IFREG | 0600);
	assert_int_equal(cached(f, ".filters").st_mode, S_IFDIR | 0700);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.insns, second.insns, first.n * sizeof(*first.insns));
	assert_true(first.n != other.n ||
		    memcmp(first.insns, other.insns, first.n * sizeof(*first.insns)) != 0);
}

static void spoil_byte(struct fixture *f, off_t at)
{
	AUTO_CLOSE int fd = openat(f->site.runfd, ".filters/1", O_RDWR | O_CLOEXEC);
	char c;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

static void spoil_magic(struct fixture *f)
{
	spoil_byte(f, 0);
}

static void spoil_digest(struct fixture *f)
{
	spoil_byte(f, 20);
}

static void spoil_instruction(struct fixture *f)
{
	spoil_byte(f, 100);
}

static void spoil_length(struct fixture *f)
{
	AUTO_CLOSE int fd = openat(f->site.runfd, ".filters/1", O_RDWR | O_CLOEXEC);

	assert_int_equal(ftruncate(fd, 40 + 8 * 20), 0);
}

static void spoil_mode(struct fixture *f)
{
	assert_int_equal(fchmodat(f->site.runfd, ".filters/1", 0666, 0), 0);
}

static void spoil_by_link(struct fixture *f)
{
	assert_int_equal(renameat(f->site.runfd, ".filters/1", f->site.runfd, "moved"), 0);
	assert_int_equal(symlinkat("../moved", f->site.runfd, ".filters/1"), 0);
}

/* The control of each case is the test above: a file left alone is used as it is. */
static void a_filter_that_is_not_whole_is_made_anew(void **state)
{
	void (*const spoils[])(struct fixture *) = { spoil_magic,  spoil_digest, spoil_instruction,
						     spoil_length, spoil_mode,   spoil_by_link };
	struct fixture *f = *state;
	AUTO_FILTER struct filter whole = loaded(f, FEATURE_DEFAULT);

	for (size_t i = 0; i < N_ROWS(spoils); i++) {
		AUTO_FILTER struct filter again = { 0 };
		struct stat before;

		spoils[i](f);
		before = cached(f, ".filters/1");
		again = loaded(f, FEATURE_DEFAULT);
		assert_int_not_equal(before.st_ino, cached(f, ".filters/1").st_ino);
		assert_int_equal(cached(f, ".filters/1").st_mode, S_IFREG | 0600);
		assert_int_equal(again.n, whole.n);
		assert_memory_equal(again.insns, whole.insns, whole.n * sizeof(*whole.insns));
	}
}

static void a_filter_is_had_where_none_can_be_kept(void **state)
{
	struct fixture *f = *state;
	struct fixture nowhere = { .site.runfd = -1 };
	AUTO_FILTER struct filter kept = loaded(f, 0);
	AUTO_FILTER struct filter made = loaded(&nowhere, 0);

	assert_int_equal(kept.n, made.n);
}

/* Calls that do nothing, whatever the answer: bad descriptors, null pointers, unknown flags. */
struct probe {
	const char *what;
	long nr, args[4];
	int want;			/* errno under the filter, 0: none */
	bool differs;			/* without the filter the answer is surely another */
};

#define UP (1L << 40)
static const struct probe probes[] = {
	{ "ioctl TIOCSTI", SYS_ioctl, { -1, TIOCSTI }, EPERM, true },
	{ "ioctl TIOCSTI, upper", SYS_ioctl, { -1, UP | TIOCSTI }, EPERM, true },
	{ "ioctl TIOCLINUX", SYS_ioctl, { -1, TIOCLINUX }, EPERM, true },
	{ "ioctl TIOCGWINSZ", SYS_ioctl, { -1, TIOCGWINSZ }, EBADF, false },
	{ "setsockopt TCP_ULP", SYS_setsockopt, { -1, 6, 31, 0 }, EPERM, true },
	{ "umount2 MNT_FORCE", SYS_umount2, { 0, MNT_FORCE }, EPERM, true },
	{ "personality PER_LINUX32", SYS_personality, { 8 }, 0, false },
	{ "personality MMAP_PAGE_ZERO", SYS_personality, { 0x0100000 }, EPERM, true },
	{ "socket UNIX", SYS_socket, { AF_UNIX, SOCK_STREAM }, 0, false },
	{ "socket INET", SYS_socket, { AF_INET, SOCK_STREAM }, 0, false },
	{ "socket ALG", SYS_socket, { AF_ALG, SOCK_SEQPACKET }, EAFNOSUPPORT, false },
	{ "socket VSOCK", SYS_socket, { AF_VSOCK, SOCK_STREAM }, EAFNOSUPPORT, false },
	{ "socket NETLINK_ROUTE", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 }, 0, false },
	{ "socket NETLINK_AUDIT", SYS_socket, { AF_NETLINK, SOCK_RAW, 9 }, EAFNOSUPPORT, false },
	{ "socket NETLINK_FIB_LOOKUP",
	  SYS_socket,
	  { AF_NETLINK, SOCK_RAW, 10 },
	  EAFNOSUPPORT,
	  true },
	{ "socket INET, SMC", SYS_socket, { AF_INET, SOCK_STREAM, 256 }, EAFNOSUPPORT, true },
	{ "socketpair INET", SYS_socketpair, { AF_INET, SOCK_STREAM, 0, 0 }, EAFNOSUPPORT, true },
	{ "add_key", SYS_add_key, { 0 }, EPERM, true },
	{ "keyctl", SYS_keyctl, { 99 }, EPERM, true },
	{ "io_uring_setup", 425, { 0 }, ENOSYS, false },
	{ "bpf", SYS_bpf, { -1 }, EPERM, false },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, EPERM, false },
	{ "userfaultfd", SYS_userfaultfd, { -1 }, EPERM, false },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1 }, EPERM, false },
	{ "kexec_load", SYS_kexec_load, { 0, 99, 0, -1 }, EPERM, false },
	{ "finit_module", SYS_finit_module, { -1, 0, -1 }, EPERM, false },
	{ "fanotify_init", SYS_fanotify_init, { -1 }, EPERM, false },
	{ "clock_settime", SYS_clock_settime, { 0, 0 }, EPERM, true },
	{ "adjtimex", SYS_adjtimex, { 0 }, EPERM, true },
	{ "unknown 999", 999, { 0 }, ENOSYS, false },
	{ "mount_setattr", 442, { -1, 0, -1 }, EINVAL, false },
	{ "mount", SYS_mount, { 0, 0, 0, 0 }, EFAULT, false },
	{ "getppid", SYS_getppid, { 0 }, 0, false },
	{ "clone3", SYS_clone3, { 0, 0 }, EINVAL, false },
	{ "name_to_handle_at", SYS_name_to_handle_at, { -1, 0, 0, 0 }, EFAULT, false },
};

/* In a child: probes with or without the filter; returns its exit status, the first row that is
 * not as it should be plus 1, or 0. */
static int probe_rows(const struct filter *f)
{
	struct error err = { 0 };

	if (unshare(CLONE_NEWUSER) < 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return DIED;
	if (f && filter_apply(f, &err) < 0)
		return DIED;
	for (size_t i = 0; i < N_ROWS(probes); i++) {
		const struct probe *p = &probes[i];
		long rc = syscall(p->nr, p->args[0], p->args[1], p->args[2], p->args[3], 0);
		int got = rc < 0 ? errno : 0;

		if (f ? got != p->want : p->differs && got == p->want)
			return (int)i + 1;
	}
	return 0;
}

static int in_child(int (*run)(const struct filter *), const struct filter *f)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : DIED;
}

static void report_row(int status)
{
	if (status == DIED)
		fail_msg("the child could not run");
	if (status > 0)
		fail_msg("%s: not the answer it should be", probes[status - 1].what);
}

static void the_kernel_answers_what_the_filter_says(void **state)
{
	AUTO_FILTER struct filter f = compiled(FEATURE_DEFAULT);

	(void)state;
	report_row(in_child(probe_rows, &f));
}

static void without_the_filter_the_kernel_answers_otherwise(void **state)
{
	(void)state;
	report_row(in_child(probe_rows, NULL));
}

#if defined(__x86_64__)
/* 1: the 32-bit entry works, 2: ENOSYS; anything else: there is none. */
static int probe_int80(const struct filter *f)
{
	struct error err = { 0 };
	long rc = 20;	/* getpid */

	if (unshare(CLONE_NEWUSER) < 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return DIED;
	if (f && filter_apply(f, &err) < 0)
		return DIED;
	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory", "r8", "r9", "r10", "r11");
	if ((int)rc == (int)getpid())
		return 1;
	return (int)rc == -ENOSYS ? 2 : DIED;
}

static void the_32_bit_entry_is_closed(void **state)
{
	AUTO_FILTER struct filter f = compiled(FEATURE_DEFAULT);
	AUTO_FILTER struct filter with = compiled(FEATURE_COMPAT32);

	(void)state;
	if (in_child(probe_int80, NULL) != 1) {
		print_message("# skip: this kernel runs no 32-bit programs\n");
		skip();
	}
	assert_int_equal(in_child(probe_int80, &f), 2);
	assert_int_equal(in_child(probe_int80, &with), 1);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_filter_is_compiled_once, site_make, site_remove),
		cmocka_unit_test_setup_teardown(a_filter_that_is_not_whole_is_made_anew, site_make,
						site_remove),
		cmocka_unit_test_setup_teardown(a_filter_is_had_where_none_can_be_kept, site_make,
						site_remove),
		cmocka_unit_test(the_kernel_answers_what_the_filter_says),
		cmocka_unit_test(without_the_filter_the_kernel_answers_otherwise),
#if defined(__x86_64__)
		cmocka_unit_test(the_32_bit_entry_is_closed),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
