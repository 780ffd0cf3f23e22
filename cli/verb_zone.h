/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_ZONE_H
#define CLI_VERB_ZONE_H

/* Verbs on zones, beside those of verb.h: each in the file of its name. */

#include "cli/verb.h"

/* verb_destroy.c */
extern const struct opt destroy_options[];
int verb_destroy(struct cli *cli, const char *name, struct error *err);
int verb_destroy_ask(struct cli *cli, char *const *names, struct error *err);
/* verb_run.c */
extern const struct opt run_options[];
int verb_run(struct cli *cli, struct error *err);
/* verb_list.c, verb_info.c, verb_set.c, verb_rename.c */
extern const struct opt list_options[];
int verb_list(struct cli *cli, struct error *err);
int verb_info(struct cli *cli, struct target *t, struct error *err);
extern const struct opt set_options[];
int verb_set(struct cli *cli, struct target *t, struct error *err);
int verb_rename(struct cli *cli, struct error *err);
/* verb_repair.c */
int verb_verify(struct cli *cli, const char *name, struct error *err);
int verb_repair(struct cli *cli, const char *name, struct error *err);
/* verb_freeze.c */
int verb_freeze(struct cli *cli, struct target *t, struct error *err);
int verb_thaw(struct cli *cli, struct target *t, struct error *err);
/* verb_wait.c */
extern const struct opt wait_options[];
int verb_wait(struct cli *cli, const char *name, struct error *err);

#endif
