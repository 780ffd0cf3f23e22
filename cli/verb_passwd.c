/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/ask.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "runtime/passwd.h"

const struct opt passwd_options[] = {
	{ "user",  'u', "USER", "whose (root)" },
	{ "stdin", 0,   NULL,   "read the password from standard input" },
	{ "hash",  0,   "HASH", "a hash, as of crypt(5); '!' locks" },
	{ 0 },
};

static char *ask(const char *user, char *const *names, struct error *err)
{
	size_t n = strv_len(names);
	AUTO_FREE char *where = n == 1 ? xstrdup(*names) : xasprintf("%zu zones", n);
	AUTO_FREE char *prompt = xasprintf("New password of %s in %s: ", user, where);
	AUTO_CLOSE int fd = ask_password(prompt, err);

	return fd < 0 ? NULL : passwd_hash(fd, err);
}

/* One for all the zones that were named: it is read once. */
int verb_passwd_read(struct cli *cli, char *const *names, struct error *err)
{
	const char *hash = opts_value(&cli->opts, "hash"), *user = opts_value(&cli->opts, "user");
	bool is_piped = opts_has(&cli->opts, "stdin");

	if ((hash && is_piped) || (!hash && !is_piped && !isatty(STDIN_FILENO))) {
		error_set(err, ERR_USAGE, "give either --stdin or --hash");
		return error_hint(err, "a password on a command line could be seen by others");
	}
	if (hash)
		cli->password_hash = xstrdup(hash);
	else
		cli->password_hash = is_piped ? passwd_hash(STDIN_FILENO, err) :
						ask(user ? user : "root", names, err);
	return cli->password_hash ? 0 : -1;
}

int verb_passwd(struct cli *cli, struct target *t, struct error *err)
{
	const char *user = opts_value(&cli->opts, "user");

	return passwd_set(&t->zone, t->status.state == ZONE_RUNNING, user ? user : "root",
			  cli->password_hash, err);
}

static bool has_property(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < cli->opts.n; i++)
		if (cli->opts.given[i].property &&
		    strcmp(cli->opts.given[i].property->name, name) == 0)
			return true;
	return false;
}

/* One password for all the zones that are made: it is read once. */
int verb_create_password(struct cli *cli, char *const *names, struct error *err)
{
	(void)names;	/* whichever they are */
	if (!opts_has(&cli->opts, "password-stdin"))
		return 0;
	if (has_property(cli, "password-hash"))
		return error_set(err, ERR_USAGE,
				 "give either --password-stdin or --password-hash");
	cli->password_hash = passwd_hash(STDIN_FILENO, err);
	return cli->password_hash ? 0 : -1;
}
