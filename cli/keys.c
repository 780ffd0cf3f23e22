/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/keys.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/key_file.h"
#include "runtime/property_users.h"

#define PROPERTY "ssh-key"

static int read_keys(const char *source, char ***out, struct error *err)
{
	if (strcmp(source, "-") == 0)
		return key_file_read(STDIN_FILENO, "standard input", out, err);
	if (key_file_open(source, out, err) == 0)
		return 0;
	return err->sys ? error_hint(err, "a key (ssh-ed25519 AAAA...), a file of keys, or -") : -1;
}

/* Each key becomes an option of its own, in the place of the one that named the file. */
static void replace_option(struct opts *o, size_t at, char *const *keys)
{
	struct opt_given given = o->given[at];
	size_t n = strv_len(keys);

	o->given = xreallocarray(o->given, o->n + n, sizeof(*o->given));
	memmove(o->given + at + n, o->given + at + 1, (o->n - at - 1) * sizeof(*o->given));
	for (size_t i = 0; i < n; i++) {
		given.value = keys[i];
		o->given[at + i] = given;
	}
	o->n += n - 1;
}

/* What has a blank but no slash is a key that is misspelt. */
static bool is_file(const char *value)
{
	return *value && !property_is_ssh_key(value) && (!strchr(value, ' ') || strchr(value, '/'));
}

static int expand_options(struct cli *cli, struct error *err)
{
	struct opts *o = &cli->opts;

	for (size_t i = 0; i < o->n; i++) {
		const struct opt_given *g = &o->given[i];
		char **keys = NULL;

		if (!g->property || strcmp(g->property->name, PROPERTY) != 0 || !is_file(g->value))
			continue;
		if (read_keys(g->value, &keys, err) < 0) {
			strv_clear(&keys);
			return error_wrap(err, "--" PROPERTY);
		}
		replace_option(o, i, keys);
		i += strv_len(keys) - 1;
		for (char **key = keys; *key; key++)
			strv_give(&cli->keys, *key);
		free(keys);
	}
	return 0;
}

/* "ssh-key=FILE" is the first key, and the others added. */
static int expand_assignment(const char *assignment, char ***out, struct error *err)
{
	size_t n = strcspn(assignment, "=");
	const char *value = assignment + n + 1;
	AUTO_STRV char **keys = NULL;

	if (!str_starts(assignment, PROPERTY) || n > strlen(PROPERTY) + 1 || !is_file(value)) {
		strv_add(out, assignment);
		return 0;
	}
	if (read_keys(value, &keys, err) < 0)
		return error_wrap(err, PROPERTY);
	for (size_t i = 0; keys[i]; i++) {
		if (i > 0 && n == strlen(PROPERTY))
			strv_addf(out, PROPERTY "+=%s", keys[i]);
		else
			strv_addf(out, "%.*s=%s", (int)n, assignment, keys[i]);
	}
	return 0;
}

int keys_expand(struct cli *cli, struct error *err)
{
	AUTO_STRV char **old = TAKE_PTR(cli->assignments);

	for (char *const *a = old; a && *a; a++)
		if (expand_assignment(*a, &cli->assignments, err) < 0)
			return -1;
	return cli->verb->flags & VERB_PROPERTIES ? expand_options(cli, err) : 0;
}
