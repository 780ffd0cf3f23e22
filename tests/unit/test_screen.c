/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/screen.h"

/* What would be written after the text, however it is cut into pieces. */
static const char *reset_after(const char *text, bool is_cut)
{
	static char whole[SCREEN_RESET_MAX], pieces[SCREEN_RESET_MAX];
	struct screen a = { 0 }, b = { 0 };
	size_t n;

	screen_see(&a, text, strlen(text));
	for (size_t i = 0; i < strlen(text); i++)
		screen_see(&b, text + i, 1);
	n = screen_reset(&a, is_cut, whole);
	whole[n] = '\0';
	n = screen_reset(&b, is_cut, pieces);
	pieces[n] = '\0';
	assert_string_equal(whole, pieces);
	return whole;
}

static bool asks(const char *text)
{
	struct screen s = { 0 };

	screen_see(&s, text, strlen(text));
	return s.asked_ms != 0;
}

static void modes_that_were_set_are_reset_and_no_others(void **state)
{
	(void)state;
	assert_string_equal(reset_after("plain\r\n\033[1mbold\033[0m\033]0;title\a", false), "");
	assert_string_equal(reset_after("\033[?1049h\033[?25l", false),
			    "\033[?25h\033[?1049l");
	assert_string_equal(reset_after("\033[?1049h\033[?25l\033[?25h\033[?1049l", false), "");
	assert_string_equal(reset_after("\033[?1000;1006h", false), "\033[?1000l\033[?1006l");
	assert_string_equal(reset_after("\033[?7l\033[31m\033[2;9r", false),
			    "\0337\033[r\0338\033[m\033[?7h");
	assert_string_equal(reset_after("\033=\033(0\016", false), "\033>\033(B\017");
	assert_string_equal(reset_after("\033[>4;2m\033[5 q", false), "\033[>4;0m\033[0 q");
	assert_string_equal(reset_after("\033[>4;2m\033[>4;m\033[5 q\033[ q", false), "");
	assert_string_equal(reset_after("\033[>1u", false), "\033[<u");
	assert_string_equal(reset_after("\033[>1u\033[<1u\033[?2004h\033c", false), "");
}

static void a_sequence_too_long_to_be_kept_may_have_set_anything(void **state)
{
	char text[2 * SCREEN_SEQUENCE_MAX] = "\033[?";

	(void)state;
	for (size_t i = 3; i < sizeof(text) - 12; i += 2)
		memcpy(text + i, "3;", 3);
	strcat(text, "1049h");
	assert_non_null(strstr(reset_after(text, false), "\033[?2004l"));
	assert_non_null(strstr(reset_after(text, false), "\033[?1049l"));
}

static void what_did_not_reach_the_terminal_is_undone_all_the_same(void **state)
{
	(void)state;
	assert_string_equal(reset_after("\033[?1049hx\033[?1049l", true), "\033\\\033[?1049l");
	assert_string_equal(reset_after("nothing", true), "");
	/* An open string would swallow what comes after. */
	assert_string_equal(reset_after("\033]0;never ended", false), "\033\\");
}

static void a_question_is_told_from_text(void **state)
{
	static const char *const questions[] = {
		"\033[6n", "\033[c", "\033[>c", "\033[0c", "\033[?6n", "\033[21t", "\033[>q",
		"\033[?2026$p", "\033[?u", "\033]11;?\a", "\033]52;c;?\033\\", "\033P$qm\033\\",
		"\033P+q544e\033\\", "\033_Gi=1;x\033\\", "\033Z", "\005", "\x9b" "6n", "\302\233c",
		"\033[1\005", "\033[\033[6n", "\033[12345678901234567890123456789012345678901n",
	};
	static const char *const others[] = {
		"text", "really?", "\033[31;1m?", "\033[2J\033[H", "\033[?2004h", "\033]0;title\a",
		"\033]0;\342\200\235\a?", "\304\233c", "\342\200\233c", "\033[22;2t\033[23;2t",
		"\033[1 q", "\033(B?", "\033[>4;2m", "\033[!p", "\0337\0338",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (!asks(questions[i]))
			fail_msg("not seen: question %zu", i);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (asks(others[i]))
			fail_msg("no question: %zu", i);
}

static void any_bytes_keep_to_their_bounds(void **state)
{
	char out[SCREEN_RESET_MAX];
	struct screen s = { 0 };

	(void)state;
	srandom(7);
	for (int i = 0; i < 1000000; i++) {
		static const char likely[] = "\033[]?;:0123456789hlmrquPt\\(";
		char c = random() % 2 ? likely[random() % (sizeof(likely) - 1)]
				      : (char)(random() % 256);

		screen_see(&s, &c, 1);
	}
	s.modes = s.touched = UINT64_MAX;
	assert_true(screen_reset(&s, true, out) < SCREEN_RESET_MAX);
	assert_non_null(strstr(out, "\033[?1049l"));
}

static void the_cursor_is_known_to_stand_behind_text(void **state)
{
	struct screen s = { 0 };

	(void)state;
	screen_see(&s, "a\r\n", 3);
	assert_false(s.is_line_begun);
	screen_see(&s, "\033[31m", 5);
	assert_false(s.is_line_begun);
	screen_see(&s, "\342\202\254", 3);
	assert_true(s.is_line_begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_that_were_set_are_reset_and_no_others),
		cmocka_unit_test(a_sequence_too_long_to_be_kept_may_have_set_anything),
		cmocka_unit_test(what_did_not_reach_the_terminal_is_undone_all_the_same),
		cmocka_unit_test(a_question_is_told_from_text),
		cmocka_unit_test(any_bytes_keep_to_their_bounds),
		cmocka_unit_test(the_cursor_is_known_to_stand_behind_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
