/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb_template.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/sys.h"
#include "cli/out.h"
#include "runtime/tenants.h"

int template_store(struct cli *cli, struct error *err)
{
	return cli_site(cli, err) < 0 ? -1 : site_templates(&cli->site, err);
}

int template_private_mounts(struct cli *cli, struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_sys(err, "mounts of its own");
	/* Descriptors from before are of the host's mounts, which can't be cloned into these. */
	site_close(&cli->site);
	cli->has_site = false;
	return 0;
}

enum member_kind { TEXT, NUMBER, LIST };

/* clang-format off */
static const struct member {
	const char *key;		/* in JSON */
	const char *heading;		/* in the text, NULL: not shown or shown in another way */
	size_t offset;
	enum member_kind kind;
	bool is_optional;		/* "" or 0 is null, and no line */
} members[] = {
#define FIELD(name) offsetof(struct template, name)
	{ "name",             "name",         FIELD(name),             TEXT,   false },
	{ "version",          NULL,           FIELD(version),          NUMBER, true },
	{ "source",           "source",       FIELD(source),           TEXT,   true },
	{ "format",           "format",       FIELD(format),           TEXT,   true },
	{ "archive_digest",   "archive",      FIELD(archive_digest),   TEXT,   true },
	{ "architecture",     "architecture", FIELD(architecture),     TEXT,   true },
	{ "os_id",            NULL,           FIELD(os_id),            TEXT,   true },
	{ "os_version",       NULL,           FIELD(os_version),       TEXT,   true },
	{ "os",               "os",           FIELD(os_name),          TEXT,   true },
	{ "init",             NULL,           FIELD(init),             TEXT,   true },
	{ "init_kind",        NULL,           FIELD(init_kind),        TEXT,   true },
	{ "systemd_version",  NULL,           FIELD(systemd_version),  NUMBER, true },
	{ "args",             "args",         FIELD(args),             LIST,   true },
	{ "env",              "env",          FIELD(env),              LIST,   true },
	{ "user",             "user",         FIELD(user),             TEXT,   true },
	{ "cwd",              "directory",    FIELD(cwd),              TEXT,   true },
	{ "stop_signal",      "stop signal",  FIELD(stop_signal),      TEXT,   true },
	{ "size_bytes",       NULL,           FIELD(size),             NUMBER, false },
	{ "files",            NULL,           FIELD(files),            NUMBER, false },
	{ "imported",         NULL,           FIELD(imported),         NUMBER, false },
#undef FIELD
};
/* clang-format on */

static const void *member_of(const struct template *t, const struct member *m)
{
	return (const char *)t + m->offset;
}

static void member_json(struct json_out *o, const struct member *m, const struct template *t)
{
	const char *text;
	uint64_t number;

	switch (m->kind) {
	case TEXT:
		text = *(char *const *)member_of(t, m);
		json_out_str(o, m->key, text && *text ? text : NULL);
		return;
	case NUMBER:
		number = *(const uint64_t *)member_of(t, m);
		if (number == 0 && m->is_optional)
			json_out_null(o, m->key);
		else
			json_out_u64(o, m->key, number);
		return;
	case LIST:
		json_out_strv(o, m->key, *(char **const *)member_of(t, m));
		return;
	}
}

void template_json_members(struct json_out *o, const struct template *t)
{
	for (size_t i = 0; i < N_ROWS(members); i++)
		member_json(o, &members[i], t);
	json_out_str(o, "digest", t->digest);
	json_out_bool(o, "current", t->is_current);
}

void template_json(struct cli *cli, const struct template *t)
{
	json_out_object(&cli->json, NULL);
	template_json_members(&cli->json, t);
	json_out_end_object(&cli->json);
}

static void line(struct cli *cli, const char *key, const char *value)
{
	out_print(cli, "%-12s ", key);
	out_safe(cli, value && *value ? value : "-");
	out_print(cli, "\n");
}

static void lines(struct cli *cli, const char *key, char *const *values)
{
	for (; values && *values; values++)
		line(cli, key, *values);
}

static void member_print(struct cli *cli, const struct member *m, const struct template *t)
{
	const char *text;

	if (!m->heading)
		return;
	if (m->kind == LIST) {
		lines(cli, m->heading, *(char **const *)member_of(t, m));
		return;
	}
	text = *(char *const *)member_of(t, m);
	if (*text || !m->is_optional)
		line(cli, m->heading, text);
}

/* What else is known: the versions of the same name, and who stands on this one. */
struct context {
	struct template *versions;	/* owned */
	size_t n;
	char **zones;			/* strv, owned */
};

static void context_clear(struct context *c)
{
	for (size_t i = 0; i < c->n; i++)
		template_clear(&c->versions[i]);
	free(c->versions);
	strv_clear(&c->zones);
}

static int context_read(struct cli *cli, int storefd, const struct template *t, struct context *c,
			struct error *err)
{
	AUTO_TENANTS struct tenants tenants = { 0 };
	struct template *list;
	size_t n;

	if (tenants_read(&cli->site, &tenants, err) < 0 || store_list(storefd, &list, &n, err) < 0)
		return -1;
	c->zones = tenants_of(&tenants, t->digest);
	c->versions = list;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, t->name) == 0) {
			struct template kept = list[i];

			list[i] = (struct template){ 0 };
			list[c->n++] = kept;
		} else {
			template_clear(&list[i]);
		}
	}
	return 0;
}

static void time_text(uint64_t seconds, char text[NUM_TEXT_MAX])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	text[0] = '\0';
	if (localtime_r(&when, &tm))
		(void)strftime(text, NUM_TEXT_MAX, "%F %T", &tm);	/* it fits */
}

static void version_text(const struct template *t, char text[NUM_TEXT_MAX])
{
	if (t->version)
		snprintf(text, NUM_TEXT_MAX, "%" PRIu64 "%s", t->version,
			 t->is_current ? " (current)" : "");
	else
		snprintf(text, NUM_TEXT_MAX, "-");
}

static void print_text(struct cli *cli, const struct template *t, const struct context *c)
{
	char text[NUM_TEXT_MAX];

	for (size_t i = 0; i < N_ROWS(members); i++) {
		member_print(cli, &members[i], t);
		if (i > 0)
			continue;
		version_text(t, text);
		line(cli, "version", text);
		line(cli, "digest", t->digest);
	}
	line(cli, "init", t->init);
	line(cli, "init kind", t->init_kind);
	out_print(cli, "%-12s %s in %llu files\n", "size", num_size_human(t->size, text),
		  (unsigned long long)t->files);
	time_text(t->imported, text);
	line(cli, "imported", text);
	for (size_t i = 0; i < c->n; i++) {
		const struct template *other = &c->versions[i];
		char when[NUM_TEXT_MAX];

		if (strcmp(other->digest, t->digest) == 0)
			continue;
		version_text(other, text);
		time_text(other->imported, when);
		out_print(cli, "%-12s %s, %.12s, imported %s\n", "also version", text,
			  other->digest, when);
	}
	lines(cli, "zone", c->zones);
}

static void print_json(struct cli *cli, const struct template *t, const struct context *c)
{
	struct json_out *o = &cli->json;

	json_out_object(o, NULL);
	template_json_members(o, t);
	json_out_strv(o, "zones", c->zones);
	json_out_array(o, "versions");
	for (size_t i = 0; i < c->n; i++) {
		const struct template *v = &c->versions[i];

		json_out_object(o, NULL);
		if (v->version)
			json_out_u64(o, "version", v->version);
		else
			json_out_null(o, "version");
		json_out_str(o, "digest", v->digest);
		json_out_u64(o, "imported", v->imported);
		json_out_bool(o, "current", v->is_current);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	json_out_end_object(o);
}

int verb_template_info(struct cli *cli, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_CLOSE int storefd = template_store(cli, err);
	struct context c = { 0 };

	cli->subject = cli->opts.operands[0];
	if (storefd < 0 || store_find(storefd, cli->subject, &t, err) < 0 ||
	    context_read(cli, storefd, &t, &c, err) < 0)
		return -1;
	if (cli->is_json)
		print_json(cli, &t, &c);
	else
		print_text(cli, &t, &c);
	context_clear(&c);
	return 0;
}

int template_each(struct cli *cli, char *const *names,
		  int (*work)(struct cli *cli, int storefd, const char *name, struct error *err),
		  struct error *err)
{
	AUTO_CLOSE int storefd = template_store(cli, err);
	size_t n = strv_len(names), failed = 0;

	if (storefd < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct error why = { 0 };

		cli->subject = names[i];
		if (work(cli, storefd, cli->subject, &why) == 0)
			continue;
		if (n == 1) {
			*err = why;
			return -1;
		}
		cli_report(cli, cli->subject, &why);
		failed++;
	}
	cli->subject = NULL;
	return failed ? error_set(err, ERR_PARTIAL, "%zu of %zu failed", failed, n) : 0;
}
