/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/oci.h"
#include "oci/rootless.h"

enum { OPTIONS_MAX = 40, LONG_ONLY = 256, VERB_HELP = 128 };

const char *oci_value(const struct oci *oci, int row)
{
	for (size_t i = oci->n_given; i > 0; i--)
		if (oci->given[i - 1].row == row)
			return oci->given[i - 1].value;
	return NULL;
}

/* clang-format off */
enum {
	ROOT, LOG, LOG_FORMAT, LOG_LEVEL, SYSTEMD, MANAGER, DEBUG, ROOTLESS, CRIU, PRINT_VERSION,
	PRINT_HELP,
};
static const struct oci_option global_options[] = {
	[ROOT] = { "root", 0, true },
	[LOG] = { "log", 0, true },
	[LOG_FORMAT] = { "log-format", 0, true },
	[LOG_LEVEL] = { "log-level", 0, true },
	[SYSTEMD] = { "systemd-cgroup", 0, false },
	[MANAGER] = { "cgroup-manager", 0, true },
	[DEBUG] = { "debug", 0, false },
	[ROOTLESS] = { "rootless", 0, true },
	[CRIU] = { "criu", 0, true },
	[PRINT_VERSION] = { "version", 'v', false },
	[PRINT_HELP] = { "help", 'h', false },
	{ 0 },
};
/* clang-format on */

/* As getopt_long_only(3) wants them; "+" stops at the first operand. Any verb has --help, and a
 * flag may be given a value that says whether it is (--detach=false), as Go programs take it. */
static void make_tables(const struct oci_option *rows, bool stops, struct option *longs,
			char *shorts)
{
	size_t n = (size_t)sprintf(shorts, "%s:h", stops ? "+" : "");
	int i;

	for (i = 0; rows[i].name; i++) {
		longs[i] = (struct option){ rows[i].name, rows[i].has_value ? required_argument
								: optional_argument,
					    NULL, LONG_ONLY + i };
		if (rows[i].letter)
			n += (size_t)sprintf(shorts + n, "%c%s", rows[i].letter,
					     rows[i].has_value ? ":" : "");
	}
	longs[i] = (struct option){ "help", no_argument, NULL, VERB_HELP };
}

static int find_letter(const struct oci_option *rows, int letter)
{
	for (int i = 0; rows[i].name; i++)
		if (rows[i].letter == letter)
			return LONG_ONLY + i;
	return VERB_HELP;
}

static int parse_error(int what, const char *word, struct error *err)
{
	word += strspn(word, "-");
	return error_set(err, ERR_USAGE, what == ':' ? "flag needs an argument: -%s"
						     : "flag provided but not defined: -%s", word);
}

/* *out: the flag is given. */
static int parse_flag(const struct oci_option *row, const char *value, bool *out, struct error *err)
{
	static const char *const words[] = { "false", "true", "0", "1", "f", "t", "F", "T",
					     "FALSE", "TRUE", "False", "True" };

	*out = true;
	if (row->has_value || !value)
		return 0;
	for (size_t i = 0; i < N_ROWS(words); i++) {
		*out = i % 2 != 0;
		if (strcmp(words[i], value) == 0)
			return 0;
	}
	return error_set(err, ERR_USAGE, "invalid boolean value \"%s\" for -%s", value, row->name);
}

/* Adds what is given to oci->given, which has room for every word. Returns how many words of argv
 * were options, with operands moved behind them, or -1. */
static int parse(struct oci *oci, const struct oci_option *rows, bool stops, int argc, char **argv,
		 struct error *err)
{
	struct oci_given *given = xcalloc((size_t)argc, sizeof(*given));
	struct option longs[OPTIONS_MAX] = { 0 };
	char shorts[OPTIONS_MAX * 2 + 3];
	int row;

	make_tables(rows, stops, longs, shorts);
	oci->given = given;	/* kept until the end */
	oci->n_given = 0;
	optind = 0;	/* from the beginning, whatever was parsed before */
	opterr = 0;
	while ((row = getopt_long_only(argc, argv, shorts, longs, NULL)) != -1) {
		bool is_given;

		if (row == '?' || row == ':')
			return parse_error(row, argv[optind - 1], err);
		if (row < VERB_HELP)
			row = find_letter(rows, row);
		if (row == VERB_HELP) {
			oci->asks_help = true;
			continue;
		}
		row -= LONG_ONLY;
		if (parse_flag(&rows[row], optarg, &is_given, err) < 0)
			return -1;
		if (is_given)
			given[oci->n_given++] = (struct oci_given){ row, optarg ? optarg : "" };
	}
	return optind;
}

/* What can be done without the host's root is found out, whatever it says. */
static int check_rootless(const char *word, struct error *err)
{
	bool is_given;

	if (!word || strcmp(word, "auto") == 0)
		return 0;
	return parse_flag(&(struct oci_option){ "rootless", 0, false }, word, &is_given, err);
}

static int set_globals(struct oci *oci, struct error *err)
{
	const char *manager = oci_value(oci, MANAGER);

	if (oci_log_open(&oci->log, oci_value(oci, LOG), oci_value(oci, LOG_FORMAT), err) < 0 ||
	    check_rootless(oci_value(oci, ROOTLESS), err) < 0)
		return -1;
	oci->criu = oci_value(oci, CRIU);
	oci->root = oci_value(oci, ROOT) ? oci_value(oci, ROOT) : rootless_root();
	if (oci_value(oci, SYSTEMD) || (manager && strcmp(manager, "systemd") == 0))
		oci->cgroup_manager = OCI_SYSTEMD;
	else if (manager && strcmp(manager, "disabled") == 0)
		oci->cgroup_manager = OCI_NO_CGROUPS;
	else if (manager && strcmp(manager, "cgroupfs") != 0)
		return error_set(err, ERR_USAGE, "--cgroup-manager: '%s' is none of cgroupfs,"
				 " systemd and disabled", manager);
	return 0;
}

static int report(const struct oci *oci, const struct error *err)
{
	AUTO_FREE char *text = err->hint[0] ? xasprintf("%s (%s)", err->text, err->hint)
					    : xstrdup(err->text);

	oci_log_write(&oci->log, "error", text);
	fprintf(stderr, "%s\n", text);
	return oci->failed;
}

void oci_warn(const struct oci *oci, const struct error *warning)
{
	if (!warning->text[0])
		return;
	oci_log_write(&oci->log, "warning", warning->text);
	if (oci->log.place == OCI_LOG_NOWHERE)
		fprintf(stderr, "warning: %s\n", warning->text);
}

static int print_version(void)
{
	printf("zone-oci version %s\ncommit: %s\nspec: 1.3.0\n", PACKAGE_VERSION,
	       PACKAGE_VERSION);
	return 0;
}

static void print_options(const struct oci_option *rows)
{
	printf("\noptions:\n");
	for (; rows->name; rows++) {
		char letter[] = { '-', rows->letter, ',', ' ', '\0' };

		printf("  %s--%s%s\n", rows->letter ? letter : "", rows->name,
		       rows->has_value ? " VALUE" : "");
	}
}

static int print_help(void)
{
	printf("usage: zone-oci [OPTIONS] VERB [OPTIONS] [ID]\n\nverbs:\n");
	for (const struct oci_verb *v = oci_verbs(); v->name; v++)
		printf("  %-8s %-16s %s\n", v->name, v->operands, v->summary);
	print_options(global_options);
	printf("\nzone-oci VERB --help lists a verb's options, zone-oci(8) says what they do.\n");
	return 0;
}

static int print_verb_help(const struct oci_verb *verb)
{
	printf("usage: zone-oci [OPTIONS] %s [OPTIONS] %s\n\n%s\n", verb->name, verb->operands,
	       verb->summary);
	print_options(verb->options);
	return 0;
}

static const struct oci_verb *find_verb(const char *name, struct error *err)
{
	for (const struct oci_verb *v = oci_verbs(); v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	error_set(err, ERR_USAGE, "no such command: '%s'", name);
	return NULL;
}

/* "help", and "help VERB". */
static int help_on(const char *name, struct error *err)
{
	const struct oci_verb *verb = name ? find_verb(name, err) : NULL;

	if (!name)
		return print_help();
	return verb ? print_verb_help(verb) : -1;
}

static int check_operands(const struct oci_verb *v, int n, struct error *err)
{
	if (n >= v->min && (v->max < 0 || n <= v->max))
		return 0;
	if (v->max < 0)
		return error_set(err, ERR_USAGE, "\"%s\" requires a minimum of %d argument(s)",
				 v->name, v->min);
	if (v->max > v->min)
		return error_set(err, ERR_USAGE, "\"%s\" requires %d to %d argument(s)", v->name,
				 v->min, v->max);
	return error_set(err, ERR_USAGE, "\"%s\" requires exactly %d argument(s)", v->name, v->min);
}

static int run_verb(struct oci *oci, const struct oci_verb *verb, int argc, char **argv,
		    struct error *err)
{
	int at = parse(oci, verb->options, verb->stops_at_operand, argc, argv, err);

	if (at < 0)
		return -1;
	if (oci->asks_help)
		return print_verb_help(verb);
	oci->operands = argv + at;
	oci->n_operands = argc - at;
	if (check_operands(verb, oci->n_operands, err) < 0)
		return -1;
	return verb->run(oci, err);
}

int main(int argc, char **argv)
{
	struct oci oci = { .failed = 1 };
	struct error err = { 0 };
	const struct oci_verb *verb;
	int at = parse(&oci, global_options, true, argc, argv, &err);

	if (at < 0 || set_globals(&oci, &err) < 0)
		return report(&oci, &err);
	if (oci_value(&oci, PRINT_VERSION))
		return print_version();
	if (oci_value(&oci, PRINT_HELP) || at == argc)
		return print_help();
	if (strcmp(argv[at], "help") == 0)
		return help_on(argv[at + 1], &err) < 0 ? report(&oci, &err) : 0;
	verb = find_verb(argv[at], &err);
	if (!verb || run_verb(&oci, verb, argc - at, argv + at, &err) < 0)
		return report(&oci, &err);
	fputs(str_text(&oci.out), stdout);
	return fflush(stdout) == 0 ? oci.status : 1;
}
