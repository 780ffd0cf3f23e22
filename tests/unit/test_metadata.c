/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/tree_fixture.h"

#include "base/strv.h"
#include "templates/metadata.h"

static struct metadata read_as(struct fixture *f, const char *text)
{
	struct metadata m = { 0 };
	struct error err = { 0 };

	put(f->rootfd, "metadata.yaml", 0644, text);
	if (metadata_read(f->rootfd, "metadata.yaml", &m, &err) < 0)
		fail_msg("%s", err.text);
	return m;
}

static void what_incus_writes_is_understood(void **state)
{
	struct metadata m = read_as(*state, "architecture: x86_64\n"
					    "creation_date: 1700000000\n"
					    "properties:\n"
					    "  description: Debian bookworm (20240101)\n"
					    "  os: Debian\n"
					    "  release: \"bookworm\"\n"
					    "  variant: 'cloud'\n"
					    "templates:\n"
					    "  /etc/hostname:\n"
					    "    when:\n"
					    "    - create\n"
					    "    template: hostname.tpl\n"
					    "  /etc/odd:\n"
					    "    template: odd.tpl\n");
	AUTO_FREE char *name = metadata_name(&m);
	AUTO_FREE char *left_out = metadata_left_out(&m);

	assert_string_equal(m.architecture, "x86_64");
	assert_string_equal(name, "Debian-bookworm-cloud");
	assert_string_equal(left_out, "/etc/odd");
	assert_false(m.is_optimized);
	metadata_clear(&m);
}

static void an_index_of_an_export_says_whether_it_is_optimized(void **state)
{
	struct metadata m = read_as(*state, "name: c1\nbackend: zfs\noptimized: true\n"
					    "type: container\n");
	AUTO_FREE char *name = metadata_name(&m);

	assert_true(m.is_optimized);
	assert_string_equal(m.type, "container");
	assert_string_equal(name, "c1");
	metadata_clear(&m);
}

static void keys_of_other_sections_and_deeper_ones_are_not_taken(void **state)
{
	struct metadata m = read_as(*state, "config:\n"
					    "  architecture: s390x\n"
					    "  container:\n"
					    "    os: evil\n"
					    "properties:\n"
					    "    deep:\n"
					    "        os: evil\n"
					    "    os: good\n"
					    "- os: evil\n"
					    "# os: evil\n"
					    "architecture: x86_64\r\n");

	assert_string_equal(m.architecture, "x86_64");
	assert_string_equal(m.os, "good");
	metadata_clear(&m);
}

static void the_first_of_two_values_counts(void **state)
{
	struct metadata m = read_as(*state, "architecture: x86_64\narchitecture: s390x\n");

	assert_string_equal(m.architecture, "x86_64");
	metadata_clear(&m);
}

static void values_that_cannot_be_shown_are_left(void **state)
{
	struct metadata m = read_as(*state, "properties:\n  os: a\033]0;b\n  release: c\n");

	assert_null(m.os);
	assert_string_equal(m.release, "c");
	assert_null(metadata_name(&m));
	metadata_clear(&m);
}

static void json_is_yaml_too(void **state)
{
	struct metadata m = read_as(*state, "{\"architecture\": \"amd64\", \"optimized\": true,"
					    " \"properties\": {\"os\": \"a\", \"release\": \"b\"},"
					    " \"templates\": {\"/etc/x\": {\"when\": []}}}");
	AUTO_FREE char *left_out = metadata_left_out(&m);

	assert_string_equal(m.architecture, "amd64");
	assert_string_equal(m.os, "a");
	assert_true(m.is_optimized);
	assert_string_equal(left_out, "/etc/x");
	metadata_clear(&m);
}

static void odd_texts_are_read_to_their_end(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", ":", " :", "a", "a:", "a: ", ": a", "  ", "x:y", "\"", "'':''", "-",
		"properties:\n\tos: a", "a:\n :\n  :\n",
	};

	for (size_t i = 0; i < N_ROWS(texts); i++) {
		struct metadata m = read_as(*state, texts[i]);

		assert_null(metadata_name(&m));
		metadata_clear(&m);
	}
}

static void a_file_with_a_nul_or_of_another_kind_is_refused(void **state)
{
	struct fixture *f = *state;
	struct metadata m = { 0 };
	struct error err = { 0 };
	AUTO_CLOSE int fd = -1;

	put(f->rootfd, "m", 0644, "a: b\n");
	fd = openat(f->rootfd, "m", O_WRONLY);
	assert_int_equal(write(fd, "\0", 1), 1);
	assert_int_equal(metadata_read(f->rootfd, "m", &m, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	made(mkfifoat(f->rootfd, "p", 0644));
	assert_int_equal(metadata_read(f->rootfd, "p", &m, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(what_incus_writes_is_understood),
		TREE_TEST(an_index_of_an_export_says_whether_it_is_optimized),
		TREE_TEST(keys_of_other_sections_and_deeper_ones_are_not_taken),
		TREE_TEST(the_first_of_two_values_counts),
		TREE_TEST(values_that_cannot_be_shown_are_left),
		TREE_TEST(json_is_yaml_too),
		TREE_TEST(odd_texts_are_read_to_their_end),
		TREE_TEST(a_file_with_a_nul_or_of_another_kind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
