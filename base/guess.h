/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_GUESS_H
#define BASE_GUESS_H

/* Which word of a list somebody meant who typed another:
 *
 *	struct guess g = { .typed = "memry" };
 *
 *	for each word: guess_offer(&g, word);
 *	if (g.found): did you mean that one?
 */

struct guess {
	const char *typed;		/* borrowed */
	const char *found;		/* the nearest offered, borrowed; NULL: none is near */
	unsigned int steps;		/* letters to add, drop or change between them */
};

/* Near is what differs by a third of what was typed and one letter more, by three letters at most,
 * and not by all of them. Of two that are as near, the first offered counts. Words of more than 63
 * bytes are never near. */
void guess_offer(struct guess *g, const char *word);

#endif
