/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/guess.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 63, STEPS_MAX = 3 };

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Letters to add, drop or change to make one word the other (Levenshtein). */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[WORD_MAX + 1];
	size_t width = strlen(b);

	if (width > WORD_MAX)
		return UINT_MAX;
	for (size_t i = 0; i <= width; i++)
		row[i] = (unsigned int)i;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= width; j++) {
			unsigned int above = row[j];

			row[j] = least(row[j - 1] + 1, above + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[width];
}

void guess_offer(struct guess *g, const char *word)
{
	size_t len = strlen(g->typed);
	unsigned int steps;

	if (len > WORD_MAX)
		return;
	steps = distance(g->typed, word);
	if (steps >= len || steps > len / 3 + 1 || steps > STEPS_MAX ||
	    (g->found && steps >= g->steps))
		return;
	g->found = word;
	g->steps = steps;
}
