/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host key as two servers keep it: PROTOCOL.key of OpenSSH, and buf_put_ed25519_priv_key() in
 * ed25519.c of dropbear. Both are strings of RFC 4251, section 5, after their length in 4 bytes.
 */
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/ed25519.h"
#include "runtime/hostkeys.h"

#define TYPE "ssh-ed25519"
#define MAGIC "openssh-key-v1"		/* with its NUL */

enum { BLOCK = 8, COLUMNS = 70 };

static void put_number(struct str *s, uint32_t n)
{
	const char bytes[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	str_addn(s, bytes, sizeof(bytes));
}

static void put_string(struct str *s, const void *data, size_t len)
{
	put_number(s, (uint32_t)len);
	str_addn(s, data, len);
}

static void put_text(struct str *s, const char *text)
{
	put_string(s, text, strlen(text));
}

struct pair {
	uint8_t secret[ED25519_SIZE], public[ED25519_SIZE];	/* in this order in files too */
};

static void put_public(struct str *s, const struct pair *p)
{
	put_text(s, TYPE);
	put_string(s, p->public, sizeof(p->public));
}

/* What a passphrase would encrypt: twice the same number, to tell a wrong one, and the key. */
static void put_private(struct str *s, const struct pair *p, uint32_t check)
{
	put_number(s, check);
	put_number(s, check);
	put_public(s, p);
	put_string(s, p, sizeof(*p));
	put_text(s, "");	/* the comment */
	for (char n = 1; s->len % BLOCK != 0; n++)
		str_addc(s, n);
}

static void put_openssh(struct str *out, const struct pair *p, uint32_t check)
{
	AUTO_STR struct str part = { 0 };
	AUTO_STR struct str bytes = { 0 };
	AUTO_STR struct str text = { 0 };

	str_addn(&bytes, MAGIC, sizeof(MAGIC));
	put_text(&bytes, "none");	/* cipher */
	put_text(&bytes, "none");	/* key derivation, and its options */
	put_text(&bytes, "");
	put_number(&bytes, 1);
	put_public(&part, p);
	put_string(&bytes, part.data, part.len);
	str_clear(&part);
	put_private(&part, p, check);
	put_string(&bytes, part.data, part.len);
	base64_add(&text, bytes.data, bytes.len);
	str_add(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	for (size_t at = 0; at < text.len; at += COLUMNS)
		str_addf(out, "%.*s\n", COLUMNS, text.data + at);
	str_add(out, "-----END OPENSSH PRIVATE KEY-----\n");
}

int hostkey_new(struct hostkey *out, struct error *err)
{
	AUTO_STR struct str public = { 0 };
	struct pair pair;
	uint32_t check;

	if (getrandom(pair.secret, sizeof(pair.secret), 0) != sizeof(pair.secret) ||
	    getrandom(&check, sizeof(check), 0) != sizeof(check))
		return error_sys(err, "get random numbers for a host key");
	ed25519_public(pair.secret, pair.public);
	*out = (struct hostkey){ 0 };
	put_openssh(&out->openssh, &pair, check);
	put_text(&out->dropbear, TYPE);
	put_string(&out->dropbear, &pair, sizeof(pair));
	put_public(&public, &pair);
	str_add(&out->public, TYPE " ");
	base64_add(&out->public, public.data, public.len);
	str_addc(&out->public, '\n');
	explicit_bzero(&pair, sizeof(pair));
	return 0;
}

void hostkey_clear(struct hostkey *k)
{
	str_clear(&k->openssh);
	str_clear(&k->dropbear);
	str_clear(&k->public);
}
