/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"

#define MANIFEST "manifest"

enum { FAULTS_MAX = 40 };

static int record_write(void *arg, const char *text, struct error *err)
{
	FILE *file = arg;

	if (fwrite(text, strlen(text) + 1, 1, file) != 1)
		return error_sys(err, "write '%s'", MANIFEST);
	return 0;
}

int manifest_write(int objectfd, int rootfd, const struct ahead *known, struct digest *out,
		   struct error *err)
{
	AUTO_CLOSE int fd = openat(objectfd, MANIFEST,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	AUTO_FCLOSE FILE *file = fd < 0 ? NULL : fdopen(fd, "we");
	const struct digest_sink sink = { .take = record_write, .arg = file };

	if (!file)
		return error_sys(err, "make '%s'", MANIFEST);
	fd = -1;	/* owned by file */
	if (digest_tree(rootfd, known, &sink, out, err) < 0)
		return -1;
	return fflush(file) == 0 ? 0 : error_sys(err, "write '%s'", MANIFEST);
}

/* The manifest read beside the tree; both are in the order of the walk. */
struct comparison {
	FILE *file;			/* owned; NULL: there is none */
	char *record;			/* of the manifest, the next one; owned, with its room */
	size_t room;
	bool is_end;
	char **faults;			/* strv, owned */
	size_t n_faults;
};

enum { FIELDS = 9, LINK_FIELDS = 2 };	/* before the path */

/* Where the path begins; "" for a record that is none. */
static const char *path_of(const char *record)
{
	int fields = record[0] == 'h' ? LINK_FIELDS : FIELDS;

	for (; fields > 0 && *record; record++)
		fields -= *record == ' ';
	return record;
}

/* As the walk goes: by bytes, but what is in a directory before its next sibling. */
static int path_order(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == '/' && *b)
		return *b == '/' ? 0 : -1;
	if (*b == '/' && *a)
		return 1;
	return (unsigned char)*a - (unsigned char)*b;
}

static void record_next(struct comparison *c)
{
	if (!c->file || getdelim(&c->record, &c->room, '\0', c->file) <= 0)
		c->is_end = true;
}

static void fault(struct comparison *c, const char *record, const char *what)
{
	const char *path = path_of(record);
	AUTO_STR struct str line = { 0 };

	if (++c->n_faults > FAULTS_MAX)
		return;
	str_addc(&line, '\'');
	str_add_printable(&line, *path ? path : "/", *path ? strlen(path) : 1);
	str_addf(&line, "': %s", what);
	strv_add(&c->faults, str_text(&line));
}

/* Which fields differ, in words. */
static void records_compare(struct comparison *c, const char *was, const char *is)
{
	static const char *const fields[FIELDS] = {
		"kind", "mode", "owner", "group", "size", "time", "device", "contents",
		"extended attributes",
	};
	AUTO_STR struct str words = { 0 };
	const char *record = is;

	if (was[0] == 'h' || is[0] == 'h') {
		fault(c, is, "hard links");
		return;
	}
	for (size_t i = 0; i < FIELDS; i++) {
		size_t a = strcspn(was, " "), b = strcspn(is, " ");

		if (a != b || memcmp(was, is, a) != 0)
			str_addf(&words, "%s%s", words.len ? ", " : "", fields[i]);
		was += a + (was[a] == ' ');
		is += b + (is[b] == ' ');
	}
	str_add(&words, " changed");
	fault(c, record, str_text(&words));
}

static int record_compare(void *arg, const char *text, struct error *err)
{
	struct comparison *c = arg;
	int order = -1;

	(void)err;
	while (!c->is_end) {
		order = path_order(path_of(c->record), path_of(text));
		if (order >= 0)
			break;
		fault(c, c->record, "is missing");
		record_next(c);
	}
	if (!c->file)
		return 0;
	if (c->is_end || order > 0) {
		fault(c, text, "was not there");
		return 0;
	}
	if (strcmp(c->record, text) != 0)
		records_compare(c, c->record, text);
	record_next(c);
	return 0;
}

int manifest_compare(int objectfd, int rootfd, struct digest *out, char ***out_faults,
		     struct error *err)
{
	AUTO_CLOSE int fd = openat(objectfd, MANIFEST, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct comparison c = { 0 };
	const struct digest_sink sink = { .take = record_compare, .arg = &c };
	int r;

	if (fd < 0 && errno != ENOENT)
		return error_sys(err, "open '%s'", MANIFEST);
	if (fd >= 0)
		c.file = fdopen(TAKE_FD(fd), "re");
	record_next(&c);
	r = digest_tree(rootfd, NULL, &sink, out, err);
	for (; r == 0 && !c.is_end; record_next(&c))
		fault(&c, c.record, "is missing");
	if (c.n_faults > FAULTS_MAX)
		strv_addf(&c.faults, "and %zu more", c.n_faults - FAULTS_MAX);
	cleanup_file(&c.file);
	free(c.record);
	if (r < 0)
		strv_clear(&c.faults);
	else
		*out_faults = c.faults;
	return r;
}
