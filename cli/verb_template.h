/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_TEMPLATE_H
#define CLI_VERB_TEMPLATE_H

/* The template verbs, and what they share. */

#include "cli/verb.h"
#include "templates/store.h"

/* Each in the file of its name; build in verb_import.c, info in verb_template.c, prune in
 * verb_template_remove.c. */
extern const struct opt template_build_options[], template_import_options[];
extern const struct opt template_list_options[], template_prune_options[];
extern const struct opt template_make_options[], template_export_options[];
int verb_template_build(struct cli *cli, struct error *err);
int verb_template_import(struct cli *cli, struct error *err);
int verb_template_list(struct cli *cli, struct error *err);
int verb_template_info(struct cli *cli, struct error *err);
int verb_template_verify(struct cli *cli, struct error *err);
int verb_template_remove(struct cli *cli, struct error *err);
int verb_template_prune(struct cli *cli, struct error *err);

int verb_template_export(struct cli *cli, struct error *err);
int verb_template_make(struct cli *cli, struct target *t, struct error *err);

/* In a worker: mounts of its own, which end with its last process. The site is to be opened
 * again. */
int template_private_mounts(struct cli *cli, struct error *err);
/* Opens the site and its store; the caller closes the descriptor. */
int template_store(struct cli *cli, struct error *err);
/* For another verb: takes the file in under that name, and has no result of its own. digest: as the
 * option, or NULL. When a signal ended it, cli->command_status is set and nothing was taken in. */
int template_import(struct cli *cli, const char *name, const char *path, const char *digest,
		    struct error *err);
/* One template as a JSON object. */
void template_json(struct cli *cli, const struct template *t);
/* The members of that object alone, into one that is open. */
void template_json_members(struct json_out *o, const struct template *t);
/* Works on each name. A failure is reported and the rest go on, as with zones. */
int template_each(struct cli *cli, char *const *names,
		  int (*work)(struct cli *cli, int storefd, const char *name, struct error *err),
		  struct error *err);

#endif
