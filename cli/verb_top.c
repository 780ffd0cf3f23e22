/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_top.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "cli/top_model.h"
#include "templates/program.h"

enum { EVERY_MS = 2000, EVERY_MIN_MS = 100 };

const struct opt top_options[] = {
	{ "watch", 'w', "SECONDS", "look every so often (2)" },
	{ "sort",  's', "ORDER",   "cpu, memory, pids, io, net or name (cpu)" },
	{ 0 },
};

static int check(const struct cli *cli, const char *order, int every_ms, struct error *err)
{
	if (top_order_find(order) == TOP_ORDERS)
		return error_set(err, ERR_USAGE,
				 "option '--sort': no '%s' (there are cpu, memory, pids, io, net, "
				 "name)",
				 order);
	if (every_ms < EVERY_MIN_MS)
		return error_set(err, ERR_USAGE, "option '--watch': below %d ms", EVERY_MIN_MS);
	if (cli->is_json) {
		error_set(err, ERR_USAGE, "is a screen, and has no JSON");
		return error_hint(err, "try: zonectl stat --json");
	}
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return 0;
	error_set(err, ERR_USAGE, "needs a terminal");
	return error_hint(err, "try: zonectl stat");
}

static int self(char path[PATH_MAX], struct error *err)
{
	ssize_t n = readlinkat(AT_FDCWD, "/proc/self/exe", path, PATH_MAX - 1);

	if (n < 0)
		return error_sys(err, "read '/proc/self/exe'");
	path[n] = '\0';
	return 0;
}

/* ncurses takes longer to load than most verbs take, so another program has it (top.c). */
int verb_top(struct cli *cli, struct error *err)
{
	const char *order = opts_value(&cli->opts, "sort");
	char path[PATH_MAX], every[16];
	AUTO_CLOSE int programfd = -1;
	int every_ms = EVERY_MS;

	order = order ? order : "cpu";
	if (opts_duration(&cli->opts, "watch", &every_ms, err) < 0 ||
	    check(cli, order, every_ms, err) < 0 || self(path, err) < 0)
		return -1;
	programfd = program_open("zone-top", err);
	if (programfd < 0)
		return -1;
	snprintf(every, sizeof(every), "%d", every_ms);
	char *argv[] = { (char *)"zone-top", path, (char *)cli->root, every, (char *)order,
			 (char *)(cli->has_color ? "color" : "plain"), NULL };

	sys_execveat(programfd, "", argv, environ, AT_EMPTY_PATH);
	return error_sys(err, "start 'zone-top'");
}
