/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_PROPERTY_USERS_H
#define RUNTIME_PROPERTY_USERS_H

/* What the properties for root's login may hold: columns of property_table.c. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A public key as in authorized_keys, without options: TYPE BASE64 [COMMENT]. */
int property_check_ssh_key(const char *value, struct error *err);
/* True if the first word is the type of such a key, whatever follows. */
bool property_is_ssh_key(const char *value);
/* TYPE BASE64, without the comment: two keys with these are one. Returns the length. */
size_t property_ssh_key(const char *value, const char **out);
/* A user's name as useradd(8) takes it, 32 letters at most, and ":sudo" or nothing; not root. */
int property_check_user(const char *value, struct error *err);
/* A user's name, root too. */
int property_check_key_user(const char *value, struct error *err);
/* NAME. Returns the length. */
size_t property_user(const char *value, const char **out);
/* A hash that crypt(5) knows, one with '!' before it (locked), or '*' and '!' (no password). The
 * message does not repeat the value, which may be a password given by mistake. */
int property_check_password_hash(const char *value, struct error *err);

#endif
