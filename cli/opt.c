/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/opt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/guess.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"

/* What is being parsed: one argument may hold several letters. */
struct cursor {
	struct opts *out;
	const struct opt_rules *rules;
	char *const *next;		/* the argument after the present one */
};

static bool is_optional(const struct opt *row)
{
	return row->operand && row->operand[0] == '[';
}

static const struct opt *find_long(const struct opt *table, const char *name, size_t len)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for (; table && table->name; table++)
		if (table->letter == letter)
			return table;
	return NULL;
}

static const struct property *find_property(const char *name, size_t len)
{
	for (const struct property *p = property_table(); p->name; p++)
		if (strlen(p->name) == len && memcmp(p->name, name, len) == 0)
			return p;
	return NULL;
}

static void add(struct opts *o, const struct opt *row, const struct property *property,
		const char *value)
{
	o->given = xreallocarray(o->given, o->n + 1, sizeof(*o->given));
	o->given[o->n++] = (struct opt_given){
		.row = row, .property = property, .value = value,
	};
}

static void offer_rows(struct guess *g, const struct opt *table)
{
	for (; table && table->name; table++)
		guess_offer(g, table->name);
}

static int refuse_long(const struct opt_rules *rules, const char *arg, size_t len,
		       struct error *err)
{
	AUTO_FREE char *typed = xstrndup(arg, len);
	struct guess g = { .typed = typed };

	offer_rows(&g, rules->verb);
	offer_rows(&g, rules->global);
	for (const struct property *p = property_table(); rules->takes_properties && p->name; p++)
		guess_offer(&g, p->name);
	error_set(err, ERR_USAGE, "unknown option '--%s'", typed);
	return g.found ? error_hint(err, "did you mean \"--%s\"?", g.found) : -1;
}

/* --NAME, --NAME=VALUE or --NAME VALUE; arg is after the dashes. */
static int take_long(struct cursor *c, const char *arg, struct error *err)
{
	size_t len = strcspn(arg, "=");
	const char *value = arg[len] ? arg + len + 1 : NULL;
	const struct opt *row = find_long(c->rules->verb, arg, len);
	const struct property *property = NULL;

	if (!row)
		row = find_long(c->rules->global, arg, len);
	if (!row && c->rules->takes_properties)
		property = find_property(arg, len);
	if (!row && !property)
		return refuse_long(c->rules, arg, len, err);
	if (row && !row->operand && value)
		return error_set(err, ERR_USAGE, "option '--%s' takes no value", row->name);
	if ((property || (row->operand && !is_optional(row))) && !value) {
		if (!*c->next)
			return error_set(err, ERR_USAGE, "option '--%s' needs a value", arg);
		value = *c->next++;
	}
	add(c->out, row, property, value);
	return 0;
}

/* -abc, -uVALUE or -u VALUE; arg is after the dash. */
static int take_letters(struct cursor *c, const char *arg, struct error *err)
{
	for (; *arg; arg++) {
		const struct opt *row = find_letter(c->rules->verb, *arg);

		if (!row)
			row = find_letter(c->rules->global, *arg);
		if (!row)
			return error_set(err, ERR_USAGE, "unknown option '-%c'", *arg);
		if (!row->operand || is_optional(row)) {
			add(c->out, row, NULL, NULL);
			continue;
		}
		if (!arg[1] && !*c->next)
			return error_set(err, ERR_USAGE, "option '-%c' needs a value", *arg);
		add(c->out, row, NULL, arg[1] ? arg + 1 : *c->next++);
		return 0;
	}
	return 0;
}

static void end_options(struct cursor *c)
{
	if (c->rules->takes_command) {
		c->out->command = c->next;
		while (*c->next)
			c->next++;
		return;
	}
	while (*c->next)
		strv_add(&c->out->operands, *c->next++);
}

int opts_parse(struct opts *out, const struct opt_rules *rules, char *const *argv,
	       char *const **out_rest, struct error *err)
{
	struct cursor c = { .out = out, .rules = rules, .next = argv };

	while (*c.next) {
		const char *arg = *c.next;
		int status = 0;

		if (rules->stops_at_operand && (arg[0] != '-' || !arg[1]))
			break;
		if (rules->command_follows && out->operands && (arg[0] != '-' || !arg[1])) {
			end_options(&c);
			break;
		}
		c.next++;
		if (strcmp(arg, "--") == 0)
			end_options(&c);
		else if (arg[0] == '-' && arg[1] == '-')
			status = take_long(&c, arg + 2, err);
		else if (arg[0] == '-' && arg[1])
			status = take_letters(&c, arg + 1, err);
		else
			strv_add(&out->operands, arg);
		if (status < 0)
			return -1;
	}
	if (out_rest)
		*out_rest = c.next;
	return 0;
}

void opts_clear(struct opts *o)
{
	free(o->given);
	strv_clear(&o->operands);
	*o = (struct opts){ 0 };
}

static const struct opt_given *last(const struct opts *o, const char *name)
{
	for (size_t i = o->n; i > 0; i--)
		if (o->given[i - 1].row && strcmp(o->given[i - 1].row->name, name) == 0)
			return &o->given[i - 1];
	return NULL;
}

bool opts_has(const struct opts *o, const char *name)
{
	return last(o, name);
}

const char *opts_value(const struct opts *o, const char *name)
{
	const struct opt_given *g = last(o, name);

	return g ? g->value : NULL;
}

char **opts_values(const struct opts *o, const char *name)
{
	char **list = NULL;

	for (size_t i = 0; i < o->n; i++)
		if (o->given[i].row && strcmp(o->given[i].row->name, name) == 0)
			strv_add(&list, o->given[i].value);
	return list;
}

int opts_duration(const struct opts *o, const char *name, int *out_ms, struct error *err)
{
	const char *value = opts_value(o, name);
	uint64_t ms = 0;

	if (!value)
		return 0;
	if (num_duration(value, &ms, err) < 0)
		return error_wrap(err, "option '--%s'", name);
	if (ms > INT_MAX)
		return error_set(err, ERR_USAGE, "option '--%s': '%s' is too long", name, value);
	*out_ms = (int)ms;
	return 0;
}
