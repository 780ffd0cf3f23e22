/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/signals.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/num.h"

enum { RTMIN = 34, LAST = 64 };

/* clang-format off */
static const struct { const char *name; int number; } names[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },       { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT },     { "BUS", SIGBUS },   { "FPE", SIGFPE },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM }, { "CHLD", SIGCHLD },
	{ "CONT", SIGCONT }, { "STOP", SIGSTOP },     { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "URG", SIGURG },       { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
	{ "PROF", SIGPROF }, { "VTALRM", SIGVTALRM }, { "WINCH", SIGWINCH }, { "IO", SIGIO },
	{ "PWR", SIGPWR },   { "SYS", SIGSYS },       { "STKFLT", SIGSTKFLT },
	{ "RTMIN", RTMIN },  { "RTMAX", LAST },
};
/* clang-format on */

static int base_of(const char *name, size_t len)
{
	for (size_t i = 0; i < N_ROWS(names); i++) {
		if (strlen(names[i].name) == len && strncasecmp(names[i].name, name, len) == 0)
			return names[i].number;
	}
	return 0;
}

int signal_parse(const char *text, int *out, struct error *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	size_t len = strcspn(name, "+-");
	struct error ignored = { 0 };
	int base = base_of(name, len);
	uint64_t n = 0;

	if (num_u64(text, 1, LAST, &n, &ignored) == 0) {
		*out = (int)n;
		return 0;
	}
	if (base == 0 || (name[len] && base != RTMIN && base != LAST) ||
	    (name[len] && num_u64(name + len + 1, 0, LAST - RTMIN, &n, &ignored) < 0))
		return error_set(err, ERR_USAGE, "no signal '%s'", text);
	if ((base == RTMIN && name[len] == '-') || (base == LAST && name[len] == '+'))
		return error_set(err, ERR_USAGE, "no signal '%s'", text);
	*out = base == LAST ? base - (int)n : base + (int)n;
	return 0;
}
