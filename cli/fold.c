/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/fold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"

enum { DIGITS_MAX = 9, RUN_MIN = 3 };

/* A name as head, number and tail: "web" "007" ".lan". */
struct part {
	const char *name;		/* borrowed */
	size_t head, digits;		/* lengths; without digits all of it is head */
	unsigned long number;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct part split(const char *name)
{
	struct part p = { .name = name, .head = strlen(name) };
	size_t end = p.head, start;

	while (end > 0 && !is_digit(name[end - 1]))
		end--;
	start = end;
	while (start > 0 && is_digit(name[start - 1]))
		start--;
	/* A longer one is no number that ranges count to. */
	if (start == end || end - start > DIGITS_MAX)
		return p;
	p.head = start;
	p.digits = end - start;
	p.number = strtoul(name + start, NULL, 10);
	return p;
}

static const char *tail(const struct part *p)
{
	return p->name + p->head + p->digits;
}

/* By all but the number, so that what is to be one word stands together. */
static int compare_around(const struct part *a, const struct part *b)
{
	size_t both = a->head < b->head ? a->head : b->head;
	int order = memcmp(a->name, b->name, both);

	if (order == 0)
		order = (a->head > b->head) - (a->head < b->head);
	if (order == 0)
		order = (a->digits > 0) - (b->digits > 0);
	return order != 0 ? order : strcmp(tail(a), tail(b));
}

static int compare(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int order = compare_around(a, b);

	if (order == 0)
		order = (a->number > b->number) - (a->number < b->number);
	return order != 0 ? order : (a->digits > b->digits) - (a->digits < b->digits);
}

static bool has_zeros(const struct part *p)
{
	return p->digits > 1 && p->name[p->head] == '0';
}

/* A range counts without zeros in front, or with as many digits throughout. */
static bool follows(const struct part *a, const struct part *b, bool is_padded)
{
	return b->number == a->number + 1 && (!is_padded || a->digits == b->digits);
}

static void add_number(struct str *out, const struct part *p)
{
	str_addn(out, p->name + p->head, p->digits);
}

/* "001..010,014"; returns whether it is more than one number. */
static void add_numbers(struct str *out, const struct part *p, size_t n)
{
	bool is_padded = false;
	size_t last;

	for (size_t i = 0; i < n; i++)
		is_padded |= has_zeros(&p[i]);
	for (size_t i = 0; i < n; i = last + 1) {
		last = i;
		while (last + 1 < n && follows(&p[last], &p[last + 1], is_padded))
			last++;
		if (last - i + 1 < RUN_MIN)
			last = i;
		if (i > 0)
			str_addc(out, ',');
		add_number(out, &p[i]);
		if (last > i) {
			str_add(out, "..");
			add_number(out, &p[last]);
		}
	}
}

static char *word(const struct part *p, size_t n)
{
	AUTO_STR struct str out = { 0 };

	if (n == 1)
		return xstrdup(p->name);
	str_addn(&out, p->name, p->head);
	str_addc(&out, '{');
	add_numbers(&out, p, n);
	str_addc(&out, '}');
	str_add(&out, tail(p));
	return str_take(&out);
}

char **fold_names(char *const *names, size_t n)
{
	AUTO_FREE struct part *parts = xcalloc(n + 1, sizeof(*parts));
	char **words = n ? xcalloc(n + 1, sizeof(*words)) : NULL;
	size_t n_words = 0, end;

	for (size_t i = 0; i < n; i++)
		parts[i] = split(names[i]);
	qsort(parts, n, sizeof(*parts), compare);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && compare_around(&parts[i], &parts[end]) == 0; end++)
			;
		words[n_words++] = word(&parts[i], end - i);
	}
	return words;
}

char *fold_text(char *const *names, size_t n)
{
	AUTO_STRV char **words = fold_names(names, n);

	return strv_join(words, ", ");
}

char *fold_quoted(char *const *names, size_t n)
{
	AUTO_STRV char **words = fold_names(names, n);
	AUTO_STR struct str out = { 0 };

	for (char **w = words; w && *w; w++) {
		const char *quote = strchr(*w, '{') ? "'" : "";

		str_addf(&out, "%s%s%s%s", w > words ? " " : "", quote, *w, quote);
	}
	return str_take(&out);
}
