/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zone-crypt: hashes the password on its standard input, a line, and prints the
 * hash. A program of its own, as nothing else needs libcrypt, and so that the
 * password is in no memory that lives longer.
 *
 * SHA-512, which every libc of a Linux distribution can check, musl and busybox
 * too; yescrypt, which is better, only some can. In place of it, many rounds.
 */
#include <crypt.h>
#include <stdio.h>
#include <string.h>

enum { PASSWORD_MAX = 512, ROUNDS = 100000 };

int main(void)
{
	static struct crypt_data data;
	static char password[PASSWORD_MAX + 2], salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash = NULL;
	size_t n = fread(password, 1, sizeof(password) - 1, stdin);
	size_t len = strcspn(password, "\n");

	/* One line, and nothing that the login prompt could not take. */
	if (n <= PASSWORD_MAX && len > 0 && len + 1 >= n) {
		password[len] = '\0';
		if (crypt_gensalt_rn("$6$", ROUNDS, NULL, 0, salt, sizeof(salt)))
			hash = crypt_r(password, salt, &data);
	}
	explicit_bzero(password, sizeof(password));
	if (!hash || *hash == '*')
		return 1;
	return puts(hash) < 0 || fflush(stdout) != 0;
}
