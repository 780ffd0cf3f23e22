/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/self.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

static void add_quoted(struct str *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+:@";
	bool is_quoted = word[strspn(word, plain)] != '\0';

	if (is_quoted)
		str_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\'");
		if (*word == '%')
			str_addc(out, '%');
		str_addc(out, *word);
	}
	if (is_quoted)
		str_addc(out, '\'');
}

int self_ssh(struct str *out, const struct cli *cli, struct error *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1); /* host path */

	if (n < 0)
		return error_sys(err, "find out where zonectl is");
	path[n] = '\0';
	add_quoted(out, path);
	if (strcmp(cli->site.path, "/") != 0) {
		str_add(out, " --root ");
		add_quoted(out, cli->site.path);
	}
	str_add(out, " ssh ");
	return 0;
}
