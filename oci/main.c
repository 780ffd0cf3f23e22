/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "oci/oci.h"

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

/* As getopt_long_only(3) wants them; "+" stops at the first operand. Any verb has --help. */
static void make_tables(const struct oci_option *rows, bool stops, struct option *longs,
			char *shorts)
{
	size_t n = (size_t)sprintf(shorts, "%s:", stops ? "+" : "");
	int i;

	for (i = 0; rows[i].name; i++) {
		longs[i] = (struct option){ rows[i].name, rows[i].has_value, NULL, LONG_ONLY + i };
		if (rows[i].letter)
			n += (size_t)sprintf(shorts + n, "%c%s", rows[i].letter,
					     rows[i].has_value ? ":" : "");
	}
	longs[i] = (struct option){ "help", no_argument, NULL, VERB_HELP };
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
		if (row == '?' || row == ':')
			return error_set(err, ERR_USAGE, row == ':' ? "flag needs an argument: %s"
								    : "unknown option: %s",
					 argv[optind - 1]);
		if (row == VERB_HELP) {
			oci->asks_help = true;
			continue;
		}
		for (int i = 0; row < LONG_ONLY && rows[i].name; i++)
			if (rows[i].letter == row)
				row = LONG_ONLY + i;
		given[oci->n_given++] = (struct oci_given){ row - LONG_ONLY, optarg ? optarg : "" };
	}
	return optind;
}

static int set_globals(struct oci *oci, struct error *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	const char *manager = oci_value(oci, MANAGER), *format = oci_value(oci, LOG_FORMAT);

	oci->root = oci_value(oci, ROOT);
	if (!oci->root && geteuid() != 0 && runtime_dir && *runtime_dir)
		oci->root = xasprintf("%s/zone-oci", runtime_dir);
	else if (!oci->root)
		oci->root = "/run/zone-oci";
	oci->log_path = oci_value(oci, LOG) && *oci_value(oci, LOG) ? oci_value(oci, LOG) : NULL;
	oci->log_is_json = format && strcmp(format, "json") == 0;
	if (oci_value(oci, SYSTEMD) || (manager && strcmp(manager, "systemd") == 0))
		return error_set(err, ERR_UNSUPPORTED, "systemd's cgroups are not supported yet");
	else if (manager && strcmp(manager, "disabled") == 0)
		oci->cgroup_manager = OCI_NO_CGROUPS;
	else if (manager && strcmp(manager, "cgroupfs") != 0)
		return error_set(err, ERR_USAGE, "--cgroup-manager: '%s' is none of cgroupfs,"
				 " systemd and disabled", manager);
	return 0;
}

/* The line that engines look for in the file that they named. */
static void write_log(const struct oci *oci, const char *text)
{
	AUTO_CLOSE int fd = -1;
	struct json_out out = { .compact = true };
	AUTO_STR struct str line = { 0 };
	struct error ignored = { 0 };
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	if (!oci->log_path)
		return;
	fd = open(oci->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644); /* host path */
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	json_out_object(&out, NULL);
	json_out_str(&out, "level", "error");
	json_out_str(&out, "msg", text);
	json_out_str(&out, "time", date);
	json_out_end_object(&out);
	if (oci->log_is_json)
		str_addf(&line, "%s\n", str_text(&out.text));
	else
		str_addf(&line, "time=\"%s\" level=error msg=\"%s\"\n", date, text);
	json_out_clear(&out);
	if (fd >= 0)
		(void)fd_write_all(fd, str_text(&line), line.len, &ignored); /* stderr has it too */
}

static int report(const struct oci *oci, const struct error *err)
{
	AUTO_FREE char *text = err->hint[0] ? xasprintf("%s (%s)", err->text, err->hint)
					    : xstrdup(err->text);

	write_log(oci, text);
	fprintf(stderr, "%s\n", text);
	return 1;
}

static int print_version(void)
{
	printf("zone-oci version %s\nspec: 1.3.0\n", PACKAGE_VERSION);
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
	if (oci->n_operands < verb->min || (verb->max >= 0 && oci->n_operands > verb->max))
		return error_set(err, ERR_USAGE, "\"%s\" takes %s%s", verb->name,
				 *verb->operands ? verb->operands : "no arguments", "");
	return verb->run(oci, err);
}

int main(int argc, char **argv)
{
	struct oci oci = { .root = NULL };
	struct error err = { 0 };
	const struct oci_verb *verb;
	int at = parse(&oci, global_options, true, argc, argv, &err);

	if (at < 0 || set_globals(&oci, &err) < 0)
		return report(&oci, &err);
	if (oci_value(&oci, PRINT_VERSION))
		return print_version();
	if (oci_value(&oci, PRINT_HELP) || at == argc)
		return print_help();
	verb = find_verb(argv[at], &err);
	if (!verb || run_verb(&oci, verb, argc - at, argv + at, &err) < 0)
		return report(&oci, &err);
	fputs(str_text(&oci.out), stdout);
	return fflush(stdout) == 0 ? oci.status : 1;
}
