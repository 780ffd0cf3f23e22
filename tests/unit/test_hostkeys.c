/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host keys made new, and read from files that anybody may have written. */
#include "runtime/hostkeys.h"

#include "base/base64.h"
#include "base/strv.h"
#include "tests/unit/guest_fixture.h"

#define PUBLIC "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbM8pN0bYVY3UExk8CnLrL6yEXYyIl2HUyjAQHpS3vE"
#define FINGERPRINT "SHA256:rzzzlsGxOF6dkY4q+trZ3fscbag3aLdnAdHSkt2RNjA"

static int open_tree_for_test(void **state)
{
	(void)state;
	return guest_make();
}

static int close_tree_for_test(void **state)
{
	(void)state;
	return guest_unmake();
}

static void put_bytes(const char *path, const struct str *bytes)
{
	struct error err = { 0 };

	put_parent(path);
	assert_int_equal(path_write(treefd, path, 0600, bytes->data, bytes->len, &err), 0);
}

static void add_u32(struct str *s, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		str_addc(s, (char)(n >> shift));
}

static void add_string(struct str *s, const char *data, size_t len)
{
	add_u32(s, (uint32_t)len);
	str_addn(s, data, len);
}

static void a_new_key_is_read_back_the_same_from_both_servers(void **state)
{
	struct hostkey one, two;
	struct error err = { 0 };
	AUTO_FREE char *both = NULL, *expected = NULL, *same = NULL;

	(void)state;
	assert_int_equal(hostkey_new(&one, &err), 0);
	assert_int_equal(hostkey_new(&two, &err), 0);
	assert_string_not_equal(one.public.data, two.public.data);
	assert_string_not_equal(one.openssh.data, two.openssh.data);
	put_bytes("etc/ssh/ssh_host_ed25519_key.pub", &one.public);
	put_bytes("etc/dropbear/dropbear_ed25519_host_key", &two.dropbear);
	expected = xasprintf("%s%s", one.public.data, two.public.data);
	both = hostkeys_read(treefd);
	assert_string_equal(both, expected);
	put_bytes("etc/dropbear/dropbear_ed25519_host_key", &one.dropbear);
	same = hostkeys_read(treefd);
	assert_string_equal(same, one.public.data);
	hostkey_clear(&one);
	hostkey_clear(&two);
}

/* PROTOCOL.key: the private part is padded to 8 bytes, the text is 70 columns wide. */
static void a_new_key_has_the_form_of_openssh(void **state)
{
	struct hostkey k;
	struct error err = { 0 };
	AUTO_STRV char **lines = NULL;
	AUTO_STR struct str text = { 0 };
	uint8_t bytes[512];
	size_t n, len;

	(void)state;
	assert_int_equal(hostkey_new(&k, &err), 0);
	lines = strv_split(k.openssh.data, "\n");
	n = strv_len(lines);
	assert_string_equal(lines[0], "-----BEGIN OPENSSH PRIVATE KEY-----");
	assert_string_equal(lines[n - 1], "-----END OPENSSH PRIVATE KEY-----");
	for (size_t i = 1; i + 1 < n; i++) {
		assert_true(strlen(lines[i]) == 70 || i + 2 == n);
		str_add(&text, lines[i]);
	}
	assert_true(base64_size(text.data, &len));
	assert_true(len < sizeof(bytes));
	assert_true(base64_decode(text.data, bytes, len));
	assert_memory_equal(bytes, "openssh-key-v1", 15);
	/* 15, "none", "none", "", 1, the public key of 51; what is left has its length before. */
	n = 15 + 8 + 8 + 4 + 4 + 4 + 51;
	assert_int_equal((bytes[n + 2] << 8 | bytes[n + 3]), len - n - 4);
	assert_int_equal((len - n - 4) % 8, 0);
	hostkey_clear(&k);
}

/* What dropbear keeps of other types begins as the public key does. */
static void older_keys_of_dropbear_are_read(void **state)
{
	AUTO_STR struct str rsa = { 0 };
	AUTO_STR struct str public = { 0 };
	AUTO_STR struct str line = { 0 };
	AUTO_FREE char *got = NULL;

	(void)state;
	add_string(&rsa, "ssh-rsa", 7);
	add_string(&rsa, "\1\0\1", 3);
	add_string(&rsa, "\0\331modulus", 9);
	str_addn(&public, rsa.data, rsa.len);
	add_string(&rsa, "private", 7);
	put_bytes("etc/dropbear/dropbear_rsa_host_key", &rsa);
	str_add(&line, "ssh-rsa ");
	base64_add(&line, public.data, public.len);
	str_addc(&line, '\n');
	got = hostkeys_read(treefd);
	assert_string_equal(got, line.data);
}

static void what_is_no_key_does_not_count(void **state)
{
	static const char *const texts[] = {
		"", "\n", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA", "evil AAAA",
		"ssh-ed25519 AAAAB3NzaC1yc2EAAAA\n", "\033]0;x\007 AAAA", "* " PUBLIC,
		"@cert-authority * " PUBLIC,
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(texts); i++) {
		AUTO_FREE char *got = NULL;

		put_file("etc/ssh/ssh_host_rsa_key.pub", texts[i]);
		put_file("etc/dropbear/dropbear_rsa_host_key", texts[i]);
		put_file("etc/dropbear/dropbear_ed25519_host_key", texts[i]);
		got = hostkeys_read(treefd);
		assert_string_equal(got, "");
	}
}

/* Every length that a file of dropbear's could be cut to, or claim. */
static void a_key_cut_short_is_none(void **state)
{
	struct hostkey k;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(hostkey_new(&k, &err), 0);
	while (k.dropbear.len-- > 1) {
		AUTO_FREE char *got = NULL;

		put_bytes("etc/dropbear/dropbear_ed25519_host_key", &k.dropbear);
		got = hostkeys_read(treefd);
		assert_string_equal(got, "");
		put_bytes("etc/dropbear/dropbear_rsa_host_key", &k.dropbear);
		got = (free(got), hostkeys_read(treefd));
		assert_string_equal(got, "");
	}
	hostkey_clear(&k);
}

static void files_of_other_kinds_and_sizes_are_passed_over(void **state)
{
	AUTO_FREE char *got = NULL;

	(void)state;
	put_dir("etc/ssh/ssh_host_rsa_key.pub");
	assert_int_equal(mkfifoat(treefd, "etc/ssh/ssh_host_ecdsa_key.pub", 0644), 0);
	put_link("etc/dropbear/dropbear_rsa_host_key", "/dev/zero");
	put_file("etc/dropbear/dropbear_ecdsa_host_key", "");
	put_file("etc/ssh/ssh_host_ed25519_key.pub", PUBLIC " root@host\nand more\n");
	got = hostkeys_read(treefd);
	assert_string_equal(got, PUBLIC "\n");
}

static void a_link_is_followed_inside_the_root_alone(void **state)
{
	AUTO_FREE char *got = NULL;

	(void)state;
	put_link("etc/ssh/ssh_host_rsa_key.pub", "/../../../../etc/hostname");
	put_link("etc/ssh/ssh_host_ed25519_key.pub", "/keys/one");
	put_file("keys/one", PUBLIC "\n");
	got = hostkeys_read(treefd);
	assert_string_equal(got, PUBLIC "\n");
}

static void the_fingerprint_is_that_of_ssh_keygen(void **state)
{
	AUTO_STR struct str text = { 0 };

	(void)state;
	assert_true(hostkeys_fingerprint(PUBLIC, &text));
	assert_string_equal(text.data, FINGERPRINT);
	assert_int_equal(text.len, strlen(FINGERPRINT));
	assert_false(hostkeys_fingerprint("ssh-ed25519", &text));
	assert_false(hostkeys_fingerprint("ssh-ed25519 A-B=", &text));
}

static void a_server_is_found_by_either_name(void **state)
{
	(void)state;
	assert_false(hostkeys_has_server(treefd));
	put_file("usr/sbin/dropbear", "");
	assert_true(hostkeys_has_server(treefd));
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, open_tree_for_test, close_tree_for_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_key_is_read_back_the_same_from_both_servers),
		TEST(a_new_key_has_the_form_of_openssh),
		TEST(older_keys_of_dropbear_are_read),
		TEST(what_is_no_key_does_not_count),
		TEST(a_key_cut_short_is_none),
		TEST(files_of_other_kinds_and_sizes_are_passed_over),
		TEST(a_link_is_followed_inside_the_root_alone),
		TEST(the_fingerprint_is_that_of_ssh_keygen),
		TEST(a_server_is_found_by_either_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
