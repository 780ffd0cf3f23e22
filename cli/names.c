/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/names.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/config.h"
#include "runtime/zone.h"

static int check(const char *name, struct error *err)
{
	return zone_name_check(name, err) < 0 ? error_wrap(err, "'%s'", name) : 0;
}

/* A list that grows in the long run by doubling: strv_add() walks its list on every call. */
struct words {
	char **list;		/* NULL-ended, owned */
	size_t n, room;
};

static int words_add(struct words *w, char *word, struct error *err)
{
	if (w->n >= NAMES_MAX) {
		free(word);
		return error_set(err, ERR_USAGE, "more than %d names", NAMES_MAX);
	}
	if (w->n + 2 > w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->list = xreallocarray(w->list, w->room, sizeof(*w->list));
	}
	w->list[w->n++] = word;
	w->list[w->n] = NULL;
	return 0;
}

static void words_clear(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
	*w = (struct words){ 0 };
}

/* One pair of braces: what stands before, what stands behind, where the words go. */
struct brace {
	struct words *out;
	const char *pattern;
	size_t head_len;
	const char *tail;
	unsigned int depth;
};

struct range {
	uint64_t first, last, step;
	int width;			/* of each number, zeros in front; 0: as it comes */
};

static int expand(struct words *out, const char *pattern, unsigned int depth, struct error *err);

/* Head + one alternative + tail, braces in the last two still to be worked out. */
static int expand_joined(const struct brace *b, const char *part, size_t len, struct error *err)
{
	AUTO_STR struct str word = { 0 };

	str_addn(&word, b->pattern, b->head_len);
	str_addn(&word, part, len);
	str_add(&word, b->tail);
	return expand(b->out, str_text(&word), b->depth + 1, err);
}

/* FIRST..LAST or FIRST..LAST..STEP, as digits; a leading zero in one of the first two sets the
 * width of all. */
static bool range_parse(const char *body, size_t len, struct range *r)
{
	AUTO_FREE char *text = xstrndup(body, len);
	struct error ignored = { 0 };
	char *last = strstr(text, ".."), *step = last ? strstr(last + 2, "..") : NULL;
	size_t wide;

	if (!last)
		return false;
	*last = '\0';
	last += 2;
	if (step)
		*step = '\0';
	r->step = 1;
	if (num_u64(text, 0, UINT32_MAX, &r->first, &ignored) < 0 ||
	    num_u64(last, 0, UINT32_MAX, &r->last, &ignored) < 0 ||
	    (step && num_u64(step + 2, 1, UINT32_MAX, &r->step, &ignored) < 0))
		return false;
	wide = strlen(text) > strlen(last) ? strlen(text) : strlen(last);
	r->width = text[0] == '0' || last[0] == '0' ? (int)wide : 0;
	return true;
}

static int expand_range(const struct brace *b, const struct range *r, struct error *err)
{
	uint64_t span = r->first <= r->last ? r->last - r->first : r->first - r->last;

	for (uint64_t i = 0; i <= span; i += r->step) {
		uint64_t at = r->first <= r->last ? r->first + i : r->first - i;
		char number[NUM_TEXT_MAX];
		int len = snprintf(number, sizeof(number), "%0*llu", r->width,
				   (unsigned long long)at);

		if (expand_joined(b, number, (size_t)len, err) < 0)
			return -1;
	}
	return 0;
}

/* The brace that closes the one at open; *has_comma when it is a list. */
static const char *find_close(const char *open, bool *has_comma)
{
	unsigned int nested = 0;

	*has_comma = false;
	for (const char *p = open; *p; p++) {
		if (*p == '{')
			nested++;
		else if (*p == '}' && --nested == 0)
			return p;
		else if (*p == ',' && nested == 1)
			*has_comma = true;
	}
	return NULL;
}

/* Of a list; one that is a range counts, as fold.h writes it: {001..010,014}. */
static int expand_part(const struct brace *b, const char *part, size_t len, struct error *err)
{
	struct range r;

	return range_parse(part, len, &r) ? expand_range(b, &r, err)
					  : expand_joined(b, part, len, err);
}

static int expand_list(const struct brace *b, const char *open, const char *close,
		       struct error *err)
{
	const char *part = open + 1;
	unsigned int nested = 0;

	for (const char *p = part; p <= close; p++) {
		if (*p == '{')
			nested++;
		else if (*p == '}' && p < close)
			nested--;
		if (p < close && (*p != ',' || nested > 0))
			continue;
		if (expand_part(b, part, (size_t)(p - part), err) < 0)
			return -1;
		part = p + 1;
	}
	return 0;
}

/* Works out the first pair of braces; what comes out is worked out in turn. Each level takes one
 * pair away, so the depth is that of the pattern; the limit is for hostile ones. */
static int expand(struct words *out, const char *pattern, unsigned int depth, struct error *err)
{
	const char *open = strchr(pattern, '{');
	struct brace b = { .out = out, .pattern = pattern, .depth = depth };
	const char *close;
	struct range r;
	bool has_comma;

	if (!open && !strchr(pattern, '}'))
		return words_add(out, xstrdup(pattern), err);
	close = open ? find_close(open, &has_comma) : NULL;
	if (!close || depth > 16)
		return error_set(err, ERR_USAGE, "'%s': braces don't match", pattern);
	b.head_len = (size_t)(open - pattern);
	b.tail = close + 1;
	if (has_comma)
		return expand_list(&b, open, close, err);
	if (range_parse(open + 1, (size_t)(close - open - 1), &r))
		return expand_range(&b, &r, err);
	return error_set(err, ERR_USAGE, "'%s': braces hold a list {a,b} or a range {1..3}",
			 pattern);
}

int names_braces(const char *pattern, char ***out, struct error *err)
{
	struct words words = { 0 };

	if (expand(&words, pattern, 0, err) < 0) {
		words_clear(&words);
		return -1;
	}
	*out = words.list;
	return 0;
}

bool names_is_plain(const char *text)
{
	return text[0] != '@' && !strpbrk(text, "*?[{}");
}

bool names_match(const char *glob, const char *name)
{
	return fnmatch(glob, name, 0) == 0;
}

static int compare_places(const void *a, const void *b)
{
	const char *const *x = *(const char *const *const *)a;
	const char *const *y = *(const char *const *const *)b;
	int order = strcmp(*x, *y);

	if (order != 0)
		return order;
	return x < y ? -1 : 1;
}

/* Drops every word that stood before, keeping the order, in n log n. */
static void drop_repeated(struct words *w)
{
	AUTO_FREE char ***places = xreallocarray(NULL, w->n + 1, sizeof(*places));
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++)
		places[i] = &w->list[i];
	qsort(places, w->n, sizeof(*places), compare_places);
	for (size_t i = w->n; i > 1; i--) {
		if (strcmp(*places[i - 1], *places[i - 2]) != 0)
			continue;
		free(*places[i - 1]);
		*places[i - 1] = NULL;
	}
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i])
			w->list[kept++] = w->list[i];
	w->n = kept;
	if (w->list)
		w->list[kept] = NULL;
}

static int add_new(struct words *out, const char *pattern, struct error *err)
{
	AUTO_STRV char **words = NULL;

	if (names_braces(pattern, &words, err) < 0)
		return -1;
	for (char **w = words; w && *w; w++)
		if (check(*w, err) < 0 || words_add(out, xstrdup(*w), err) < 0)
			return -1;
	return 0;
}

int names_new(char *const *patterns, char ***out, struct error *err)
{
	struct words words = { 0 };

	for (; patterns && *patterns; patterns++)
		if (add_new(&words, *patterns, err) < 0) {
			words_clear(&words);
			return -1;
		}
	drop_repeated(&words);
	*out = words.list;
	return 0;
}

static bool has_tag(struct site *site, const char *name, const char *tag)
{
	struct error ignored = { 0 };
	struct zone zone = { .dirfd = -1 };
	bool has = false;

	/* A zone whose zone.json can't be read has no tags; list and verify tell about it. */
	if (zone_open(&zone, site, name, 0, &ignored) == 0)
		has = strv_has(zone.config.tags, tag);
	zone_close(&zone);
	return has;
}

int names_unknown(const char *name, struct error *err)
{
	error_set(err, ERR_NOT_FOUND, "no zone \"%s\"", name);
	return error_hint(err, "try: zonectl list -a");
}

/* A glob or, with an @ before it, a tag. */
static int add_found(struct words *out, struct site *site, char *const *zones, const char *pattern,
		     struct error *err)
{
	size_t before = out->n;

	for (; zones && *zones; zones++) {
		bool is_meant = pattern[0] == '@' ? has_tag(site, *zones, pattern + 1) :
						    names_match(pattern, *zones);

		if (is_meant && words_add(out, xstrdup(*zones), err) < 0)
			return -1;
	}
	if (out->n > before)
		return 0;
	return error_set(err, ERR_NOT_FOUND, pattern[0] == '@' ? "no zone has the tag '%s'" :
			 "no zone matches '%s'", pattern[0] == '@' ? pattern + 1 : pattern);
}

static int add_existing(struct words *out, struct site *site, char ***zones, const char *pattern,
			struct error *err)
{
	AUTO_STRV char **words = NULL;

	if (names_braces(pattern, &words, err) < 0)
		return -1;
	for (char **w = words; w && *w; w++) {
		int status;

		if (!names_is_plain(*w) && !*zones && zone_names(site, zones, err) < 0)
			return -1;
		if (!names_is_plain(*w))
			status = add_found(out, site, *zones, *w, err);
		else if (check(*w, err) < 0)
			status = -1;
		else
			status = words_add(out, xstrdup(*w), err);
		if (status < 0)
			return -1;
	}
	return 0;
}

int names_existing(struct site *site, char *const *patterns, char ***out, struct error *err)
{
	AUTO_STRV char **zones = NULL;
	struct words words = { 0 };

	for (; patterns && *patterns; patterns++)
		if (add_existing(&words, site, &zones, *patterns, err) < 0) {
			words_clear(&words);
			return -1;
		}
	drop_repeated(&words);
	*out = words.list;
	return 0;
}
