/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/tally.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/fold.h"
#include "cli/out.h"

/* Stands for the zone's name in a text, so that the same cause reads the same. No text of an error
 * has a control character. */
#define NAME_MARK '\001'

struct failure {
	size_t i;			/* which zone */
	enum error_kind kind;
	char *text, *hint;		/* with marks; owned */
};

void tally_init(struct tally *t, struct cli *cli, char *const *names)
{
	*t = (struct tally){ .cli = cli, .names = names, .n = strv_len(names) };
	t->results = xcalloc(t->n + 1, 1);
	t->counts[RESULT_UNTRIED] = t->n;
}

size_t tally_tried(const struct tally *t)
{
	return t->n - t->counts[RESULT_UNTRIED];
}

/* "zones/.new-web1" is about web1 too, "web10" is not. */
static bool stands_at(const char *text, const char *at, const char *name, size_t len)
{
	if (strncmp(at, name, len) != 0 || isalnum((unsigned char)at[len]))
		return false;
	return at == text || !isalnum((unsigned char)at[-1]);
}

static char *mark(const char *text, const char *name)
{
	AUTO_STR struct str out = { 0 };
	size_t len = strlen(name);

	for (const char *at = text; *at;) {
		bool is_name = stands_at(text, at, name, len);

		str_addc(&out, is_name ? NAME_MARK : *at);
		at += is_name ? len : 1;
	}
	return str_take(&out);
}

static char *unmark(const char *text, const char *name)
{
	AUTO_STR struct str out = { 0 };

	for (; *text; text++) {
		if (*text == NAME_MARK)
			str_add(&out, name);
		else
			str_addc(&out, *text);
	}
	return str_take(&out);
}

static void keep(struct tally *t, size_t i, const struct error *err)
{
	size_t n = t->counts[RESULT_FAILED];
	struct failure *f;

	if (n >= t->room) {
		t->room = t->room ? 2 * t->room : 16;
		t->failures = xreallocarray(t->failures, t->room, sizeof(*t->failures));
	}
	f = &t->failures[n];
	f->i = i;
	f->kind = err->kind;
	f->text = mark(err->text, t->names[i]);
	f->hint = mark(err->hint, t->names[i]);
}

void tally_add(struct tally *t, size_t i, int status, const struct error *err)
{
	enum result result = result_of(status);

	if (result == RESULT_FAILED) {
		keep(t, i, err);
		/* Those of exec stand in its own lines. */
		if (t->cli->is_json && !t->cli->verb->taken)
			cli_report(t->cli, t->names[i], err);
	}
	t->results[i] = (unsigned char)result;
	t->counts[RESULT_UNTRIED]--;
	t->counts[result]++;
}

static int compare_causes(const struct failure *a, const struct failure *b)
{
	int order = strcmp(a->text, b->text);

	return order != 0 ? order : strcmp(a->hint, b->hint);
}

static int compare_failures(const void *x, const void *y)
{
	const struct failure *a = x, *b = y;
	int order = compare_causes(a, b);

	return order != 0 ? order : (a->i > b->i) - (a->i < b->i);
}

/* Zones that failed of one cause: a part of the sorted failures. */
struct group {
	const struct failure *first;
	size_t n;
};

static int compare_groups(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	return (a->first->i > b->first->i) - (a->first->i < b->first->i);
}

/* "web{1..3} (3 zones)", of which "web{1..3}" goes into texts. */
static char *subject(char *const *names, size_t n, char **out_words)
{
	*out_words = fold_text(names, n);
	return n == 1 ? xstrdup(*out_words) : xasprintf("%s (%zu zones)", *out_words, n);
}

/* A hint is typed again: whole, or with a word that everybody takes for what it is. */
static void tell(const struct tally *t, char *const *names, size_t n, const struct failure *f)
{
	struct error err = { 0 };
	AUTO_FREE char *words = NULL;
	AUTO_FREE char *about = subject(names, n, &words);
	AUTO_FREE char *text = unmark(f->text, words);
	AUTO_FREE char *quoted = fold_quoted(names, n);
	bool fits = strlen(f->hint) + strlen(quoted) < ERROR_HINT_MAX;
	AUTO_FREE char *hint = unmark(f->hint, fits ? quoted : "NAME");

	error_set(&err, f->kind, "%s", text);
	if (*hint)
		error_hint(&err, "%s", hint);
	cli_report(t->cli, about, &err);
}

static void tell_group(const struct tally *t, const struct group *g)
{
	AUTO_FREE char **names = xcalloc(g->n + 1, sizeof(*names));

	for (size_t i = 0; i < g->n; i++)
		names[i] = t->names[g->first[i].i];
	tell(t, names, g->n, g->first);
}

static void tell_failures(struct tally *t)
{
	size_t n = t->counts[RESULT_FAILED], n_groups = 0;
	AUTO_FREE struct group *groups = xcalloc(n + 1, sizeof(*groups));

	if (n == 0)
		return;
	qsort(t->failures, n, sizeof(*t->failures), compare_failures);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || compare_causes(&t->failures[i - 1], &t->failures[i]) != 0)
			groups[n_groups++].first = &t->failures[i];
		groups[n_groups - 1].n++;
	}
	qsort(groups, n_groups, sizeof(*groups), compare_groups);
	for (size_t i = 0; i < n_groups; i++)
		tell_group(t, &groups[i]);
}

static void tell_others(const struct tally *t, enum result result, const char *why)
{
	AUTO_FREE char **names = xcalloc(t->n + 1, sizeof(*names));
	AUTO_FREE char *text = xstrdup(why);
	AUTO_FREE char *hint = xstrdup("");
	const struct failure f = { .kind = ERR_PARTIAL, .text = text, .hint = hint };
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->results[i] == result)
			names[n++] = t->names[i];
	if (n > 0)
		tell(t, names, n, &f);
}

/* With --json: what the workers could not say. */
static void tell_untried_json(struct tally *t)
{
	struct error ignored = { 0 };

	if (!result_is_told(t->cli))
		return;
	for (size_t i = 0; i < t->n; i++) {
		if (t->results[i] != RESULT_UNTRIED)
			continue;
		result_add(t->cli, t->names[i], RESULT_UNTRIED, -1, NULL);
		/* That nobody reads it does not change what was done. */
		(void)out_flush(t->cli, &ignored);
	}
}

static int summary(const struct tally *t, struct error *err)
{
	size_t failed = t->counts[RESULT_FAILED], untried = t->counts[RESULT_UNTRIED];
	AUTO_STR struct str text = { 0 };

	if (failed == 0 && untried == 0)
		return 0;
	if (t->cli->ended_by)
		str_addf(&text, "interrupted: %zu of %zu done, ",
			 t->counts[RESULT_DONE] + t->counts[RESULT_SKIPPED], t->n);
	if (t->cli->ended_by)
		str_addf(&text, "%zu failed", failed);
	else
		str_addf(&text, "%zu of %zu failed", failed, t->n);
	if (untried > 0)
		str_addf(&text, ", %zu not tried", untried);
	return error_set(err, ERR_PARTIAL, "%s", str_text(&text));
}

int tally_tell(struct tally *t, struct error *err)
{
	if (t->cli->is_json) {
		tell_untried_json(t);
		return summary(t, err);
	}
	if (t->cli->verb->skipped && !t->cli->is_quiet)
		tell_others(t, RESULT_SKIPPED, t->cli->verb->skipped);
	tell_failures(t);
	tell_others(t, RESULT_UNTRIED, "not tried");
	return summary(t, err);
}

void tally_clear(struct tally *t)
{
	for (size_t i = 0; i < t->counts[RESULT_FAILED]; i++) {
		free(t->failures[i].text);
		free(t->failures[i].hint);
	}
	free(TAKE_PTR(t->failures));
	free(TAKE_PTR(t->results));
}
