/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/property_users.h"

#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAIGbM8pN0bYVY3UExk8CnLrL6yEXYyIl2HUyjAQHpS3vE"
#define TAIL43 "0123456789012345678901234567890123456789012"

static void a_public_key_is_taken_with_or_without_comment(void **state)
{
	static const char *const good[] = {
		"ssh-ed25519 " ED25519, "ssh-ed25519 " ED25519 " me@here",
		"ssh-ed25519 " ED25519 " a b",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB x", "ecdsa-sha2-nistp256 "
		"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY=",
		"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t",
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(good); i++)
		if (property_check_ssh_key(good[i], &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
}

static void what_is_no_public_key_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "ssh-ed25519", "ssh-ed25519 ", ED25519, "ssh-ed25519  " ED25519,
		"ssh-rsa " ED25519,			/* another type inside */
		"ssh-ed25519 " ED25519 "A",		/* no multiple of four */
		"ssh-ed25519 " ED25519 "=x",
		"ssh-ed25519 AAAA", "ssh-ed25519 ====", "ssh-dss AAAAB3NzaC1kc3M=",
		"command=\"x\" ssh-ed25519 " ED25519, "no-pty,ssh-ed25519 " ED25519,
		"-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-ed25519\t" ED25519,
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++)
		if (property_check_ssh_key(bad[i], &err) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void the_comment_tells_no_keys_apart(void **state)
{
	const char *key;

	(void)state;
	assert_int_equal(property_ssh_key("ssh-rsa AAAA a b", &key), strlen("ssh-rsa AAAA"));
	assert_int_equal(property_ssh_key("ssh-rsa AAAA", &key), strlen("ssh-rsa AAAA"));
	assert_int_equal(property_ssh_key("x", &key), 1);
}

static void hashes_of_crypt_are_taken(void **state)
{
	static const char *const good[] = {
		"$y$j9T$saltsaltsalt$" TAIL43, "$6$salt$" TAIL43 TAIL43,
		"$6$rounds=5000$salt$" TAIL43 TAIL43, "$5$salt$" TAIL43, "!$5$salt$" TAIL43,
		"$2b$05$" TAIL43 "0123456789", "$1$salt$0123456789012345678901", "!", "*",
		"$7$CU..../....salt$" TAIL43, "$gy$j9T$salt$" TAIL43,
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(good); i++)
		if (property_check_password_hash(good[i], &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
}

static void a_password_is_no_hash_and_is_not_repeated(void **state)
{
	static const char *const bad[] = {
		"secret", "$6$", "$6$salt$short", "$6$" TAIL43 TAIL43, "$9$salt$" TAIL43, "!!",
		"**",
		"$6$salt$" TAIL43 TAIL43 ":", "$6$sa:lt$" TAIL43 TAIL43,
		"$6$salt$" TAIL43 TAIL43 "\n",
		"$6$sa lt$" TAIL43 TAIL43, "$6$salt$" TAIL43 TAIL43 "0", "0123456789abc",
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		err = (struct error){ 0 };
		if (property_check_password_hash(bad[i], &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, "no password hash that crypt(5) knows");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_public_key_is_taken_with_or_without_comment),
		cmocka_unit_test(what_is_no_public_key_is_refused),
		cmocka_unit_test(the_comment_tells_no_keys_apart),
		cmocka_unit_test(hashes_of_crypt_are_taken),
		cmocka_unit_test(a_password_is_no_hash_and_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
