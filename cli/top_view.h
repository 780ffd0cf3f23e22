/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

/*
 * The screen of top: draws a model, reads keys, gives the terminal back. The one
 * file that includes ncurses. Everything that is drawn is a number, a word of
 * ours, or text that was made printable.
 */

#include <stdbool.h>

#include "base/error.h"
#include "cli/top_model.h"

struct top_help {
	const char *key, *text;
};

/* What surrounds the list. */
struct top_frame {
	const char *title;		/* what the site is called, "" for the default one */
	const char *keys, *leave;	/* the last line; that below the help */
	const struct top_help *help;	/* ended by a row without a key */
	const char *message;		/* for the line below the totals; NULL: nothing */
	bool is_typing;			/* the filter is being typed */
	bool has_help;			/* instead of the list */
	uint64_t memory;		/* of the host, bytes */
	unsigned int processors;
};

enum top_key {
	TOP_KEY_NONE = 0,		/* nothing was typed; characters are their own codes */
	TOP_KEY_UP = 256, TOP_KEY_DOWN, TOP_KEY_PAGE_UP, TOP_KEY_PAGE_DOWN, TOP_KEY_HOME,
	TOP_KEY_END, TOP_KEY_ENTER, TOP_KEY_BACK, TOP_KEY_ESCAPE,
};

/* Takes the terminal on standard input and output. ERR_USAGE when they are none, ERR_UNSUPPORTED
 * for a TERM that nothing is known of. */
int top_view_open(bool has_color, struct error *err);
/* Gives the terminal back as it was; also when it was never taken, or twice. */
void top_view_close(void);
/* The window has changed: the size is asked for and the model told how many rows there are. */
void top_view_resize(struct top_model *m);
void top_view_draw(const struct top_model *m, const struct top_frame *frame);
/* The next key that was typed, without waiting. */
int top_view_key(void);
/* Lets another program have the terminal, and takes it back. */
void top_view_suspend(void);
void top_view_resume(void);

#endif
