/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/property_users.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/cleanup.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

enum { USER_MAX = 32, KEY_MAX = 16 << 10, HASH_MAX = 384, NAME_MAX_IN_KEY = 48 };

/* sshd(8), AUTHORIZED_KEYS FILE FORMAT; DSA is gone from OpenSSH 10. */
static const char *const key_types[] = {
	"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com",
};

/* A key's data begins with its type again, after that one's length in 4 bytes (RFC 4253, 6.6). */
static bool is_of_type(const char *data, const char *type)
{
	uint8_t head[4 + NAME_MAX_IN_KEY];
	size_t n = strlen(type);
	const uint8_t length[4] = { 0, 0, 0, (uint8_t)n };

	return base64_decode(data, head, sizeof(length) + n) && memcmp(head, length, 4) == 0 &&
	       memcmp(head + 4, type, n) == 0;
}

bool property_is_ssh_key(const char *value)
{
	size_t n = strcspn(value, " ");

	for (size_t i = 0; i < N_ROWS(key_types); i++)
		if (value[n] && strlen(key_types[i]) == n && strncmp(value, key_types[i], n) == 0)
			return true;
	return false;
}

int property_check_ssh_key(const char *value, struct error *err)
{
	size_t n = strcspn(value, " ");

	if (strlen(value) > KEY_MAX)
		return error_set(err, ERR_USAGE, "a key is at most %d bytes", KEY_MAX);
	for (size_t i = 0; i < N_ROWS(key_types); i++) {
		const char *data = value + n + 1;
		size_t len;

		if (strlen(key_types[i]) != n || strncmp(value, key_types[i], n) != 0 || !value[n])
			continue;
		if (base64_size(data, &len) && is_of_type(data, key_types[i]))
			return 0;
		return error_set(err, ERR_USAGE, "the data of the %s key is damaged", key_types[i]);
	}
	return error_set(err, ERR_USAGE,
			 "no public key of OpenSSH (TYPE BASE64 [COMMENT], TYPE as ssh-ed25519)");
}

size_t property_ssh_key(const char *value, const char **out)
{
	size_t n = strcspn(value, " ");

	*out = value;
	return value[n] ? n + 1 + strcspn(value + n + 1, " ") : n;
}

int property_check_user(const char *value, struct error *err)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (n == 0 || n > USER_MAX || !strchr(first, *value) ||
	    (value[n] && strcmp(value + n, ":sudo") != 0))
		return error_set(err, ERR_USAGE,
				 "'%s' is no NAME[:sudo] (a-z, 0-9, '_' and '-', at most %d)",
				 value, USER_MAX);
	if (n == strlen("root") && strncmp(value, "root", n) == 0)
		return error_set(err, ERR_USAGE, "root is there already");
	return 0;
}

int property_check_key_user(const char *value, struct error *err)
{
	if (strcmp(value, "root") == 0)
		return 0;
	if (strchr(value, ':'))
		return error_set(err, ERR_USAGE, "'%s' is no user's name", value);
	return property_check_user(value, err);
}

size_t property_user(const char *value, const char **out)
{
	*out = value;
	return strcspn(value, ":");
}

/* crypt(5): how a hash begins, and how long what follows its last '$' is. */
static const struct hash_row {
	const char *prefix;
	size_t tail;
} hash_rows[] = {
	{ "$y$", 43 },  { "$gy$", 43 }, { "$7$", 43 },	/* yescrypt, gost-yescrypt, scrypt */
	{ "$2b$", 53 }, { "$2a$", 53 }, { "$2y$", 53 },	/* bcrypt: salt and hash together */
	{ "$6$", 86 },  { "$5$", 43 },	/* sha512crypt, sha256crypt */
	{ "$1$", 22 },			/* md5crypt, which old systems have nothing better than */
};

static bool is_hash(const char *value)
{
	const char *tail = strrchr(value, '$');

	if (strlen(value) > HASH_MAX || value[strspn(value, LETTERS DIGITS "./$=,")])
		return false;
	for (size_t i = 0; i < N_ROWS(hash_rows); i++) {
		size_t n = strlen(hash_rows[i].prefix);

		/* A salt stands between. */
		if (strncmp(value, hash_rows[i].prefix, n) == 0)
			return tail > value + n && strlen(tail + 1) == hash_rows[i].tail;
	}
	return false;
}

int property_check_password_hash(const char *value, struct error *err)
{
	const char *hash = *value == '!' ? value + 1 : value;

	if (strcmp(value, "!") == 0 || strcmp(value, "*") == 0 || is_hash(hash))
		return 0;
	error_set(err, ERR_USAGE, "no password hash that crypt(5) knows");
	return error_hint(err, "make one with: mkpasswd, or openssl passwd -6");
}
