/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* DEC private modes, CSI ? NUMBER h or l, that a shell does not expect. In the order of undoing:
 * the alternate screens last, as leaving one puts the cursor where it was. */
struct mode {
	int number;
	bool is_on;			/* as a fresh terminal has it */
};

static const struct mode modes[] = {
	{ 1, false },		/* cursor keys send ESC O */
	{ 5, false },		/* reverse video */
	{ 6, false },		/* origin is the margin's */
	{ 7, true },		/* lines wrap */
	{ 9, false },		/* the mouse, in all its ways, from here */
	{ 1000, false },
	{ 1001, false },
	{ 1002, false },
	{ 1003, false },
	{ 1005, false },
	{ 1006, false },
	{ 1015, false },
	{ 1016, false },
	{ 1004, false },	/* focus is reported */
	{ 2004, false },	/* pastes are bracketed */
	{ 2026, false },	/* updates are held back */
	{ 2031, false },	/* colour schemes are reported */
	{ 2048, false },	/* sizes are reported */
	{ 25, true },		/* the cursor is shown */
	{ 47, false },
	{ 1047, false },
	{ 1049, false },
};

/* Sequences with a state of their own. Without parameters, or with zeros, they mean the default. */
struct setting {
	char prefix, intermediate, final;	/* of the CSI; 0: none */
	const char *undo;
};

enum setting_row { SET_MARGINS, SET_KEYS, SET_CURSOR, SET_COLOR, SET_KITTY, SETTINGS };
enum { SET_KEYPAD = SETTINGS, SET_CHARSET, SET_SHIFT, ALL_SETTINGS };

static const struct setting settings[ALL_SETTINGS] = {
	/* Setting margins moves the cursor. */
	[SET_MARGINS] = { 0, 0, 'r', "\0337\033[r\0338" },
	[SET_KEYS] = { '>', 0, 'm', "\033[>4;0m" },	/* modifyOtherKeys */
	[SET_CURSOR] = { 0, ' ', 'q', "\033[0 q" },
	[SET_COLOR] = { 0, 0, 'm', "\033[m" },
	[SET_KITTY] = { '>', 0, 'u', "\033[<u" },	/* keys of the kitty protocol */
	[SET_KEYPAD] = { .undo = "\033>" },
	[SET_CHARSET] = { .undo = "\033(B" },
	[SET_SHIFT] = { .undo = "\017" },
};

static uint64_t bit_of_setting(size_t row)
{
	return UINT64_C(1) << (N_ROWS(modes) + row);
}

static void set(struct screen *s, uint64_t bit, bool is_default)
{
	if (is_default) {
		s->modes &= ~bit;
		return;
	}
	s->modes |= bit;
	s->touched |= bit;
}

static void ask(struct screen *s)
{
	s->asked_ms = clock_ms();
}

static bool is_private(char c)
{
	return c >= '<' && c <= '?';
}

static void set_modes(struct screen *s, bool is_on)
{
	/* What was cut off may be any of them. */
	if (s->len == SCREEN_SEQUENCE_MAX - 1)
		set(s, (UINT64_C(1) << N_ROWS(modes)) - 1, false);
	for (const char *p = s->seq + 1; *p; p += *p == ';') {
		char *end;
		long number = strtol(p, &end, 10);

		for (size_t i = 0; i < N_ROWS(modes); i++)
			if (modes[i].number == number)
				set(s, UINT64_C(1) << i, is_on == modes[i].is_on);
		if (end == p)
			return;
		p = end;
	}
}

/* The number of modifyOtherKeys itself is no value. */
static bool means_default(size_t row, const char *params)
{
	if (row == SET_KITTY)
		return false;
	if (row == SET_KEYS && *params == '4')
		params++;
	return strspn(params, "0; ") == strlen(params);
}

static bool take_setting(struct screen *s, char prefix, char intermediate, char final)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *row = &settings[i];

		if (row->prefix != prefix || row->intermediate != intermediate ||
		    row->final != final)
			continue;
		set(s, bit_of_setting(i), means_default(i, s->seq + (prefix != 0)));
		return true;
	}
	if (prefix != '<' || final != 'u')
		return false;
	set(s, bit_of_setting(SET_KITTY), true);
	return true;
}

/* What no terminal answers. */
static bool is_harmless(const char *seq, char prefix, char intermediate, char final)
{
	if (intermediate)
		return intermediate == '!' && final == 'p';
	if (prefix)
		return final == 'h' || final == 'l' || (prefix == '?' && strchr("JKrs", final)) ||
		       (prefix == '=' && final == 'u');
	/* Titles are put by and back; 8 is a size. */
	if (final == 't')
		return atoi(seq) == 8 || atoi(seq) == 22 || atoi(seq) == 23;
	return strchr("@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu", final) != NULL;
}

static void end_csi(struct screen *s, char final)
{
	char prefix = is_private(s->seq[0]) ? s->seq[0] : 0;
	char last = s->len > 0 ? s->seq[s->len - 1] : 0;
	char intermediate = last >= ' ' && last <= '/' ? last : 0;

	s->place = SCREEN_TEXT;
	if (prefix == '?' && !intermediate && (final == 'h' || final == 'l'))
		set_modes(s, final == 'h');
	else if (!take_setting(s, prefix, intermediate, final) &&
		 !is_harmless(s->seq, prefix, intermediate, final))
		ask(s);
}

static void in_csi(struct screen *s, unsigned char c)
{
	if (c >= '@' && c <= '~') {
		end_csi(s, (char)c);
		return;
	}
	if (c < ' ' || c > '?')
		return;
	if (s->len < SCREEN_SEQUENCE_MAX - 1) {
		s->seq[s->len++] = (char)c;
		s->seq[s->len] = '\0';
	}
}

static void begin_csi(struct screen *s)
{
	s->place = SCREEN_CSI;
	s->len = 0;
	s->seq[0] = '\0';
}

/* The byte after ESC, or the C1 control that stands for both. */
static void in_escape(struct screen *s, unsigned char c)
{
	s->place = SCREEN_TEXT;
	s->has_escaped = true;
	switch (c) {
	case '[':
		begin_csi(s);
		break;
	case ']':			/* OSC: a question has a '?' */
		s->place = SCREEN_STRING;
		break;
	case 'P':			/* DCS, APC, PM, SOS: terminals differ */
	case '_':
	case '^':
	case 'X':
		s->place = SCREEN_STRING;
		ask(s);
		break;
	case '(':
		s->place = SCREEN_CHARSET;
		break;
	case '=':
	case '>':
		set(s, bit_of_setting(SET_KEYPAD), c == '>');
		break;
	case 'Z':
		ask(s);
		break;
	case 'c':
		s->modes = 0;
		break;
	default:
		break;
	}
}

static void in_text(struct screen *s, unsigned char c)
{
	if (c == 0x0e || c == 0x0f)
		set(s, bit_of_setting(SET_SHIFT), c == 0x0f);
	else if (c == '\r' || c == '\n')
		s->is_line_begun = false;
	else if (c >= ' ')
		s->is_line_begun = true;
}

static void in_place(struct screen *s, unsigned char c)
{
	switch (s->place) {
	case SCREEN_TEXT:
		in_text(s, c);
		break;
	case SCREEN_ESCAPE:
		in_escape(s, c);
		break;
	case SCREEN_CHARSET:
		set(s, bit_of_setting(SET_CHARSET), c == 'B');
		s->place = SCREEN_TEXT;
		break;
	case SCREEN_CSI:
		in_csi(s, c);
		break;
	case SCREEN_STRING:
		if (c == '?')
			ask(s);
		if (c == '\a')
			s->place = SCREEN_TEXT;
		break;
	}
}

/* True when c belongs to a UTF-8 character and means nothing by itself. U+0080 to U+009F are
 * controls to many a terminal, encoded or not. */
static bool is_utf8_part(struct screen *s, unsigned char c)
{
	bool is_control = s->is_c2 && c < 0xa0;

	s->is_c2 = false;
	if (s->continued > 0 && (c & 0xc0) == 0x80) {
		s->continued--;
		return !is_control;
	}
	s->continued = 0;
	if (c < 0xc2 || c > 0xf4)
		return false;
	s->continued = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	s->is_c2 = c == 0xc2;
	return true;
}

static void see_byte(struct screen *s, unsigned char c)
{
	if (is_utf8_part(s, c)) {
		if (s->place == SCREEN_TEXT)
			s->is_line_begun = true;
		return;
	}
	if (c == 0x05)
		ask(s);			/* ENQ */
	if (c == 0x1b)
		s->place = SCREEN_ESCAPE;
	else if (c >= 0x80 && c < 0xa0)
		in_escape(s, c - 0x40);
	else
		in_place(s, c);
}

void screen_see(struct screen *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		see_byte(s, (unsigned char)data[i]);
}

static size_t add(char out[SCREEN_RESET_MAX], size_t len, const char *text)
{
	size_t n = strlen(text);

	if (len + n >= SCREEN_RESET_MAX)
		return len;
	memcpy(out + len, text, n + 1);
	return len + n;
}

size_t screen_reset(const struct screen *s, bool is_cut, char out[SCREEN_RESET_MAX])
{
	uint64_t left = is_cut ? s->touched : s->modes;
	size_t len = 0;

	/* ST ends a string that was begun, and is nothing otherwise. */
	if ((is_cut && s->has_escaped) || s->place != SCREEN_TEXT)
		len = add(out, len, "\033\\");
	for (size_t i = 0; i < ALL_SETTINGS; i++)
		if (left & bit_of_setting(i))
			len = add(out, len, settings[i].undo);
	for (size_t i = 0; i < N_ROWS(modes); i++) {
		char text[16];

		if (!(left & UINT64_C(1) << i))
			continue;
		snprintf(text, sizeof(text), "\033[?%d%c", modes[i].number,
			 modes[i].is_on ? 'h' : 'l');
		len = add(out, len, text);
	}
	return len;
}
