/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/out.h"

static void print_option(struct cli *cli, const struct opt *o)
{
	AUTO_STR struct str left = { 0 };

	if (o->letter)
		str_addf(&left, "-%c, ", o->letter);
	str_addf(&left, "--%s", o->name);
	if (o->operand)
		str_addf(&left, "%s%s", o->operand[0] == '[' ? "" : " ", o->operand);
	out_print(cli, "  %-26s %s\n", str_text(&left), o->help);
}

static void print_options(struct cli *cli, const char *heading, const struct opt *table)
{
	if (!table || !table->name)
		return;
	out_print(cli, "\n%s:\n", heading);
	for (; table->name; table++)
		print_option(cli, table);
}

/* The default, and when a change applies if it is not at once. */
static void print_property(struct cli *cli, const struct property *p, bool is_assigned)
{
	static const char *const when[] = {
		[PROPERTY_LIVE] = "",
		[PROPERTY_NEXT_BOOT] = "; next boot",
		[PROPERTY_AT_CREATE] = "; fixed",
	};
	AUTO_STR struct str left = { 0 };
	bool has_fallback = p->fallback && *p->fallback;

	str_addf(&left, is_assigned ? "%s=%s" : "--%s %s", p->name,
		 p->operand ? p->operand : "VALUE");
	out_print(cli, "  %-26s %s", str_text(&left), p->help);
	if (has_fallback || *when[p->change])
		out_print(cli, " (%s%s)", has_fallback ? p->fallback : "none", when[p->change]);
	out_print(cli, "\n");
}

static void print_properties(struct cli *cli, bool is_assigned)
{
	const char *group = NULL;

	for (const struct property *p = property_table(); p->name; p++) {
		if (!group || strcmp(group, p->group) != 0)
			out_print(cli, "\nproperties: %s\n", p->group);
		group = p->group;
		print_property(cli, p, is_assigned);
	}
}

int help_verb(struct cli *cli, const struct verb *verb, struct error *err)
{
	(void)err;	/* a table of text can't fail */
	out_print(cli, "usage: zonectl %s%s%s\n\n%s%s%s%s\n", verb->name,
		  *verb->operands ? " " : "", verb->operands, verb->summary,
		  verb->alias ? " (also: " : "", verb->alias ? verb->alias : "",
		  verb->alias ? ")" : "");
	print_options(cli, "options", verb->options);
	if (verb->flags & (VERB_PROPERTIES | VERB_ASSIGNS))
		print_properties(cli, verb->flags & VERB_ASSIGNS);
	out_print(cli, "\nexample:\n  %s\n", verb->example);
	return 0;
}

static void print_verbs(struct cli *cli)
{
	const char *group = NULL;

	for (const struct verb *v = verb_table(); v->name; v++) {
		if (!group || strcmp(group, v->group) != 0)
			out_print(cli, "\n%s:\n", v->group);
		group = v->group;
		out_print(cli, "  %-18s %s\n", v->name, v->summary);
	}
}

int help_all(struct cli *cli, struct error *err)
{
	(void)err;	/* a table of text can't fail */
	out_print(cli, "usage: zonectl [options] VERB [options] ARGUMENTS\n");
	print_verbs(cli);
	print_options(cli, "options", cli_global_options());
	out_print(cli, "\nNames of zones may be patterns: 'web*', web{1..3}, @TAG.\n"
		       "zonectl help VERB tells about one verb.\n");
	return 0;
}

bool help_family(struct cli *cli, const char *word)
{
	bool any = false;

	for (const struct verb *v = verb_table(); v->name; v++) {
		if (!str_starts(v->name, word) || v->name[strlen(word)] != ' ')
			continue;
		out_print(cli, "zonectl %s%s%s\n    %s\n", v->name, *v->operands ? " " : "",
			  v->operands, v->summary);
		any = true;
	}
	return any;
}

int verb_help(struct cli *cli, struct error *err)
{
	char *const *operands = cli->opts.operands;
	const struct verb *verb;
	int words;

	if (!operands)
		return help_all(cli, err);
	if (!operands[1] && help_family(cli, operands[0]))
		return 0;
	verb = verb_find(operands, &words, err);
	return verb ? help_verb(cli, verb, err) : -1;
}

int verb_version(struct cli *cli, struct error *err)
{
	(void)err;	/* a constant can't fail */
	if (!cli->is_json) {
		out_print(cli, "zonectl %s\n", PACKAGE_VERSION);
		return 0;
	}
	json_out_object(&cli->json, NULL);
	json_out_str(&cli->json, "version", PACKAGE_VERSION);
	json_out_end_object(&cli->json);
	return 0;
}
