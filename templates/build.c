/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/build.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

enum {
	TAIL_MAX = 2048,		/* of a builder's words */
	WORDS_MAX = 300,		/* of them in an error */
	SUITE_MAX = 32,
};

/* clang-format off */
static const struct recipe recipes[] = {
	/* name                  suite       sysvinit  updates  fill */
	{ "minimal",             NULL,       false,    false,   build_minimal },
	{ "debian-11",           "bullseye", false,    true,    build_debian },
	{ "debian-12",           "bookworm", false,    true,    build_debian },
	{ "debian-13",           "trixie",   false,    true,    build_debian },
	{ "debian-11-sysvinit",  "bullseye", true,     true,    build_debian },
	{ "debian-12-sysvinit",  "bookworm", true,     true,    build_debian },
	{ "debian-13-sysvinit",  "trixie",   true,     true,    build_debian },
};
/* clang-format on */

static const char suite_prefix[] = "debian:";

void build_log_take(void *arg, const char *data, size_t n)
{
	struct build_log *log = arg;
	struct error lost = { 0 };

	if (log->fd >= 0)
		(void)fd_write_all(log->fd, data, n, &lost); /* a log nobody reads stops nothing */
	str_addn(&log->tail, data, n);
	if (log->tail.len > TAIL_MAX) {
		AUTO_STR struct str shorter = { 0 };
		struct str swap = log->tail;

		str_add(&shorter, str_text(&swap) + swap.len - TAIL_MAX / 2);
		log->tail = shorter;
		shorter = swap;
	}
}

void build_log_drain(struct build_log *log, int fd)
{
	char buf[4096];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		build_log_take(log, buf, (size_t)n);
	}
}

int build_log_error(const struct build_log *log, const char *program, int status, struct error *err)
{
	AUTO_FREE char *words = xstrdup(str_text(&log->tail));
	size_t len = strlen(words);
	const char *from = words;

	for (size_t i = 0; i < len; i++) {
		if (words[i] == '\n')
			words[i] = ' ';
	}
	while (len > 0 && isspace((unsigned char)words[len - 1]))
		words[--len] = '\0';
	if (len > WORDS_MAX)
		from += len - WORDS_MAX;
	return error_set(err, ERR_FAILED, "%s failed (status %d): %s", program, status, from);
}

/* "debian:SUITE": any suite the mirror has, without the promise that it has updates. */
static int suite_take(const char *suite, struct recipe *out, struct error *err)
{
	size_t len = strlen(suite);

	for (size_t i = 0; i < N_ROWS(recipes); i++) {
		if (recipes[i].suite && strcmp(recipes[i].suite, suite) == 0) {
			*out = recipes[i];
			return 0;
		}
	}
	if (len == 0 || len > SUITE_MAX || suite[0] == '-' ||
	    strspn(suite, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return error_set(err, ERR_USAGE, "bad suite '%s'", suite);
	*out = (struct recipe){ .name = suite, .suite = suite, .fill = build_debian };
	return 0;
}

static int recipe_find(const char *name, struct recipe *out, struct error *err)
{
	AUTO_STR struct str known = { 0 };

	if (str_starts(name, suite_prefix))
		return suite_take(name + strlen(suite_prefix), out, err);
	for (size_t i = 0; i < N_ROWS(recipes); i++) {
		if (strcmp(recipes[i].name, name) == 0) {
			*out = recipes[i];
			return 0;
		}
		str_addf(&known, "%s, ", recipes[i].name);
	}
	error_set(err, ERR_USAGE, "no recipe '%s'", name);
	return error_hint(err, "%sdebian:SUITE", str_text(&known));
}

/* "debian:sid" is known by as "debian-sid". */
static char *name_of(const struct build_options *o)
{
	char *name = xstrdup(o->name ? o->name : o->recipe);

	for (char *p = name; !o->name && *p; p++) {
		if (*p == ':')
			*p = '-';
	}
	return name;
}

int build_template(int storefd, const struct build_options *options, struct import_result *out,
		   struct error *err)
{
	AUTO_STAGE struct store_stage stage = STORE_STAGE_EMPTY;
	AUTO_FREE char *name = name_of(options);
	AUTO_FREE char *source = xasprintf("build %s", options->recipe);
	struct template known;
	struct recipe recipe;

	if (recipe_find(options->recipe, &recipe, err) < 0 || template_name_check(name, err) < 0 ||
	    store_stage_open(&stage, storefd, err) < 0)
		return -1;
	if (recipe.fill(&recipe, options, &stage, err) < 0)
		return error_wrap(err, "build '%s'", options->recipe);
	known = (struct template){ .name = name, .source = source };
	if (options->finish)
		return options->finish(options->finish_arg, &known, stage.rootfd, out, err);
	return import_commit(&stage, &known, NULL, out, err);
}
