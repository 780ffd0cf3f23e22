/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/users_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "runtime/users.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* The sanitizers are slow, and keep what was freed. */
#ifdef __SANITIZE_ADDRESS__
enum { CPU_MAX_MS = 1000, MEMORY_MAX_KB = 32 << 10, STUCK_S = 10 };
#else
enum { CPU_MAX_MS = 100, MEMORY_MAX_KB = 8 << 10, STUCK_S = 5 };
#endif

/* text as often as it fits into a file that is read. */
static void put_full(const struct fixture *f, const char *path, const char *text)
{
	AUTO_STR struct str all = { 0 };

	while (all.len + strlen(text) <= USERS_FILE_MAX)
		str_add(&all, text);
	put(f, path, str_text(&all));
}

static uint64_t cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static long peak_kb(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss;
}

/* Looks spec up and holds it to the bounds; processor time, since other work may run beside. */
static int bounded(const struct fixture *f, const char *spec, struct user *out, struct error *err)
{
	uint64_t begin_ms = cpu_ms();
	long begin_kb = peak_kb();
	int ret;

	alarm(STUCK_S);
	ret = users_find(f->rootfd, spec, out, err);
	alarm(0);
	assert_true(cpu_ms() - begin_ms < CPU_MAX_MS);
	assert_true(peak_kb() - begin_kb < MEMORY_MAX_KB);
	return ret;
}

static void assert_file_is_refused(const struct fixture *f, const char *spec, const char *text)
{
	struct error err = { 0 };
	struct user user;

	assert_int_equal(bounded(f, spec, &user, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, text);
}

static void a_fifo_is_refused_at_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkfifoat(f->rootfd, GROUP, 0666), 0);
	assert_file_is_refused(f, NULL, "read '/etc/group': not a regular file");
	assert_int_equal(mkfifoat(f->rootfd, PASSWD, 0666), 0);
	assert_file_is_refused(f, NULL, "read '/etc/passwd': not a regular file");
	assert_file_is_refused(f, "0:0", "read '/etc/passwd': not a regular file");
}

static void a_directory_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdirat(f->rootfd, PASSWD, 0755), 0);
	assert_file_is_refused(f, NULL, "read '/etc/passwd': not a regular file");
}

static void a_link_to_an_endless_device_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	struct user user;

	assert_int_equal(mkdirat(f->rootfd, "dev", 0755), 0);
	if (mknodat(f->rootfd, "dev/zero", S_IFCHR | 0666, makedev(1, 5)) < 0) {
		print_message("# skip: no device node may be made here\n");
		skip();
	}
	assert_int_equal(symlinkat("/dev/zero", f->rootfd, PASSWD), 0);
	/* Below a mount without devices it can't even be opened. */
	assert_int_equal(bounded(f, NULL, &user, &err), -1);
	assert_true(err.kind == ERR_USAGE || err.sys == EACCES);
}

static void a_file_of_more_than_a_mebibyte_is_refused(void **state)
{
	static const char text[] = "/etc/passwd': longer than 1048576 bytes";
	struct fixture *f = *state;
	struct error err = { 0 };
	struct user user;
	AUTO_CLOSE int fd = -1;

	put(f, PASSWD, "root:x:0:0::/:\n");
	fd = openat(f->rootfd, PASSWD, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 2 << 20), 0);
	assert_int_equal(bounded(f, NULL, &user, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(str_ends(err.text, text));
	assert_int_equal(ftruncate(fd, (off_t)4 << 30), 0);
	assert_int_equal(bounded(f, NULL, &user, &err), -1);
	assert_true(str_ends(err.text, text));
}

static void a_hundred_thousand_groups_are_read_in_bounds(void **state)
{
	AUTO_STR struct str text = { 0 };
	struct error err = { 0 };
	struct user user;

	for (int i = 0; i < 100000; i++)
		str_addf(&text, "g:x:%d:a\n", i % 1000);
	assert_true(text.len <= USERS_FILE_MAX);
	put(*state, GROUP, str_text(&text));
	put(*state, PASSWD, "a:x:1000:1000::/:\nb:x:1001:1001::/:\n");
	assert_int_equal(bounded(*state, "a", &user, &err), 0);
	assert_int_equal(user.ids.n_groups, CONFINE_GROUPS_MAX);
	assert_int_equal(bounded(*state, "b", &user, &err), 0);
	assert_int_equal(user.ids.n_groups, 1);
}

/* Each fills both files, so that everything that costs is done as often as can be. */
static void no_file_takes_more_than_its_bounds(void **state)
{
	static const char *const lines[] = {
		"\n", ":\n", "a", ":", ",", "::::::\n", "a::65536:::\n", "a::99999:0:::\n",
		"a::0:99999:::\n", "a::99999:\n", "a::1:b,b,b,b,b,b,b,b\n", "root::99999:0:::\n",
		"a::4294967296:0:::\n", "a::1:,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n",
	};

	for (size_t i = 0; i < N_ROWS(lines); i++) {
		struct error err = { 0 };
		struct user user;

		put_full(*state, PASSWD, lines[i]);
		put_full(*state, GROUP, lines[i]);
		assert_int_equal(bounded(*state, NULL, &user, &err), 0);
		assert_int_equal(bounded(*state, "7:nobody", &user, &err), -1);
		assert_int_equal(bounded(*state, "root", &user, &err), -1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fifo_is_refused_at_once),
		TEST(a_directory_is_refused),
		TEST(a_link_to_an_endless_device_is_refused),
		TEST(a_file_of_more_than_a_mebibyte_is_refused),
		TEST(a_hundred_thousand_groups_are_read_in_bounds),
		TEST(no_file_takes_more_than_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
