/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/confirm.h"

#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

int confirm(const struct cli *cli, const char *question, const char *done, struct error *err)
{
	AUTO_STR struct str text = { 0 };
	char answer[64];
	ssize_t n;

	if (cli->is_yes || cli->is_dry_run || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return 0;
	str_addf(&text, "%s [y/N] ", question);
	if (fd_write_all(STDERR_FILENO, str_text(&text), text.len, err) < 0)
		return -1;
	n = read(STDIN_FILENO, answer, sizeof(answer));
	if (n > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	return error_set(err, ERR_FAILED, "nothing was %s", done);
}
