/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SCREEN_H
#define RUNTIME_SCREEN_H

/*
 * What a zone's output has done to the user's terminal: modes that were set and
 * not reset, as when a zone dies under an editor, and questions that the terminal
 * answers as if the user had typed (ECMA-48; ctlseqs of xterm). It watches bytes
 * go by and changes none. What it does not know counts as a question.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCREEN_SEQUENCE_MAX = 128, SCREEN_RESET_MAX = 512 };

enum screen_place { SCREEN_TEXT, SCREEN_ESCAPE, SCREEN_CHARSET, SCREEN_CSI, SCREEN_STRING };

struct screen {
	enum screen_place place;
	char seq[SCREEN_SEQUENCE_MAX];	/* parameters and intermediates of a CSI, 0-ended */
	size_t len;
	unsigned int continued;		/* bytes of a UTF-8 character still to come */
	bool is_c2;			/* it began with 0xc2: may become a C1 control */
	uint64_t modes;			/* rows of screen.c: not as a fresh terminal has them */
	uint64_t touched;		/* rows that ever were */
	int64_t asked_ms;		/* clock_ms() of the last question, 0: none */
	bool has_escaped;		/* there was a sequence at all */
	bool is_line_begun;		/* the cursor stands behind text */
};

/* Watches what is written to the terminal. */
void screen_see(struct screen *s, const char *data, size_t len);
/* What to write so that the terminal is as a shell expects it; returns the length, 0 when nothing
 * is needed. is_cut: not all that was seen has reached the terminal. */
size_t screen_reset(const struct screen *s, bool is_cut, char out[SCREEN_RESET_MAX]);

#endif
