/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_KEY_FILE_H
#define RUNTIME_KEY_FILE_H

/* Files of public keys, in the form of authorized_keys(5): a key a line, with empty lines and
 * comments between. */

#include "base/error.h"

/* Adds the keys of what fd gives, 1 MiB at most, to *out, which the caller owns; name is what the
 * file is called in messages. ERR_USAGE for a file without a key, for a line that is none, and for
 * a private key. */
int key_file_read(int fd, const char *name, char ***out, struct error *err);
/* The same of the file path. ERR_USAGE when it can't be opened. */
int key_file_open(const char *path, char ***out, struct error *err);

#endif
