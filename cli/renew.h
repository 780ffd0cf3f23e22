/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_RENEW_H
#define CLI_RENEW_H

/* What reinstall and upgrade have in common: a zone is brought down, changed, and up again. */

#include "cli/verb.h"
#include "runtime/reinstall.h"

extern const struct opt reinstall_options[], upgrade_options[];
int verb_reinstall(struct cli *cli, struct target *t, struct error *err);
int verb_reinstall_sort(struct cli *cli, struct error *err);
int verb_reinstall_ask(struct cli *cli, char *const *names, struct error *err);
int verb_upgrade(struct cli *cli, const char *name, struct error *err);
int verb_upgrade_sort(struct cli *cli, struct error *err);
/* Checks all of them, asks, and upgrades the canaries. */
int verb_upgrade_begin(struct cli *cli, char *const *names, struct error *err);

/* Takes --template and --keep, checked; *out_keep, the caller's, is what options point to. */
int renew_options(const struct cli *cli, struct reinstall_options *out, char ***out_keep,
		  struct error *err);
/* Shuts a zone down that runs, within --timeout or 60 s. It is locked alone afterwards, and not
 * up. *out_was_up says whether it ran. */
int renew_stop(struct cli *cli, struct zone *z, bool *out_was_up, struct error *err);
/* Boots it, telling what the boot warns of. */
int renew_boot(const struct cli *cli, struct zone *z, struct error *err);
/* Stops the zone, installs a new root; on failure it is as it was. */
int renew_root(struct cli *cli, struct zone *z, bool *out_was_up, struct error *err);

#endif
