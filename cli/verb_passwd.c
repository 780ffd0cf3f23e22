/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "base/mem.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "runtime/passwd.h"

const struct opt passwd_options[] = {
	{ "user",  'u', "USER", "whose (root)" },
	{ "stdin", 0,   NULL,   "read the password from standard input" },
	{ "hash",  0,   "HASH", "a hash, as of crypt(5); '!' locks" },
	{ 0 },
};

/* One for all the zones that were named: standard input is read once. */
int verb_passwd_read(struct cli *cli, char *const *names, struct error *err)
{
	const char *hash = opts_value(&cli->opts, "hash");

	(void)names;	/* whichever they are */
	if (!hash == !opts_has(&cli->opts, "stdin")) {
		error_set(err, ERR_USAGE, "give either --stdin or --hash");
		return error_hint(err, "a password on a command line could be seen by others");
	}
	cli->password_hash = hash ? xstrdup(hash) : passwd_hash(STDIN_FILENO, err);
	return cli->password_hash ? 0 : -1;
}

int verb_passwd(struct cli *cli, struct target *t, struct error *err)
{
	const char *user = opts_value(&cli->opts, "user");

	return passwd_set(&t->zone, t->status.state == ZONE_RUNNING, user ? user : "root",
			  cli->password_hash, err);
}
