/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include <dirent.h>
#include <stdio.h>

#include "base/path.h"
#include "base/str.h"
#include "templates/store.h"

static int store_of(struct fixture *f)
{
	struct error err = { 0 };
	int fd = store_open(f->rootfd, true, &err);

	assert_true(fd >= 0);
	return fd;
}

/* A template of one file with this text. Returns its digest. */
static void import(int storefd, const char *name, const char *text, char digest[SHA256_HEX_SIZE],
		   bool want_new)
{
	static const struct timespec then[2] = { { 1000, 0 }, { 1000, 0 } };
	AUTO_STAGE struct store_stage stage = STORE_STAGE_EMPTY;
	const struct template known = { .name = (char *)name, .source = (char *)"a test" };
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };
	bool is_new;

	assert_int_equal(store_stage_open(&stage, storefd, &err), 0);
	put(stage.rootfd, "f", 0644, text);
	made(utimensat(stage.rootfd, "f", then, 0));
	made(futimens(stage.rootfd, then));
	assert_int_equal(store_stage_commit(&stage, &known, &t, &is_new, &err), 0);
	assert_int_equal(is_new, want_new);
	memcpy(digest, t.digest, SHA256_HEX_SIZE);
}

/* Names below .objects that begin with a dot: what an import leaves behind. */
static size_t leftovers(int storefd)
{
	int fd = openat(storefd, ".objects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fdopendir(fd);
	const struct dirent *e;
	size_t n = 0;

	while ((e = readdir(dir)))
		n += e->d_name[0] == '.' && e->d_name[1] != '\0' && e->d_name[1] != '.';
	return n;
}

static size_t listed(int storefd)
{
	struct template *list = NULL;
	struct error err = { 0 };
	size_t n = 0;

	assert_int_equal(store_list(storefd, &list, &n, &err), 0);
	for (size_t i = 0; i < n; i++)
		template_clear(&list[i]);
	free(list);
	return n;
}

static void a_template_is_found_by_name_by_digits_and_by_digest(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE], at[128];
	const char *ways[] = { "one", at, digest };

	import(storefd, "one", "1", digest, true);
	snprintf(at, sizeof(at), "one@%.8s", digest);
	for (size_t i = 0; i < 3; i++) {
		AUTO_TEMPLATE struct template t = { 0 };
		struct error err = { 0 };

		assert_int_equal(store_find(storefd, ways[i], &t, &err), 0);
		assert_string_equal(t.name, "one");
		assert_string_equal(t.digest, digest);
		assert_string_equal(t.source, "a test");
		assert_int_equal(t.size, 1);
		assert_int_equal(t.files, 1);
		assert_true(t.is_current);
	}
}

static void an_unknown_template_is_named_with_the_remedy(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };

	assert_int_equal(store_find(storefd, "debian-13", &t, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text, "no template \"debian-13\"");
	assert_string_equal(err.hint, "try: zonectl template list");
}

static void the_same_content_twice_is_one_template_with_two_names(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char one[SHA256_HEX_SIZE], two[SHA256_HEX_SIZE];

	import(storefd, "one", "1", one, true);
	import(storefd, "two", "1", two, false);
	assert_string_equal(one, two);
	assert_int_equal(listed(storefd), 2);
	assert_int_equal(leftovers(storefd), 0);
}

static void a_new_import_under_a_name_leaves_the_old_version_there(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char old[SHA256_HEX_SIZE], new[SHA256_HEX_SIZE], at[128];
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_TEMPLATE struct template u = { 0 };
	struct error err = { 0 };

	import(storefd, "one", "1", old, true);
	import(storefd, "one", "2", new, true);
	assert_int_equal(store_find(storefd, "one", &t, &err), 0);
	assert_string_equal(t.digest, new);
	snprintf(at, sizeof(at), "one@%s", old);
	assert_int_equal(store_find(storefd, at, &u, &err), 0);
	assert_false(u.is_current);
	assert_int_equal(listed(storefd), 2);
}

static int says_used(void *arg, const char *digest, struct error *err)
{
	(void)digest;
	(void)err;
	return *(int *)arg;
}

static void a_template_in_use_is_not_removed(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE];
	struct error err = { 0 };
	int used = 1;

	import(storefd, "one", "1", digest, true);
	assert_int_equal(store_remove(storefd, "one", says_used, &used, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_STATE);
	assert_int_equal(listed(storefd), 1);
	used = 0;
	assert_int_equal(store_remove(storefd, "one", says_used, &used, NULL, &err), 0);
	assert_int_equal(listed(storefd), 0);
	assert_int_equal(leftovers(storefd), 0);
}

static void a_template_that_is_held_is_busy(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE];
	struct error err = { 0 };
	AUTO_CLOSE int holdfd = -1;

	import(storefd, "one", "1", digest, true);
	holdfd = store_hold(storefd, digest, &err);
	assert_true(holdfd >= 0);
	assert_int_equal(store_remove(storefd, "one", NULL, NULL, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_int_equal(listed(storefd), 1);
}

static void removing_one_of_two_names_keeps_the_template(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE];
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };

	import(storefd, "one", "1", digest, true);
	import(storefd, "two", "1", digest, false);
	assert_int_equal(store_remove(storefd, "one", NULL, NULL, NULL, &err), 0);
	assert_int_equal(store_find(storefd, "two", &t, &err), 0);
	assert_int_equal(listed(storefd), 1);
}

static void an_import_that_is_given_up_leaves_nothing(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	struct store_stage stage = STORE_STAGE_EMPTY;
	struct error err = { 0 };

	assert_int_equal(store_stage_open(&stage, storefd, &err), 0);
	put(stage.rootfd, "f", 0644, "x");
	assert_int_equal(leftovers(storefd), 1);
	store_stage_close(&stage);
	store_stage_close(&stage);
	assert_int_equal(leftovers(storefd), 0);
}

static void an_import_sweeps_what_a_killed_one_left_and_no_other(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	AUTO_STAGE struct store_stage alive = STORE_STAGE_EMPTY;
	AUTO_STAGE struct store_stage next = STORE_STAGE_EMPTY;
	struct store_stage killed = STORE_STAGE_EMPTY;
	struct error err = { 0 };

	assert_int_equal(store_stage_open(&alive, storefd, &err), 0);
	assert_int_equal(store_stage_open(&killed, storefd, &err), 0);
	assert_int_equal(leftovers(storefd), 2);
	/* As the kernel does at the end of a process. */
	close(killed.rootfd);
	close(killed.dirfd);
	free(killed.ahead);
	assert_int_equal(store_stage_open(&next, storefd, &err), 0);
	assert_int_equal(leftovers(storefd), 2);
	put(alive.rootfd, "f", 0644, "still here");
}

static void a_damaged_object_is_left_out_of_the_list(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE], path[160];

	import(storefd, "one", "1", digest, true);
	import(storefd, "two", "2", digest, true);
	snprintf(path, sizeof(path), ".objects/%s/template.json", digest);
	put(storefd, path, 0644, "{ not json");
	assert_int_equal(listed(storefd), 1);
}

/* Imports this text under the name; returns the version it has there. */
static uint64_t version_of(int storefd, const char *name, const char *text)
{
	AUTO_TEMPLATE struct template t = { 0 };
	char digest[SHA256_HEX_SIZE];
	struct error err = { 0 };

	import(storefd, name, text, digest, true);
	assert_int_equal(store_find(storefd, name, &t, &err), 0);
	assert_string_equal(t.digest, digest);
	return t.version;
}

static uint64_t current_of(int storefd, const char *name)
{
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };

	assert_int_equal(store_find(storefd, name, &t, &err), 0);
	assert_true(t.is_current);
	return t.version;
}

static void removed(int storefd, const char *name)
{
	struct error err = { 0 };

	assert_int_equal(store_remove(storefd, name, NULL, NULL, NULL, &err), 0);
}

static void versions_are_numbered_and_found_by_number(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };

	assert_int_equal(version_of(storefd, "one", "1"), 1);
	assert_int_equal(version_of(storefd, "one", "2"), 2);
	assert_int_equal(version_of(storefd, "two", "3"), 1);
	assert_int_equal(version_of(storefd, "one", "4"), 3);
	assert_int_equal(store_find(storefd, "one:2", &t, &err), 0);
	assert_int_equal(t.version, 2);
	assert_false(t.is_current);
	assert_int_equal(store_find(storefd, "one:4", &t, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text, "no template \"one:4\"");
	assert_int_equal(listed(storefd), 4);
}

static void a_number_is_not_given_twice(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);

	assert_int_equal(version_of(storefd, "one", "1"), 1);
	assert_int_equal(version_of(storefd, "one", "2"), 2);
	removed(storefd, "one:2");
	assert_int_equal(current_of(storefd, "one"), 1);
	assert_int_equal(version_of(storefd, "one", "3"), 3);
	removed(storefd, "one:1");
	assert_int_equal(current_of(storefd, "one"), 3);
	assert_int_equal(version_of(storefd, "one", "4"), 4);
}

static void removing_a_name_removes_all_its_versions_and_its_numbers(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	uint64_t freed = 0;
	struct error err = { 0 };

	version_of(storefd, "one", "1");
	version_of(storefd, "one", "22");
	version_of(storefd, "two", "3");
	removed(storefd, "one:2");
	version_of(storefd, "one", "333");
	assert_int_equal(store_remove(storefd, "one", NULL, NULL, &freed, &err), 0);
	assert_int_equal(freed, 4);
	assert_int_equal(listed(storefd), 1);
	assert_int_equal(leftovers(storefd), 0);
	assert_int_equal(version_of(storefd, "one", "1"), 1);
}

static void the_same_content_again_makes_its_version_the_current_one(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE];

	version_of(storefd, "one", "1");
	version_of(storefd, "one", "2");
	import(storefd, "one", "1", digest, false);
	assert_int_equal(current_of(storefd, "one"), 1);
	assert_int_equal(listed(storefd), 2);
	assert_int_equal(version_of(storefd, "one", "3"), 3);
}

static void a_version_in_use_keeps_all_versions_of_a_name(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	struct error err = { 0 };
	int used = 1;

	version_of(storefd, "one", "1");
	version_of(storefd, "one", "2");
	assert_int_equal(store_remove(storefd, "one", says_used, &used, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_STATE);
	assert_int_equal(listed(storefd), 2);
	assert_int_equal(current_of(storefd, "one"), 2);
}

/* As the store was before versions had numbers. */
static void a_store_without_numbers_is_read_and_numbered_by_the_next_import(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE], at[128];
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };

	import(storefd, "one", "old", digest, true);
	import(storefd, "one", "1", at, true);
	made(unlinkat(storefd, "one:1", 0));
	made(unlinkat(storefd, "one:2", 0));
	assert_int_equal(current_of(storefd, "one"), 1);
	assert_int_equal(listed(storefd), 2);
	snprintf(at, sizeof(at), "one@%.9s", digest);
	assert_int_equal(store_find(storefd, at, &t, &err), 0);
	assert_int_equal(t.version, 0);
	assert_int_equal(version_of(storefd, "one", "2"), 2);
	assert_int_equal(listed(storefd), 3);
	removed(storefd, at);
	removed(storefd, "one:2");
	assert_int_equal(current_of(storefd, "one"), 1);
	removed(storefd, "one");
	assert_int_equal(listed(storefd), 0);
}

static void a_name_whose_link_was_not_made_means_its_newest_version(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);

	version_of(storefd, "one", "1");
	version_of(storefd, "one", "2");
	made(unlinkat(storefd, "one", 0));
	assert_int_equal(current_of(storefd, "one"), 2);
	removed(storefd, "one:2");
	assert_int_equal(current_of(storefd, "one"), 1);
}

static void links_to_an_object_that_is_gone_are_no_versions(void **state)
{
	AUTO_CLOSE int storefd = store_of(*state);
	char digest[SHA256_HEX_SIZE], object[80];
	struct error err = { 0 };

	version_of(storefd, "one", "1");
	import(storefd, "one", "2", digest, true);
	snprintf(object, sizeof(object), ".objects/%s", digest);
	assert_int_equal(path_remove(storefd, object, &err), 0);
	assert_int_equal(current_of(storefd, "one"), 1);
	assert_int_equal(version_of(storefd, "one", "3"), 3);
	removed(storefd, "one");
	assert_int_equal(listed(storefd), 0);
}

static void bad_names_are_refused_before_anything_is_touched(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", ".objects", "A", "a/b", "../x", "-a", "a b", "a@b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		struct error err = { 0 };

		assert_int_equal(template_name_check(bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(a_template_is_found_by_name_by_digits_and_by_digest),
		TREE_TEST(an_unknown_template_is_named_with_the_remedy),
		TREE_TEST(the_same_content_twice_is_one_template_with_two_names),
		TREE_TEST(a_new_import_under_a_name_leaves_the_old_version_there),
		TREE_TEST(a_template_in_use_is_not_removed),
		TREE_TEST(a_template_that_is_held_is_busy),
		TREE_TEST(removing_one_of_two_names_keeps_the_template),
		TREE_TEST(an_import_that_is_given_up_leaves_nothing),
		TREE_TEST(an_import_sweeps_what_a_killed_one_left_and_no_other),
		TREE_TEST(a_damaged_object_is_left_out_of_the_list),
		TREE_TEST(versions_are_numbered_and_found_by_number),
		TREE_TEST(a_number_is_not_given_twice),
		TREE_TEST(removing_a_name_removes_all_its_versions_and_its_numbers),
		TREE_TEST(the_same_content_again_makes_its_version_the_current_one),
		TREE_TEST(a_version_in_use_keeps_all_versions_of_a_name),
		TREE_TEST(a_store_without_numbers_is_read_and_numbered_by_the_next_import),
		TREE_TEST(a_name_whose_link_was_not_made_means_its_newest_version),
		TREE_TEST(links_to_an_object_that_is_gone_are_no_versions),
		TREE_TEST(bad_names_are_refused_before_anything_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
