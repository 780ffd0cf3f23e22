/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_TERM_H
#define RUNTIME_TERM_H

/*
 * The user's terminal: raw mode and back, its size, the escape that leaves a
 * console, and the signals that a relay has to know about.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/error.h"

struct term {
	int fd;				/* borrowed; -1: not raw */
	struct termios saved;
};

/* Puts the terminal fd into raw mode; term_restore() puts it back, also twice. */
int term_raw(struct term *t, int fd, struct error *err);
/* Raw again after the process was stopped and the shell had the terminal. */
void term_raw_again(const struct term *t);
void term_restore(struct term *t);
/* The size of the terminal that this program runs on; all 0 without one. */
void term_size(struct winsize *out);
/* Copies the size of one terminal to another; one that has none is left out. */
void term_copy_size(int from, int to);
/* True if the terminal's characters are UTF-8, by the user's locale. */
bool term_is_utf8(void);
/* Opens what fd stands for once more, not blocking, so that the flag is not shared with the shell
 * that gave it to us. A duplicate where that can't be done: sockets, say. */
int term_reopen(int fd, int flags, struct error *err);

/* Blocks the signals of a session and returns a signalfd of them. *out_saved is for the end. */
int term_signals_open(sigset_t *out_saved, struct error *err);
/* The next signal, or 0. */
int term_signals_read(int fd);

enum escape_place { ESCAPE_LINE_START, ESCAPE_IN_LINE, ESCAPE_SEEN };
enum escape_action { ESCAPE_NONE, ESCAPE_LEAVE, ESCAPE_HELP };

enum escape_sequence { ESCAPE_KEYS, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_ONE_MORE, ESCAPE_STRING };

struct escape {
	char c;				/* '~'; 0: none is watched for */
	enum escape_place place;
	enum escape_sequence sequence;	/* that the terminal sends, between the keys */
};

/* -e CHAR of the command line; text may be NULL. None without a terminal on standard input. */
int escape_parse(const char *text, struct escape *out, struct error *err);
/* False for a byte of a sequence: an answer to the zone, a mouse, an arrow. They come at any time,
 * as often as the zone likes, and are no part of what is typed. To be called for each byte. */
bool escape_is_key(struct escape *e, char byte);
/* Takes bytes that were not typed by hand, of which the last one is given; true when an escape
 * character that was held back goes before them. */
bool escape_pass(struct escape *e, char last);
/* Takes one key. Up to two bytes to pass on go to out, *out_n says how many. */
enum escape_action escape_take(struct escape *e, char byte, char out[2], size_t *out_n);

#endif
