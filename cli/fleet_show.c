/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/fleet_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/fold.h"
#include "cli/out.h"

/* Longer values are shown by their ends. */
enum { VALUE_MAX = 60, VALUE_END = 27 };

/* In the order in which they are shown, which is that of the work. */
enum sign { DESTROY, STOP, SET, CREATE, BOOT, STAYS };

static const struct {
	char letter;
	const char *action;	/* in JSON */
	const char *words;	/* before the names */
} signs[] = {
	[DESTROY] = { '-', "destroy", "destroy " },
	[STOP] = { '-', "stop", "stop " },
	[SET] = { '~', "set", "" },
	[CREATE] = { '+', "create", "create " },
	[BOOT] = { '+', "boot", "boot " },
	[STAYS] = { '!', "stays", "" },
};

/* One thing that happens to one zone. */
struct line {
	enum sign sign;
	char *text;			/* what follows the names; owned */
	const char *name;
	const struct fleet_change *change;	/* of SET and STAYS */
};

struct lines {
	struct line *list;
	size_t n, room;
};

static void add(struct lines *l, enum sign sign, const char *name, char *text,
		const struct fleet_change *change)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->list = xreallocarray(l->list, l->room, sizeof(*l->list));
	}
	l->list[l->n++] = (struct line){ sign, text, name, change };
}

static void lines_clear(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i].text);
	free(l->list);
}

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void add_value(struct str *out, const char *value)
{
	size_t n = strlen(value), head = VALUE_END, tail = n - VALUE_END;

	if (n <= VALUE_MAX) {
		str_add_shown(out, value, n);
		return;
	}
	while (is_inside_character(value[head]))
		head--;
	while (is_inside_character(value[tail]))
		tail++;
	str_add_shown(out, value, head);
	str_add(out, "...");
	str_add_shown(out, value + tail, n - tail);
}

static char *change_text(const struct fleet_change *c)
{
	AUTO_STR struct str out = { 0 };

	str_addf(&out, " %s ", c->what);
	add_value(&out, c->from);
	str_add(&out, " -> ");
	add_value(&out, c->to);
	if (c->when == FLEET_NEXT_BOOT)
		str_add(&out, " (next boot)");
	else if (c->when == FLEET_NEVER && strcmp(c->what, "template") == 0)
		str_add(&out, " (stays: reinstall changes it)");
	else if (c->when == FLEET_NEVER)
		str_add(&out, " (stays: fixed once the zone is made)");
	return str_take(&out);
}

static void add_zone(struct lines *l, const struct fleet_zone *z)
{
	if (z->todo & FLEET_DESTROY)
		add(l, DESTROY, z->name, xstrdup(""), NULL);
	if (z->todo & FLEET_STOP)
		add(l, STOP, z->name, xstrdup(""), NULL);
	if (z->todo & FLEET_CREATE)
		add(l, CREATE, z->name, xstrdup(""), NULL);
	else if (z->todo & FLEET_BOOT)
		add(l, BOOT, z->name, xstrdup(""), NULL);
	for (size_t i = 0; i < z->n_changes; i++) {
		const struct fleet_change *c = &z->changes[i];

		add(l, c->when == FLEET_NEVER ? STAYS : SET, z->name, change_text(c), c);
	}
}

static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = (int)x->sign - (int)y->sign;

	if (order == 0)
		order = strcmp(x->text, y->text);
	return order ? order : strcmp(x->name, y->name);
}

/* Lines of a table that say the same of different zones. */
static void print_same(struct cli *cli, const struct line *first, size_t n)
{
	AUTO_FREE char **names = xcalloc(n, sizeof(*names));
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < n; i++)
		names[i] = (char *)first[i].name;	/* only read */
	text = fold_text(names, n);
	out_print(cli, "%c %s%s%s\n", signs[first->sign].letter, signs[first->sign].words, text,
		  first->text);
}

static void print_lines(struct cli *cli, const struct lines *l)
{
	size_t end;

	for (size_t i = 0; i < l->n; i = end) {
		for (end = i + 1; end < l->n; end++)
			if (l->list[end].sign != l->list[i].sign ||
			    strcmp(l->list[end].text, l->list[i].text) != 0)
				break;
		print_same(cli, &l->list[i], end - i);
	}
}

static const char *const when_words[] = {
	[FLEET_AT_ONCE] = "now", [FLEET_NEXT_BOOT] = "next-boot", [FLEET_NEVER] = "never",
};

static void print_imports(struct cli *cli, const struct fleet *f)
{
	for (size_t i = 0; i < f->n_imports; i++) {
		out_print(cli, "+ import template %s from ", f->imports[i].name);
		out_safe(cli, f->imports[i].path);
		out_print(cli, "\n");
	}
}

static void json_imports(struct json_out *o, const struct fleet *f)
{
	for (size_t i = 0; i < f->n_imports; i++) {
		json_out_object(o, NULL);
		json_out_str(o, "template", f->imports[i].name);
		json_out_str(o, "action", "import");
		json_out_str(o, "from", f->imports[i].path);
		json_out_end_object(o);
	}
}

static void json_lines(struct cli *cli, const struct fleet *f, const struct lines *l)
{
	struct json_out *o = &cli->json;

	o->compact = !cli->is_dry_run;
	json_out_object(o, NULL);
	json_out_str(o, "fleet", f->name);
	json_out_array(o, "changes");
	json_imports(o, f);
	for (size_t i = 0; i < l->n; i++) {
		const struct line *line = &l->list[i];

		json_out_object(o, NULL);
		json_out_str(o, "zone", line->name);
		json_out_str(o, "action", signs[line->sign].action);
		if (line->change) {
			json_out_str(o, "property", line->change->what);
			json_out_str(o, "from", line->change->from);
			json_out_str(o, "to", line->change->to);
			json_out_str(o, "when", when_words[line->change->when]);
		}
		json_out_end_object(o);
	}
	json_out_end_array(o);
	json_out_end_object(o);
}

size_t fleet_count(const struct fleet *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_zones; i++)
		n += f->zones[i].todo != 0;
	return n;
}

void fleet_show(struct cli *cli, const struct fleet *f)
{
	struct lines l = { 0 };

	for (size_t i = 0; i < f->n_zones; i++)
		add_zone(&l, &f->zones[i]);
	if (l.n > 0)
		qsort(l.list, l.n, sizeof(*l.list), compare);
	if (cli->is_json) {
		json_lines(cli, f, &l);
	} else if (!cli->is_quiet) {
		print_imports(cli, f);
		print_lines(cli, &l);
	}
	if (fleet_count(f) == 0 && !cli->is_json && !cli->is_quiet)
		out_print(cli, "nothing to do\n");
	lines_clear(&l);
}

int fleet_report_faults(const struct cli *cli, const struct fleet *f, struct error *err)
{
	for (size_t i = 0; i < f->n_faults; i++) {
		struct error fault = { 0 };

		error_set(&fault, ERR_USAGE, "%s", f->faults[i].text);
		if (f->n_faults == 1) {
			*err = fault;
			return -1;
		}
		cli_report(cli, NULL, &fault);
	}
	return error_set(err, ERR_USAGE, "nothing was changed: %s%zu faults in %s",
			 f->n_faults == FLEET_FAULTS_MAX ? "at least " : "", f->n_faults, f->file);
}
