/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/tempdir.h"
#include "cli/verb.h"
#include "cli/verb_template.h"
#include "cli/worker.h"
#include "runtime/customize.h"
#include "templates/import.h"

enum { PROGRAM_MAX = 64 << 20 };	/* bytes of --customize */

const struct opt template_build_options[] = {
	{ "name",    0, "NAME",     "its name (the recipe's)" },
	{ "mirror",  0, "URL",      "where the packages come from (the host's own mirror)" },
	{ "include", 0, "PACKAGES", "further packages, as vim,curl" },
	{ "customize", 0, "PROGRAM", "run inside what was built, before it becomes a template" },
	{ 0 },
};

const struct opt template_import_options[] = {
	{ "name",   0, "NAME",       "its name (the image's own word, else the file's)" },
	{ "digest", 0, "sha256:HEX", "what it must have: of the file, or of META and ROOTFS" },
	{ 0 },
};

static void warn(const struct cli *cli, const struct import_result *result)
{
	for (char *const *w = result->warnings; w && *w; w++)
		out_warn(cli, "%s: %s", result->template.name, *w);
}

/* What came of a build or an import. */
static void tell(struct cli *cli, const struct import_result *result)
{
	warn(cli, result);
	if (!result->is_new)
		out_note(cli, "%s: the store had these files already", result->template.name);
	if (cli->is_json)
		template_json(cli, &result->template);
	else if (!cli->is_quiet)
		out_print(cli, "%s %.12s\n", result->template.name, result->template.digest);
}

struct source {
	int storefd, filefd, otherfd;	/* borrowed; filefd -1: a recipe */
	const char *name, *file_name, *from, *digest;
	bool is_told;			/* what came of it is a result of the verb */
	struct tempdir tempdir;		/* of a recipe; owned */
};

/* What a signal ended leaves nothing in the store: its processes have let go of their stage. */
static int guard(struct cli *cli, struct worker *w, struct error *err)
{
	const struct source *source = w->arg;
	struct error ignored = { 0 };
	int status = worker_run(cli, w, err);

	if (status == 1)
		(void)store_sweep(source->storefd, &ignored);	/* the next import tries again */
	return status;
}

/* A copy, so that what runs is what was there when it began, wherever that was. */
static char *program_copy(const char *from, const char *tempdir, struct error *err)
{
	AUTO_FREE char *path = xasprintf("%s/customize", tempdir);
	AUTO_CLOSE int infd =
		open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* host path */
	AUTO_CLOSE int outfd = -1;
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t len;

	if (infd < 0 || fstat(infd, &st) < 0) {
		error_sys(err, "open '%s'", from);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)) {
		error_set(err, ERR_USAGE, "'%s' is no program", from);
		error_hint(err, "an executable file is needed");
		return NULL;
	}
	if (fd_read_all(infd, PROGRAM_MAX, &text, &len, err) < 0)
		return NULL;
	outfd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555); /* host path */
	if (outfd < 0 || fchmod(outfd, 0555) < 0) {
		error_sys(err, "make '%s'", path);
		return NULL;
	}
	return fd_write_all(outfd, text, len, err) < 0 ? NULL : TAKE_PTR(path);
}

static int build(struct cli *cli, struct worker *w, struct error *err)
{
	const struct source *source = w->arg;
	const char *list = opts_value(&cli->opts, "include");
	AUTO_STRV char **include = list ? strv_split(list, ",") : NULL;
	struct import_result result = { 0 };
	AUTO_FREE char *program = NULL;
	AUTO_CLOSE int storefd = -1;
	int status;
	struct customize customize = {
		.site = &cli->site, .label = opts_value(&cli->opts, "customize"),
		.log_fd = w->words_fd,
	};
	struct build_options options = {
		.recipe = source->from,
		.name = source->name,
		.mirror = opts_value(&cli->opts, "mirror"),
		.include = include,
		.log_fd = w->words_fd,
	};

	/* Builders mount proc and sys below what they build, and when killed leave them there. */
	if (template_private_mounts(cli, err) < 0)
		return -1;
	storefd = customize.storefd = template_store(cli, err);
	if (storefd < 0)
		return -1;
	if (customize.label) {
		program = program_copy(customize.label, source->tempdir.path, err);
		customize.program = program;
		options.finish = customize_finish;
		options.finish_arg = &customize;
		if (!program)
			return -1;
	}
	setenv("TMPDIR", source->tempdir.path, 1);
	status = build_template(storefd, &options, &result, err);
	if (status == 0)
		tell(cli, &result);
	import_result_clear(&result);
	return status;
}

static int build_one(struct cli *cli, int storefd, const char *recipe, struct error *err)
{
	struct source source = {
		.storefd = storefd, .filefd = -1,
		.name = opts_value(&cli->opts, "name"), .from = recipe,
	};
	struct worker w = {
		.what = recipe, .stage = "building", .work = build, .arg = &source, .input_fd = -1,
	};

	int status;

	cli->subject = recipe;
	if (cli->is_dry_run)
		return out_would(cli, recipe);
	if (tempdir_make(&source.tempdir, err) < 0)
		return -1;
	status = guard(cli, &w, err);
	tempdir_remove(&source.tempdir);
	return status;
}

int verb_template_build(struct cli *cli, struct error *err)
{
	AUTO_CLOSE int storefd = template_store(cli, err);
	int status = 0;

	if (storefd < 0)
		return -1;
	if (opts_has(&cli->opts, "name") && cli->opts.operands[1])
		return error_set(err, ERR_USAGE, "option '--name' goes with one recipe");
	cli->json.compact = true;
	for (char *const *recipe = cli->opts.operands; *recipe && status == 0; recipe++)
		status = build_one(cli, storefd, *recipe, err);
	return status < 0 ? -1 : 0;
}

static int take_in(struct cli *cli, struct worker *w, struct error *err)
{
	const struct source *source = w->arg;
	struct import_result result = { 0 };
	struct import_options options = {
		.fd = source->filefd, .otherfd = source->otherfd, .name = source->name,
		.file_name = source->file_name, .source = source->from,
		.digest = source->digest,
		.limits = &cli->site.config.unpack,
	};
	int status = import_archive(source->storefd, &options, &result, err);

	if (status == 0 && source->is_told)
		tell(cli, &result);
	else if (status == 0)
		warn(cli, &result);
	import_result_clear(&result);
	return status;
}

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int file_open(const char *path, struct error *err)
{
	int fd = is_stdin(path) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) :
				  open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); /* host path */

	return fd < 0 ? error_sys(err, "open '%s'", path) : fd;
}

/* Of a directory its own name, whatever way it was said: "." has none. NULL: there is none. */
static char *file_name_of(const char *path, int fd)
{
	struct stat st;

	if (is_stdin(path))
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return realpath(path, NULL); /* host path */
	return xstrdup(path);
}

/* s has the name, the digest and whether it is told. */
static int import(struct cli *cli, struct source *s, const char *path, const char *other,
		  struct error *err)
{
	AUTO_CLOSE int storefd = template_store(cli, err);
	AUTO_CLOSE int filefd = storefd < 0 ? -1 : file_open(path, err);
	AUTO_CLOSE int otherfd = -1;
	AUTO_FREE char *file_name = NULL;
	struct worker w = { .what = path, .stage = "unpacking", .work = take_in, .arg = s };
	struct stat st;

	if (filefd < 0)
		return -1;
	if (other) {
		otherfd = file_open(other, err);
		if (otherfd < 0)
			return -1;
	}
	if (cli->is_dry_run)
		return out_would(cli, path);
	s->storefd = storefd;
	file_name = file_name_of(other ? other : path, other ? otherfd : filefd);
	s->file_name = file_name;
	s->from = is_stdin(path) ? "standard input" : path;
	s->filefd = w.input_fd = filefd;
	s->otherfd = otherfd;
	if (fstat(filefd, &st) == 0 && S_ISREG(st.st_mode))
		w.input_size = st.st_size;
	return guard(cli, &w, err) < 0 ? -1 : 0;
}

int verb_template_import(struct cli *cli, struct error *err)
{
	const char *path = cli->opts.operands[0];
	const char *name = opts_value(&cli->opts, "name");
	struct source s = {
		.name = name, .digest = opts_value(&cli->opts, "digest"), .is_told = true,
	};

	cli->subject = path;
	if (name && template_name_check(name, err) < 0)
		return -1;
	return import(cli, &s, path, cli->opts.operands[1], err);
}

int template_import(struct cli *cli, const char *name, const char *path, const char *digest,
		    struct error *err)
{
	struct source s = { .name = name, .digest = digest };

	return import(cli, &s, path, NULL, err);
}
