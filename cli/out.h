/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_OUT_H
#define CLI_OUT_H

/*
 * What a verb tells: results to stdout, collected and written in large pieces;
 * messages to stderr. Text that comes from a zone, a template or a file goes
 * through out_safe(), so that it can't drive the terminal.
 */

#include "cli/verb.h"

void out_print(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints text with control characters and bytes that are no UTF-8 escaped. */
void out_safe(struct cli *cli, const char *text);
/* Writes what was printed, cli->json too. A reader that went away is no error. */
int out_flush(struct cli *cli, struct error *err);
/* Lets several processes write, one at a time, from here on. */
int out_share(struct cli *cli, struct error *err);
void out_lock(const struct cli *cli);
void out_unlock(const struct cli *cli);
/* Writes all of it to standard output or error, with no line of progress in between. */
int out_write(const struct cli *cli, int fd, const char *data, size_t len, struct error *err);
/* What --dry-run says: "would VERB SUBJECT". Returns 0. */
int out_would(struct cli *cli, const char *subject);
/* A message, unless --quiet. */
void out_note(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, and that something is not as it should be. */
void out_warn(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A message that --verbose asks for. */
void out_debug(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
