/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/out.h"
#include "cli/verb_template.h"
#include "templates/verify.h"

/* Each as it comes: of a large store the first is known long before the last. */
static int print_faults(struct cli *cli, const char *name, char *const *faults, struct error *err)
{
	if (cli->is_json) {
		json_out_object(&cli->json, NULL);
		json_out_str(&cli->json, "name", name);
		json_out_strv(&cli->json, "faults", faults);
		json_out_end_object(&cli->json);
		return out_flush(cli, err);
	}
	for (; faults && *faults; faults++) {
		out_print(cli, "%s: ", name);
		out_safe(cli, *faults);
		out_print(cli, "\n");
	}
	return out_flush(cli, err);
}

static int verify_one(struct cli *cli, int storefd, const char *name, struct error *err)
{
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_STRV char **faults = NULL;
	size_t n;

	if (store_find(storefd, name, &t, err) < 0 ||
	    template_verify(storefd, &t, &faults, err) < 0 ||
	    print_faults(cli, name, faults, err) < 0)
		return -1;
	n = strv_len(faults);
	if (n == 0)
		return 0;
	error_set(err, ERR_FAILED, "%zu fault%s found", n, n == 1 ? "" : "s");
	return error_hint(err, "remove it and make it again");
}

int verb_template_verify(struct cli *cli, struct error *err)
{
	AUTO_CLOSE int storefd = -1;

	cli->json.compact = true;
	if (cli->opts.operands)
		return template_each(cli, cli->opts.operands, verify_one, err);
	storefd = template_store(cli, err);
	if (storefd < 0 || store_names(storefd, &cli->names, err) < 0)
		return -1;
	return template_each(cli, cli->names, verify_one, err);
}
