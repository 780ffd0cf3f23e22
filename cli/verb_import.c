/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "cli/verb_template.h"
#include "templates/import.h"

const struct opt template_build_options[] = {
	{ "name",    0, "NAME",     "its name (the recipe's)" },
	{ "mirror",  0, "URL",      "where the packages come from (the host's own mirror)" },
	{ "include", 0, "PACKAGES", "further packages, as vim,curl" },
	{ 0 },
};

const struct opt template_import_options[] = {
	{ "name", 0, "NAME", "its name (the file's, without its ending)" },
	{ 0 },
};

/* What came of a build or an import. */
static void tell(struct cli *cli, const struct import_result *result)
{
	for (char *const *w = result->warnings; w && *w; w++)
		out_warn(cli, "%s: %s", result->template.name, *w);
	if (!result->is_new)
		out_note(cli, "%s: the store had these files already", result->template.name);
	if (cli->is_json)
		template_json(cli, &result->template);
	else if (!cli->is_quiet)
		out_print(cli, "%s %.12s\n", result->template.name, result->template.digest);
}

static int build_one(struct cli *cli, int storefd, const char *recipe, struct error *err)
{
	AUTO_STRV char **include = NULL;
	struct import_result result = { 0 };
	const char *list = opts_value(&cli->opts, "include");
	bool is_shown = cli->is_verbose || (isatty(STDERR_FILENO) && !cli->is_quiet);
	struct build_options options = {
		.recipe = recipe,
		.name = opts_value(&cli->opts, "name"),
		.mirror = opts_value(&cli->opts, "mirror"),
		.log_fd = is_shown ? STDERR_FILENO : -1,
	};
	int status;

	include = list ? strv_split(list, ",") : NULL;
	options.include = include;
	cli->subject = recipe;
	if (cli->is_dry_run)
		return out_would(cli, recipe);
	status = build_template(storefd, &options, &result, err);
	if (status == 0)
		tell(cli, &result);
	import_result_clear(&result);
	return status;
}

int verb_template_build(struct cli *cli, struct error *err)
{
	AUTO_CLOSE int storefd = template_store(cli, err);

	if (storefd < 0)
		return -1;
	if (opts_has(&cli->opts, "name") && cli->opts.operands[1])
		return error_set(err, ERR_USAGE, "option '--name' goes with one recipe");
	cli->json.compact = true;
	for (char *const *recipe = cli->opts.operands; *recipe; recipe++)
		if (build_one(cli, storefd, *recipe, err) < 0 || out_flush(cli, err) < 0)
			return -1;
	return 0;
}

/* "dir/alpine-minirootfs-3.20.3-x86_64.tar.gz" gives "alpine-minirootfs-3.20.3-x86_64", with what
 * a name can't hold as '-'. */
static char *name_of_file(const char *path)
{
	static const char *const endings[] = {
		".gz", ".xz", ".zst", ".bz2", ".lz4", ".tgz", ".txz", ".tar",
	};
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char *name = xstrndup(base, ZONE_NAME_MAX);

	for (size_t i = 0; i < N_ROWS(endings); i++)
		if (str_ends(name, endings[i]))
			name[strlen(name) - strlen(endings[i])] = '\0';
	for (char *p = name; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", *p))
			*p = '-';
	}
	return name;
}

static int import(struct cli *cli, const char *path, const char *name, struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO_CLOSE int storefd = template_store(cli, err);
	AUTO_CLOSE int filefd = -1;
	struct import_result result = { 0 };
	int status;

	if (storefd < 0)
		return -1;
	filefd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) :
			    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); /* host path */
	if (filefd < 0)
		return error_sys(err, "open '%s'", path);
	if (cli->is_dry_run)
		return out_would(cli, path);
	status = import_archive(storefd, filefd, name, is_stdin ? "standard input" : path, &result,
				err);
	if (status == 0)
		tell(cli, &result);
	import_result_clear(&result);
	return status;
}

int verb_template_import(struct cli *cli, struct error *err)
{
	const char *path = cli->opts.operands[0];
	const char *given = opts_value(&cli->opts, "name");
	AUTO_FREE char *name = given ? xstrdup(given) : name_of_file(path);

	cli->subject = path;
	if (strcmp(path, "-") == 0 && !given)
		return error_set(err, ERR_USAGE, "standard input needs '--name'");
	if (template_name_check(name, err) < 0)
		return given ? -1 : error_hint(err, "give it a name with --name");
	return import(cli, path, name, err);
}
