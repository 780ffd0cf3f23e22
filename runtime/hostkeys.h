/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_HOSTKEYS_H
#define RUNTIME_HOSTKEYS_H

/*
 * The host keys of a zone's ssh server, OpenSSH's or dropbear's: made new, and read.
 * They are the zone's files, so what is read is bounded and counts only if it is a
 * public key; where they are made is setup_hostkeys.c.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "runtime/state.h"
#include "runtime/zone.h"

/* One new key, in the forms that servers want it. */
struct hostkey {
	struct str openssh;	/* the private key as ssh-keygen(1) writes it */
	struct str dropbear;	/* the same as dropbearkey(1) does; not a text */
	struct str public;	/* "TYPE BASE64\n" */
};

/* Fills in a new ed25519 key, from the kernel's random numbers. Child-safe. */
int hostkey_new(struct hostkey *out, struct error *err);
void hostkey_clear(struct hostkey *k);

/* True if there is a program below rootfd that serves ssh. Child-safe. */
bool hostkeys_has_server(int rootfd);
/* The public keys below rootfd, "TYPE BASE64\n" each, "" for none; the caller owns it. Child-safe.
 */
char *hostkeys_read(int rootfd);
/* The same of a zone, whatever its state, without entering it, and within two seconds whatever it
 * does. NULL: can't be told, as while a zone on a disk of its own is down. */
char *hostkeys_of(const struct zone *z, const struct zone_status *status);
/* Appends "SHA256:..." as ssh-keygen -l shows it of "TYPE BASE64"; false where it is no key. */
bool hostkeys_fingerprint(const char *key, struct str *out);

#endif
