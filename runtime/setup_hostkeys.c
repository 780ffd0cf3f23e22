/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host keys for an ssh server that has none: by code of ours, before anything of the zone runs, so
 * that no two programs make them at a time and none is waited for. One key serves both servers.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "runtime/hostkeys.h"
#include "runtime/setup_access.h"
#include "runtime/setup_rows.h"

static const struct server_row {
	const char *programs[2];
	const char *prefix, *suffix;	/* of a private key's path, around its type */
	bool is_openssh;
} server_rows[] = {
	{ { "usr/sbin/sshd", "usr/bin/sshd" }, "etc/ssh/ssh_host_", "_key", true },
	{ { "usr/sbin/dropbear", "usr/bin/dropbear" }, "etc/dropbear/dropbear_", "_host_key",
	  false },
};

static bool lacks_key(struct guest *g, const struct server_row *row)
{
	static const char *const types[] = { "ed25519", "ecdsa", "rsa" };

	if (!guest_has(g, row->programs[0]) && !guest_has(g, row->programs[1]))
		return false;
	for (size_t i = 0; i < N_ROWS(types); i++) {
		AUTO_FREE char *path = xasprintf("%s%s%s", row->prefix, types[i], row->suffix);

		if (guest_look(g, path) != GUEST_NONE)
			return false;
	}
	return true;
}

/* The public key first: whoever finds a private one finds both. */
static void put(struct guest *g, const struct server_row *row, const struct hostkey *k)
{
	const struct str *private = row->is_openssh ? &k->openssh : &k->dropbear;
	AUTO_FREE char *path = xasprintf("%sed25519%s", row->prefix, row->suffix);
	AUTO_FREE char *public = xasprintf("%s.pub", path);

	if (row->is_openssh)
		guest_write(g, public, 0644, str_text(&k->public));
	(void)guest_add(g, path, 0600, private->data, private->len); /* it has warned */
}

void setup_host_keys(struct guest *g)
{
	struct hostkey k = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < N_ROWS(server_rows); i++) {
		if (!lacks_key(g, &server_rows[i]))
			continue;
		if (k.public.len == 0 && hostkey_new(&k, &err) < 0) {
			guest_warn(g, "etc/ssh", "%s", err.text);
			break;
		}
		put(g, &server_rows[i], &k);
	}
	hostkey_clear(&k);
}

int setup_make_host_keys(struct error *err)
{
	struct setup_report report = { 0 };
	const struct setup setup = { .init_kind = "", .report = &report };
	struct guest g;

	if (guest_open(&g, &setup, err) < 0)
		return -1;
	report = (struct setup_report){ 0 };
	setup_host_keys(&g);
	guest_close(&g);
	if (report.n_warnings > 0)
		return error_set(err, ERR_FAILED, "%s", report.warnings[0]);
	return 0;
}
