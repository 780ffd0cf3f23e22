/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/users_fixture.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "runtime/users.h"

static struct user found(const struct fixture *f, const char *spec)
{
	struct error err = { 0 };
	struct user user;

	if (users_find(f->rootfd, spec, &user, &err) < 0)
		fail_msg("%s: %s", spec ? spec : "NULL", err.text);
	assert_int_equal(err.kind, ERR_NONE);
	return user;
}

static void assert_ids(const struct fixture *f, const char *spec, uid_t uid, gid_t gid)
{
	struct user user = found(f, spec);

	assert_int_equal(user.ids.uid, uid);
	assert_int_equal(user.ids.gid, gid);
}

static void assert_groups(const struct fixture *f, const char *spec, const gid_t *gids, size_t n)
{
	struct user user = found(f, spec);

	assert_int_equal(user.ids.n_groups, n);
	assert_memory_equal(user.ids.groups, gids, n * sizeof(*gids));
}

/* Also that a failure leaves the result alone. */
static struct error refused(const struct fixture *f, const char *spec, enum error_kind kind)
{
	struct error err = { 0 };
	struct user user, before;

	memset(&user, 0x5a, sizeof(user));
	memcpy(&before, &user, sizeof(user));
	assert_int_equal(users_find(f->rootfd, spec, &user, &err), -1);
	assert_int_equal(err.kind, kind);
	assert_true(str_is_clean(err.text));
	assert_memory_equal(&user, &before, sizeof(user));
	return err;
}

static void a_name_has_the_ids_home_and_shell_of_its_line(void **state)
{
	struct user user;

	put(*state, PASSWD,
	    "root:x:0:0:root:/root:/bin/bash\nann:x:1000:100:A,,:/home/ann:/bin/zsh");
	user = found(*state, "ann");
	assert_int_equal(user.ids.uid, 1000);
	assert_int_equal(user.ids.gid, 100);
	assert_string_equal(user.name, "ann");
	assert_string_equal(user.home, "/home/ann");
	assert_string_equal(user.shell, "/bin/zsh");
}

static void a_uid_that_passwd_knows_is_that_user(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	assert_ids(*state, "1000", 1000, 100);
	assert_string_equal(found(*state, "1000").name, "ann");
	assert_string_equal(found(*state, "1000").home, "/home/ann");
}

static void no_spec_is_uid_0_whatever_its_name(void **state)
{
	put(*state, PASSWD, "root:x:1000:1000::/:\nadmin:x:0:0::/admin:/bin/bash\n");
	assert_ids(*state, NULL, 0, 0);
	assert_string_equal(found(*state, NULL).name, "admin");
	assert_ids(*state, "root", 1000, 1000);
}

static void root_is_found_without_a_passwd_file(void **state)
{
	static const char *const specs[] = { NULL, "root", "0", "00", "0:0", "root:0" };

	for (size_t i = 0; i < N_ROWS(specs); i++) {
		struct user user = found(*state, specs[i]);

		assert_int_equal(user.ids.uid, 0);
		assert_int_equal(user.ids.gid, 0);
		assert_string_equal(user.name, "root");
		assert_string_equal(user.home, "/");
		assert_string_equal(user.shell, "/bin/sh");
	}
}

static void root_is_found_without_an_etc_directory(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlinkat(f->rootfd, "etc", AT_REMOVEDIR), 0);
	assert_ids(f, NULL, 0, 0);
}

static void no_other_name_is_found_without_a_passwd_file(void **state)
{
	assert_string_equal(refused(*state, "ann", ERR_NOT_FOUND).text, "no user 'ann'");
}

static void the_name_root_is_not_found_in_a_passwd_without_it(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	assert_string_equal(refused(*state, "root", ERR_NOT_FOUND).text, "no user 'root'");
	assert_ids(*state, NULL, 0, 0);
}

static void a_uid_that_passwd_does_not_know_is_its_own_group(void **state)
{
	struct user user;

	put(*state, GROUP, "root:x:0:\nwheel:x:10:,,1001,\n");
	user = found(*state, "1001");
	assert_int_equal(user.ids.uid, 1001);
	assert_int_equal(user.ids.gid, 1001);
	assert_int_equal(user.ids.n_groups, 1);
	assert_string_equal(user.name, "");
	assert_string_equal(user.home, "/");
	assert_ids(*state, "65535", 65535, 65535);
}

static void what_is_no_plain_number_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		" 0",
		"0 ",
		"-0",
		"+0",
		"-1",
		"0x0",
		"0X0",
		"0b0",
		"00x",
		"1e3",
		"0.0",
		"0\n",
		"65536",
		"2147483648",
		"4294967296",
		"18446744073709551616",
		"-",
		"+",
		"#",
		"\xff",
		"2147483648:0",
		"0:",
		":0",
		":",
		"0:0:0",
		"root:",
		":root",
		"root:0x0",
		"root:-0",
		"root:65536",
		"root:4294967296",
		"root: 0",
		"/root",
		"ro,ot",
		"\xd9\xa0",
	};

	/* A zone may give those names to its root. */
	put(*state, PASSWD, "root:x:0:0::/:\n0x0:x:0:0::/:\n-0:x:0:0::/:\n+0:x:0:0::/:\n"
			    " 0:x:0:0::/:\n:x:0:0::/:\n65536:x:0:0::/:\n4294967296:x:0:0::/:\n"
			    "+:x:0:0::/:\n-:x:0:0::/:\n#:x:0:0::/:\n");
	put(*state, GROUP, "0x0:x:0:\n-0:x:0:\n:x:0:\n65536:x:0:\n4294967296:x:0:\n");
	for (size_t i = 0; i < N_ROWS(bad) - 1; i++)
		refused(*state, bad[i], ERR_USAGE);
	/* Digits of another script are no digits: a name, and nobody's. */
	refused(*state, bad[N_ROWS(bad) - 1], ERR_NOT_FOUND);
}

static void the_refusal_says_what_a_user_is(void **state)
{
	assert_string_equal(refused(*state, "0x0", ERR_USAGE).text,
			    "'0x0' is no user (give a name, or an id of 0 to 65535)");
	assert_string_equal(refused(*state, "0:", ERR_USAGE).text,
			    "'' is no group (give a name, or an id of 0 to 65535)");
	assert_string_equal(refused(*state, "4294967296", ERR_USAGE).text,
			    "id of the user: 4294967296 is above 65535");
}

static void a_spec_of_any_length_is_refused_or_not_found(void **state)
{
	char spec[2000];

	for (size_t len = 1; len < sizeof(spec); len++) {
		memset(spec, 'a', len);
		spec[len] = '\0';
		refused(*state, spec, len < USERS_TEXT_MAX ? ERR_NOT_FOUND : ERR_USAGE);
	}
}

static void digits_are_a_uid_also_where_a_name_is_made_of_them(void **state)
{
	put(*state, PASSWD, "1000:x:0:0::/root:/bin/sh\nann:x:1000:100::/home/ann:/bin/sh\n");
	assert_ids(*state, "1000", 1000, 100);
	assert_string_equal(found(*state, "1000").name, "ann");
}

static void a_line_without_seven_fields_is_skipped(void **state)
{
	put(*state, PASSWD, "ann\n:\n\nann:x:0:0::/root\nann:x:0:0::/root:/bin/sh:\nann:x:0\n"
			    "ann:x:1000:100::/home/ann:/bin/sh\n");
	assert_ids(*state, "ann", 1000, 100);
}

static void an_id_that_is_no_plain_number_skips_the_line(void **state)
{
	static const char *const bad[] = {
		"4294967296", "65536", "0x0", "-0", "+0", "", " 0", "0 ", "-1", "1e1", "4294967295",
		"18446744073709551616", "0\r",
	};

	for (size_t i = 0; i < N_ROWS(bad); i++) {
		AUTO_STR struct str text = { 0 };

		str_addf(&text, "bad:x:%s:0::/:/bin/sh\nworse:x:0:%s::/:/bin/sh\n", bad[i], bad[i]);
		put(*state, PASSWD, str_text(&text));
		refused(*state, "bad", ERR_NOT_FOUND);
		refused(*state, "worse", ERR_NOT_FOUND);
		assert_string_equal(found(*state, NULL).name, "root");
	}
}

static void nobody_becomes_root_by_overflow(void **state)
{
	put(*state, PASSWD, "root2:x:4294967296:0::/:/bin/sh\ntoor::0x0:0::/:/bin/sh\n"
			    "root3:x:18446744073709551616:0::/:/bin/sh\n");
	refused(*state, "root2", ERR_NOT_FOUND);
	refused(*state, "toor", ERR_NOT_FOUND);
	refused(*state, "root3", ERR_NOT_FOUND);
}

static void the_first_line_that_matches_wins(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/:\nbob:x:1000:0::/:\nann:x:0:0::/:\n");
	put(*state, GROUP, "wheel:x:10:\nwheel:x:0:\n");
	assert_ids(*state, "ann:wheel", 1000, 10);
	assert_string_equal(found(*state, "1000").name, "ann");
}

static void put_long(const struct fixture *f, size_t len)
{
	static const char head[] = "ann:x:1000:100:", tail[] = ":/home/ann:/bin/sh";
	AUTO_STR struct str text = { 0 };

	str_add(&text, head);
	while (text.len + strlen(tail) < len)
		str_addc(&text, 'g');
	str_add(&text, tail);
	str_add(&text, "\nbob:x:7:7::/:/bin/sh\n");
	put(f, PASSWD, str_text(&text));
}

static void a_line_of_more_than_4096_bytes_is_skipped(void **state)
{
	put_long(*state, 4096);
	assert_ids(*state, "ann", 1000, 100);
	put_long(*state, 4097);
	refused(*state, "ann", ERR_NOT_FOUND);
	assert_ids(*state, "bob", 7, 7);
}

static void a_line_with_a_nul_is_skipped(void **state)
{
	static const char passwd[] = "ann:x:0:0::/:/bin/sh\0\nann\0:x:0:0::/:/bin/sh\n"
				     "\0ann:x:0:0::/:/bin/sh\nann:x:5:5::/:/bin/sh\n\0\0\0";

	put_bytes(*state, PASSWD, passwd, sizeof(passwd));
	assert_ids(*state, "ann", 5, 5);
	assert_ids(*state, NULL, 0, 0);
	assert_string_equal(found(*state, NULL).name, "root");
}

static void a_name_that_could_drive_a_program_is_skipped(void **state)
{
	static const char *const bad[] = {
		"-froot", "+", "+@staff", "#x", "a b", "a\033[2Ja", "a/../b", "a,b", "\xff", "a\rb",
	};

	for (size_t i = 0; i < N_ROWS(bad); i++) {
		AUTO_STR struct str text = { 0 };

		str_addf(&text, "%s:x:5:6::/:/bin/sh\n", bad[i]);
		put(*state, PASSWD, str_text(&text));
		assert_string_equal(found(*state, "5").name, "");
		assert_ids(*state, "5", 5, 5);
	}
}

static void a_group_is_given_by_name_or_by_number(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	put(*state, GROUP, "wheel:x:10:ann\nadm:x:4:ann\n33:x:0:\n");
	assert_ids(*state, "ann:wheel", 1000, 10);
	assert_ids(*state, "ann:20", 1000, 20);
	assert_ids(*state, "1000:wheel", 1000, 10);
	assert_ids(*state, "7:8", 7, 8);
	assert_ids(*state, "ann:33", 1000, 33);
	assert_string_equal(found(*state, "ann:wheel").home, "/home/ann");
}

static void a_group_that_was_given_is_the_only_one(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	put(*state, GROUP, "wheel:x:10:ann\nadm:x:4:ann\n");
	assert_groups(*state, "ann:wheel", (gid_t[]){ 10 }, 1);
	assert_groups(*state, "ann:0", (gid_t[]){ 0 }, 1);
}

static void a_group_that_is_not_there_is_named(void **state)
{
	assert_string_equal(refused(*state, "0:wheel", ERR_NOT_FOUND).text, "no group 'wheel'");
	put(*state, GROUP, "wheel:x:65536:\nwheel:x\nwheel:x:0x0:\nwheel:x:10::\nwheel2:x:10:\n");
	assert_string_equal(refused(*state, "0:wheel", ERR_NOT_FOUND).text, "no group 'wheel'");
}

static void groups_are_those_with_the_users_name(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	put(*state, GROUP, "a:x:1:ann\nb:x:2:anna\nc:x:3:hann\nd:x:4:bob,ann\ne:x:5:ann,bob\n"
			   "f:x:6:,,ann,,\ng:x:7:1000\nh:x:8: ann\ni:x:9:\nj:x:0:an\nann:x:12:");
	assert_groups(*state, "ann", (gid_t[]){ 100, 1, 4, 5, 6 }, 5);
	assert_groups(*state, "1000", (gid_t[]){ 100, 1, 4, 5, 6 }, 5);
}

static void a_group_is_listed_once(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	put(*state, GROUP, "a:x:1:ann\nb:x:1:ann\na:x:1:ann,ann\nu:x:100:ann\nc:x:2:ann\n");
	assert_groups(*state, "ann", (gid_t[]){ 100, 1, 2 }, 3);
}

static void without_a_group_file_the_own_group_is_the_only_one(void **state)
{
	put(*state, PASSWD, "ann:x:1000:100::/home/ann:/bin/zsh\n");
	assert_groups(*state, "ann", (gid_t[]){ 100 }, 1);
}

static void of_too_many_groups_the_first_are_taken(void **state)
{
	AUTO_STR struct str text = { 0 };
	struct user user;

	for (int gid = 1; gid <= 1000; gid++)
		str_addf(&text, "g%d:x:%d:root\n", gid, gid);
	put(*state, GROUP, str_text(&text));
	user = found(*state, NULL);
	assert_int_equal(user.ids.n_groups, CONFINE_GROUPS_MAX);
	for (size_t i = 0; i < CONFINE_GROUPS_MAX; i++)
		assert_int_equal(user.ids.groups[i], i);
}

static void a_home_or_shell_that_is_no_clean_path_is_the_default(void **state)
{
	static const char *const bad[] = { "",		"bin",	"./sh",	 "~",
					   "/a\033[2J", "/a\r", "/\xff", "/\x7f" };

	for (size_t i = 0; i < N_ROWS(bad); i++) {
		AUTO_STR struct str text = { 0 };

		str_addf(&text, "ann:x:1:1::%s:%s\n", bad[i], bad[i]);
		put(*state, PASSWD, str_text(&text));
		assert_string_equal(found(*state, "ann").home, "/");
		assert_string_equal(found(*state, "ann").shell, "/bin/sh");
	}
}

static void a_home_that_is_too_long_is_the_default(void **state)
{
	char home[USERS_TEXT_MAX + 1] = "/";
	AUTO_STR struct str text = { 0 };

	memset(home + 1, 'h', USERS_TEXT_MAX - 1);
	str_addf(&text, "ann:x:1:1::%s:\nbob:x:2:2::%s:\n", home, home + 1);
	str_addf(&text, "eve:x:3:3::/%.*s:\n", USERS_TEXT_MAX - 2, home + 1);
	put(*state, PASSWD, str_text(&text));
	assert_string_equal(found(*state, "ann").home, "/");
	assert_string_equal(found(*state, "bob").home, "/");
	assert_int_equal(strlen(found(*state, "eve").home), USERS_TEXT_MAX - 1);
}

static void a_link_does_not_lead_out_of_the_zone(void **state)
{
	struct fixture *f = *state;
	AUTO_STR struct str outside = { 0 };

	/* A file that is there for the host, and not below the root. */
	put(f, "etc/out", "ann:x:1000:100::/home/ann:/bin/sh\n");
	str_addf(&outside, "/..%s/etc/out", f->dir);
	assert_int_equal(symlinkat(str_text(&outside), f->rootfd, PASSWD), 0);
	refused(f, "ann", ERR_NOT_FOUND);
	assert_int_equal(unlinkat(f->rootfd, PASSWD, 0), 0);
	assert_int_equal(symlinkat("/etc/out", f->rootfd, PASSWD), 0);
	assert_ids(f, "ann", 1000, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_has_the_ids_home_and_shell_of_its_line),
		TEST(a_uid_that_passwd_knows_is_that_user),
		TEST(no_spec_is_uid_0_whatever_its_name),
		TEST(root_is_found_without_a_passwd_file),
		TEST(root_is_found_without_an_etc_directory),
		TEST(no_other_name_is_found_without_a_passwd_file),
		TEST(the_name_root_is_not_found_in_a_passwd_without_it),
		TEST(a_uid_that_passwd_does_not_know_is_its_own_group),
		TEST(what_is_no_plain_number_is_refused),
		TEST(the_refusal_says_what_a_user_is),
		TEST(a_spec_of_any_length_is_refused_or_not_found),
		TEST(digits_are_a_uid_also_where_a_name_is_made_of_them),
		TEST(a_line_without_seven_fields_is_skipped),
		TEST(an_id_that_is_no_plain_number_skips_the_line),
		TEST(nobody_becomes_root_by_overflow),
		TEST(the_first_line_that_matches_wins),
		TEST(a_line_of_more_than_4096_bytes_is_skipped),
		TEST(a_line_with_a_nul_is_skipped),
		TEST(a_name_that_could_drive_a_program_is_skipped),
		TEST(a_group_is_given_by_name_or_by_number),
		TEST(a_group_that_was_given_is_the_only_one),
		TEST(a_group_that_is_not_there_is_named),
		TEST(groups_are_those_with_the_users_name),
		TEST(a_group_is_listed_once),
		TEST(without_a_group_file_the_own_group_is_the_only_one),
		TEST(of_too_many_groups_the_first_are_taken),
		TEST(a_home_or_shell_that_is_no_clean_path_is_the_default),
		TEST(a_home_that_is_too_long_is_the_default),
		TEST(a_link_does_not_lead_out_of_the_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
