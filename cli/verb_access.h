/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VERB_ACCESS_H
#define CLI_VERB_ACCESS_H

/* Verbs for getting into zones, and files in and out. */

#include "cli/verb.h"

/* verb_login.c */
extern const struct opt login_options[], exec_options[];
int verb_login(struct cli *cli, struct target *t, struct error *err);
int verb_exec(struct cli *cli, struct target *t, struct error *err);
/* verb_console.c */
extern const struct opt console_options[];
int verb_console(struct cli *cli, struct target *t, struct error *err);
/* verb_log.c */
extern const struct opt log_options[];
int verb_log(struct cli *cli, struct target *t, struct error *err);
/* verb_passwd.c */
extern const struct opt passwd_options[];
int verb_passwd_read(struct cli *cli, char *const *names, struct error *err);
int verb_passwd(struct cli *cli, struct target *t, struct error *err);
/* --password-stdin of create. */
int verb_create_password(struct cli *cli, char *const *names, struct error *err);
/* verb_push.c */
extern const struct opt copy_options[];
int verb_push_sort(struct cli *cli, struct error *err);
int verb_push_check(struct cli *cli, char *const *names, struct error *err);
int verb_pull_sort(struct cli *cli, struct error *err);
int verb_push(struct cli *cli, struct target *t, struct error *err);
int verb_pull(struct cli *cli, struct target *t, struct error *err);
/* verb_ssh.c */
extern const struct opt ssh_options[];
int verb_ssh_sort(struct cli *cli, struct error *err);
int verb_ssh(struct cli *cli, struct target *t, struct error *err);
int verb_ssh_config(struct cli *cli, struct error *err);

#endif
