/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/self.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "runtime/ssh.h"

#define SUFFIX SELF_HOST_SUFFIX
#define KNOWN_HOSTS "known_hosts"

const struct opt ssh_options[] = {
	{ "user",      'u', "USER", "log in as USER (root)" },
	{ "identity",  'i', "FILE", "a private key to try, as of ssh(1)" },
	{ "option",    'o', "NAME=VALUE", "an option of ssh_config(5)" },
	{ "proxy",     0,   NULL,   "for ssh(1): pass it a connection (ProxyUseFdpass)" },
	{ "host-keys", 0,   NULL,   "for ssh(1): print the host keys (KnownHostsCommand)" },
	{ 0 },
};

static const char *const clients[] = { "/usr/bin/ssh", "/usr/local/bin/ssh", "/bin/ssh" };

/* Host names as ssh-config has them end in SUFFIX, which a zone's own name may do too. */
int verb_ssh_sort(struct cli *cli, struct error *err)
{
	char **name = cli->opts.operands;

	if (!str_ends(*name, SUFFIX) || strlen(*name) == strlen(SUFFIX))
		return 0;
	if (cli_site(cli, err) < 0)
		return -1;
	if (!zone_exists(&cli->site, *name))
		(*name)[strlen(*name) - strlen(SUFFIX)] = '\0';
	return 0;
}

static int write_known_hosts(struct target *t, const char *host, struct error *err)
{
	AUTO_CLOSE int rundirfd = openat(t->zone.site->runfd, t->zone.name,
					 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *lines = NULL;

	if (rundirfd < 0)
		return error_sys(err, "open the run directory");
	lines = ssh_known_hosts(&t->zone, host, err);
	if (!lines)
		return -1;
	return fd_replace_nosync(rundirfd, KNOWN_HOSTS, 0600, lines, strlen(lines), err);
}

/* As ssh_config(5) reads a path in quotes, without working anything out. */
static void add_known_hosts(struct cli *cli, struct target *t, char ***argv)
{
	AUTO_STR struct str option = { 0 };
	const char *root = strcmp(cli->site.path, "/") == 0 ? "" : cli->site.path;

	str_add(&option, "-oUserKnownHostsFile=\"");
	for (; *root; root++) {
		if (strchr("\"\\", *root))
			str_addc(&option, '\\');
		if (*root == '%')
			str_addc(&option, '%');
		str_addc(&option, *root);
	}
	str_addf(&option, "/run/zonectl/%s/" KNOWN_HOSTS "\"", t->zone.name);
	strv_add(argv, str_text(&option));
}

/* Whatever the user's own configuration says of hosts, this one is known and reached so: what
 * ssh(1) reads first holds, and a ProxyCommand also instead of a ProxyJump. */
static int add_arguments(struct cli *cli, struct target *t, const char *host, char ***argv,
			 struct error *err)
{
	static const char *const fixed[] = {
		"GlobalKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes",
		"UpdateHostKeys=no",
	};
	AUTO_STRV char **identities = opts_values(&cli->opts, "identity");
	AUTO_STRV char **further = opts_values(&cli->opts, "option");
	AUTO_FREE char *address = ssh_address(&t->zone);
	AUTO_STR struct str proxy = { 0 };

	for (size_t i = 0; i < N_ROWS(fixed); i++)
		strv_addf(argv, "-o%s", fixed[i]);
	for (char *const *i = identities; i && *i; i++)
		strv_addf(argv, "-i%s", *i);
	strv_addf(argv, "-oHostKeyAlias=%s", host);
	add_known_hosts(cli, t, argv);
	if (*address) {
		strv_addf(argv, "-oHostName=%s", address);
		strv_add(argv, "-oProxyCommand=none");
	} else {
		if (self_ssh(&proxy, cli, err) < 0)
			return -1;
		strv_addf(argv, "-oProxyCommand=%s--proxy %s", str_text(&proxy), t->zone.name);
		strv_add(argv, "-oProxyUseFdpass=yes");
	}
	for (char *const *o = further; o && *o; o++)
		strv_addf(argv, "-o%s", *o);
	return 0;
}

/* Returns only on failure. The client is what the user's terminal and signals belong to. */
static int run_client(char *const *argv, struct error *err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (size_t i = 0; i < N_ROWS(clients); i++) {
		execv(clients[i], argv);
		if (errno != ENOENT)
			return error_sys(err, "execute '%s'", clients[i]);
	}
	error_set(err, ERR_UNSUPPORTED, "this host has no ssh");
	return error_hint(err, "install openssh-client");
}

static int connect_client(struct cli *cli, struct target *t, struct error *err)
{
	const char *user = opts_value(&cli->opts, "user");
	AUTO_FREE char *host = xasprintf("%s" SUFFIX, t->zone.name);
	AUTO_STRV char **argv = NULL;

	if (write_known_hosts(t, host, err) < 0)
		return -1;
	strv_add(&argv, "ssh");
	if (add_arguments(cli, t, host, &argv, err) < 0)
		return -1;
	strv_addf(&argv, "-l%s", user ? user : "root");
	strv_add(&argv, host);
	if (cli->opts.command) {
		strv_add(&argv, "--");
		for (char *const *word = cli->opts.command; *word; word++)
			strv_add(&argv, *word);
	}
	return run_client(argv, err);
}

static int pass_connection(struct target *t, struct error *err)
{
	AUTO_CLOSE int fd = ssh_connect(&t->zone, &t->status, err);

	return fd < 0 ? -1 : fd_send(STDOUT_FILENO, &fd, 1, "", 1, err);
}

int verb_ssh(struct cli *cli, struct target *t, struct error *err)
{
	AUTO_FREE char *lines = NULL;
	AUTO_FREE char *host = xasprintf("%s" SUFFIX, t->zone.name);

	if (opts_has(&cli->opts, "proxy"))
		return pass_connection(t, err);
	if (!opts_has(&cli->opts, "host-keys"))
		return connect_client(cli, t, err);
	lines = ssh_known_hosts(&t->zone, host, err);
	if (!lines)
		return -1;
	out_print(cli, "%s", lines);
	return 0;
}

int verb_ssh_config(struct cli *cli, struct error *err)
{
	AUTO_STR struct str self = { 0 };

	if (cli_site(cli, err) < 0 || self_ssh(&self, cli, err) < 0)
		return -1;
	out_print(cli, "# For ~/.ssh/config or a file of ssh -F: ssh web1" SUFFIX ", scp ...\n"
		       "Host *" SUFFIX "\n"
		       "\tUser root\n"
		       "\tProxyCommand %s--proxy %%n\n"
		       "\tProxyUseFdpass yes\n"
		       "\tKnownHostsCommand %s--host-keys %%H\n"
		       "\tUserKnownHostsFile none\n"
		       "\tGlobalKnownHostsFile none\n"
		       "\tStrictHostKeyChecking yes\n",
		  str_text(&self), str_text(&self));
	return 0;
}
