/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/guess.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/fanout.h"
#include "cli/renew.h"
#include "cli/verb.h"
#include "cli/verb_access.h"
#include "cli/verb_apply.h"
#include "cli/verb_net.h"
#include "cli/verb_plan.h"
#include "cli/verb_pool.h"
#include "cli/verb_stat.h"
#include "cli/verb_template.h"
#include "cli/verb_top.h"
#include "cli/verb_zone.h"

#define STOPPED (ZONE_BIT(ZONE_INSTALLED))
#define RUNNING (ZONE_BIT(ZONE_RUNNING))

/* In the order of the help, group by group. */
/* clang-format off */
static const struct verb verbs[] = {
	{ "create", NULL, "NAME... -t TEMPLATE [--PROPERTY VALUE]...",
	  .by_name = verb_create, .before = verb_create_password,
	  .min = 1, .max = -1, .options = create_options, .skipped = "exists already, skipped",
	  .flags = VERB_CHANGES | VERB_PROPERTIES | VERB_NEW_NAMES | VERB_PARALLEL,
	  .group = "zones", .summary = "make zones from a template",
	  .example = "zonectl create 'web{1..3}' -t debian-12 --memory 512M --cpus 1.5 --boot" },
	{ "boot", "start", "NAME... [-- INIT-ARGS...]",
	  .each = verb_boot, .states = STOPPED, .lock = LOCK_ALONE, .min = 1, .max = -1,
	  .options = boot_options,
	  .flags = VERB_CHANGES | VERB_COMMAND | VERB_PARALLEL | VERB_ORDERED,
	  .group = "zones", .summary = "start stopped zones",
	  .example = "zonectl boot web1 --wait=30s" },
	{ "login", "enter", "NAME [-- COMMAND...]",
	  .each = verb_login, .states = RUNNING, .lock = LOCK_SHARED, .min = 1, .max = 1,
	  .options = login_options, .flags = VERB_COMMAND | VERB_ONE | VERB_STATUS,
	  .group = "zones", .summary = "a login session on a terminal of the zone",
	  .example = "zonectl login web1" },
	{ "exec", NULL, "NAME... -- COMMAND...",
	  .each = verb_exec, .before = fanout_check, .taken = fanout_taken,
	  .finish = fanout_collated, .states = RUNNING, .lock = LOCK_SHARED, .min = 1, .max = -1,
	  .options = exec_options, .flags = VERB_COMMAND | VERB_PARALLEL | VERB_STATUS,
	  .group = "zones", .summary = "run a command in zones",
	  .example = "zonectl exec web1 -w /srv -e LANG=C.UTF-8 -- tar -c . > srv.tar" },
	{ "console", NULL, "NAME",
	  .each = verb_console, .lock = 0, .min = 1, .max = 1,
	  .states = ZONE_UP, .options = console_options, .flags = VERB_ONE,
	  .group = "zones", .summary = "the console of a zone; ~. leaves",
	  .example = "zonectl console web1" },
	{ "shutdown", "stop", "NAME...",
	  .each = verb_shutdown, .lock = LOCK_SHARED, .min = 1, .max = -1,
	  .states = RUNNING | ZONE_BIT(ZONE_FROZEN) | ZONE_BIT(ZONE_SHUTTING_DOWN),
	  .options = shutdown_options, .within_ms = VERB_SHUTDOWN_MS,
	  .flags = VERB_CHANGES | VERB_PARALLEL | VERB_UNREAD | VERB_REVERSED,
	  .group = "zones", .summary = "ask the init to shut down, wait, then halt",
	  .example = "zonectl shutdown 'web*' --timeout 2m" },
	{ "halt", NULL, "NAME...",
	  .each = verb_halt, .states = ZONE_UP | ZONE_BIT(ZONE_DOWN), .lock = LOCK_ALONE,
	  .min = 1, .max = -1, .flags = VERB_CHANGES | VERB_PARALLEL | VERB_UNREAD,
	  .group = "zones", .summary = "end everything in a zone at once",
	  .example = "zonectl halt web1" },
	{ "reboot", "restart", "NAME...",
	  .each = verb_reboot, .states = RUNNING | ZONE_BIT(ZONE_FROZEN), .lock = LOCK_ALONE,
	  .min = 1, .max = -1, .options = reboot_options, .flags = VERB_CHANGES | VERB_PARALLEL,
	  .group = "zones", .summary = "shut down, then boot",
	  .example = "zonectl reboot web1" },
	{ "destroy", "delete", "NAME...",
	  .by_name = verb_destroy, .before = verb_destroy_ask, .min = 1, .max = -1,
	  .options = destroy_options, .flags = VERB_CHANGES | VERB_PARALLEL | VERB_KEPT,
	  .group = "zones", .summary = "remove zones with all their files",
	  .example = "zonectl destroy 'web{1..3}' --force -y" },
	{ "list", "ls", "[PATTERN...]",
	  .run = verb_list, .min = 0, .max = -1, .options = list_options,
	  .group = "zones", .summary = "show running zones",
	  .example = "zonectl list -a -o name,state,memory -s -memory" },
	{ "info", "show", "NAME...",
	  .each = verb_info, .min = 1, .max = -1, .flags = VERB_ARRAY | VERB_KEPT,
	  .group = "zones", .summary = "show everything about a zone",
	  .example = "zonectl info web1 --json" },
	{ "set", NULL, "NAME... [--plan PLAN] [PROPERTY=VALUE]...",
	  .each = verb_set, .lock = LOCK_ALONE, .min = 1, .max = -1, .options = set_options,
	  .flags = VERB_CHANGES | VERB_ASSIGNS | VERB_PARALLEL,
	  .group = "zones", .summary = "change properties, of running zones at once",
	  .example = "zonectl set web1 memory=1G tags+=blue description='front end'" },
	{ "rename", NULL, "NAME NEW-NAME",
	  .run = verb_rename, .min = 2, .max = 2, .flags = VERB_CHANGES,
	  .group = "zones", .summary = "give a stopped zone another name",
	  .example = "zonectl rename web1 old-web1" },
	{ "reinstall", NULL, "NAME... [-t TEMPLATE] [--keep PATH]...",
	  .each = verb_reinstall, .sort = verb_reinstall_sort, .before = verb_reinstall_ask,
	  .states = STOPPED | RUNNING | ZONE_BIT(ZONE_FROZEN), .lock = LOCK_ALONE,
	  .min = 1, .max = -1, .options = reinstall_options, .flags = VERB_CHANGES | VERB_PARALLEL,
	  .group = "zones", .summary = "give zones a new root, and keep the old one",
	  .example = "zonectl reinstall web1 -t debian-12 --keep /home --keep /etc/ssh" },
	{ "upgrade", NULL, "NAME... -t TEMPLATE [--keep PATH]... [-- CHECK...]",
	  .by_name = verb_upgrade, .sort = verb_upgrade_sort, .before = verb_upgrade_begin,
	  .min = 1, .max = -1, .options = upgrade_options,
	  .flags = VERB_CHANGES | VERB_PARALLEL | VERB_COMMAND,
	  .group = "zones", .summary = "new roots that are checked, or the old ones again",
	  .example = "zonectl upgrade @web -t debian-12 --keep /srv --canary 2 -- nginx -t" },
	{ "verify", NULL, "NAME...",
	  .by_name = verb_verify, .min = 1, .max = -1, .flags = VERB_PARALLEL | VERB_KEPT,
	  .group = "zones", .summary = "check a zone, report every fault",
	  .example = "zonectl verify --all" },
	{ "repair", NULL, "NAME...",
	  .by_name = verb_repair, .min = 1, .max = -1,
	  .flags = VERB_CHANGES | VERB_PARALLEL | VERB_KEPT,
	  .group = "zones", .summary = "finish or mend what was interrupted",
	  .example = "zonectl repair web1" },
	{ "freeze", "pause", "NAME...",
	  .each = verb_freeze, .states = RUNNING, .lock = LOCK_ALONE, .min = 1, .max = -1,
	  .flags = VERB_CHANGES | VERB_PARALLEL | VERB_UNREAD,
	  .group = "zones", .summary = "stop all processes of a zone where they are",
	  .example = "zonectl freeze web1" },
	{ "thaw", "unpause", "NAME...",
	  .each = verb_thaw, .states = ZONE_BIT(ZONE_FROZEN), .lock = LOCK_ALONE,
	  .min = 1, .max = -1, .flags = VERB_CHANGES | VERB_PARALLEL | VERB_UNREAD,
	  .group = "zones", .summary = "let a frozen zone go on",
	  .example = "zonectl thaw web1" },
	{ "wait", NULL, "NAME...",
	  .by_name = verb_wait, .min = 1, .max = -1, .options = wait_options,
	  .flags = VERB_PARALLEL,
	  .group = "zones", .summary = "wait until a zone is in a state",
	  .example = "zonectl wait web1 --state installed --timeout 5m" },
	{ "run", NULL, "-t TEMPLATE [--PROPERTY VALUE]... [-- COMMAND...]",
	  .run = verb_run, .min = 0, .max = 0, .options = run_options,
	  .flags = VERB_CHANGES | VERB_COMMAND | VERB_PROPERTIES | VERB_STATUS,
	  .group = "zones", .summary = "run one command in a zone made for it",
	  .example = "zonectl run -t debian-12 --rm --memory 1G -- apt-get --version" },

	{ "template build", NULL, "RECIPE...",
	  .run = verb_template_build, .min = 1, .max = -1, .options = template_build_options,
	  .flags = VERB_CHANGES,
	  .group = "templates", .summary = "build templates (minimal, debian-12, debian:SUITE)",
	  .example = "zonectl template build debian-12 --include vim" },
	{ "template import", NULL, "FILE [ROOTFS]",
	  .run = verb_template_import, .min = 1, .max = 2, .options = template_import_options,
	  .flags = VERB_CHANGES,
	  .group = "templates", .summary = "take in a root filesystem or an image (-: stdin)",
	  .example = "zonectl template import alpine-minirootfs-3.20.tar.gz --name alpine" },
	{ "template list", "template ls", "[PATTERN...]",
	  .run = verb_template_list, .min = 0, .max = -1, .options = template_list_options,
	  .group = "templates", .summary = "show the templates of the store",
	  .example = "zonectl template list" },
	{ "template info", "template show", "NAME",
	  .run = verb_template_info, .min = 1, .max = 1,
	  .group = "templates", .summary = "show everything about a template",
	  .example = "zonectl template info debian-12" },
	{ "template verify", NULL, "[NAME...]",
	  .run = verb_template_verify, .min = 0, .max = -1,
	  .group = "templates", .summary = "compare templates, or all, with their digests",
	  .example = "zonectl template verify debian-12" },
	{ "template export", NULL, "NAME",
	  .run = verb_template_export, .min = 1, .max = 1, .options = template_export_options,
	  .group = "templates", .summary = "write a template as a tar archive",
	  .example = "zonectl template export golden -o golden.tar.zst" },
	{ "template make", NULL, "ZONE",
	  .each = verb_template_make, .states = STOPPED, .lock = LOCK_SHARED, .min = 1, .max = 1,
	  .options = template_make_options, .flags = VERB_CHANGES | VERB_ONE,
	  .group = "templates", .summary = "make a template of a stopped zone",
	  .example = "zonectl template make web1 --name golden" },
	{ "template remove", "template rm", "NAME...",
	  .run = verb_template_remove, .min = 1, .max = -1, .flags = VERB_CHANGES,
	  .group = "templates", .summary = "remove templates that no zone uses",
	  .example = "zonectl template remove debian-11 debian-12:1" },
	{ "template prune", NULL, "[PATTERN...]",
	  .run = verb_template_prune, .min = 0, .max = -1, .flags = VERB_CHANGES,
	  .options = template_prune_options,
	  .group = "templates", .summary = "remove old versions that no zone uses",
	  .example = "zonectl template prune --keep 2" },

	{ "net list", "net ls", "[PATTERN...]",
	  .run = verb_net_list, .min = 0, .max = -1, .options = net_list_options,
	  .group = "network", .summary = "show the interfaces of running zones",
	  .example = "zonectl net list -o zone,addresses,in,out -s -in" },
	{ "net info", "net show", "ZONE|POOL...",
	  .run = verb_net_info, .min = 1, .max = -1,
	  .group = "network", .summary = "show a zone's network, or who has what of a pool",
	  .example = "zonectl net info web1 default" },

	{ "ssh", NULL, "NAME [COMMAND...]",
	  .each = verb_ssh, .sort = verb_ssh_sort, .states = RUNNING, .lock = LOCK_SHARED,
	  .min = 1, .max = 1, .options = ssh_options,
	  .flags = VERB_ONE | VERB_COMMAND | VERB_WORDS | VERB_STATUS,
	  .group = "access", .summary = "ssh(1) into a zone, whose host keys are known",
	  .example = "zonectl ssh web1 -u www-data uname -a" },
	{ "ssh-config", NULL, "",
	  .run = verb_ssh_config, .min = 0, .max = 0,
	  .group = "access", .summary = "print what lets ssh, scp, rsync reach NAME.zone",
	  .example = "zonectl ssh-config >> ~/.ssh/config" },
	{ "passwd", NULL, "NAME... [--stdin|--hash HASH]",
	  .each = verb_passwd, .before = verb_passwd_read, .states = STOPPED | RUNNING,
	  .lock = LOCK_ALONE, .min = 1, .max = -1, .options = passwd_options,
	  .flags = VERB_CHANGES | VERB_PARALLEL,
	  .group = "access", .summary = "set a password inside zones",
	  .example = "zonectl passwd web1 -u ann --stdin < password" },
	{ "push", NULL, "SOURCE... ZONE:TARGET",
	  .each = verb_push, .sort = verb_push_sort, .before = verb_push_check,
	  .states = STOPPED | RUNNING,
	  .lock = LOCK_ALONE, .min = 2, .max = -1, .options = copy_options,
	  .flags = VERB_CHANGES | VERB_PARALLEL,
	  .group = "access", .summary = "copy files into zones (-: standard input)",
	  .example = "zonectl push site.tar.gz conf.d 'web*:/srv'" },
	{ "pull", NULL, "ZONE:SOURCE... TARGET",
	  .each = verb_pull, .sort = verb_pull_sort, .states = STOPPED | RUNNING,
	  .lock = LOCK_ALONE, .min = 2, .max = -1, .options = copy_options, .flags = VERB_ONE,
	  .group = "access", .summary = "copy files out of a zone (-: standard output)",
	  .example = "zonectl pull web1:/var/log/nginx ." },
	{ "log", NULL, "NAME",
	  .each = verb_log, .min = 1, .max = 1, .options = log_options,
	  .flags = VERB_ONE | VERB_UNREAD,
	  .group = "access", .summary = "what the console of a zone said",
	  .example = "zonectl log web1 -f" },

	{ "apply", NULL, "FILE",
	  .run = verb_apply, .min = 1, .max = 1, .options = apply_options,
	  .flags = VERB_CHANGES | VERB_PARALLEL,
	  .group = "fleet", .summary = "make zones what a file says they are to be",
	  .example = "zonectl apply shop.json --dry-run" },
	{ "export-fleet", NULL, "",
	  .run = verb_export_fleet, .min = 0, .max = 0, .options = export_fleet_options,
	  .group = "fleet", .summary = "write the zones there are as a file for apply",
	  .example = "zonectl export-fleet > shop.json" },
	{ "plan list", "plan ls", "",
	  .run = verb_plan_list, .min = 0, .max = 0, .options = plan_list_options,
	  .group = "fleet", .summary = "show the plans that zones can be made with",
	  .example = "zonectl plan list" },
	{ "plan show", "plan info", "NAME",
	  .run = verb_plan_show, .min = 1, .max = 1,
	  .group = "fleet", .summary = "show everything about a plan",
	  .example = "zonectl plan show small --json" },

	{ "stat", NULL, "[NAME...]",
	  .run = verb_stat, .min = 0, .max = -1, .options = stat_options,
	  .group = "watching", .summary = "what zones use, and how often a limit said no",
	  .example = "zonectl stat -w 2 -s -cpu" },
	{ "ps", NULL, "[NAME...]",
	  .run = verb_ps, .min = 0, .max = -1, .options = ps_options,
	  .group = "watching", .summary = "the processes of zones, as the host sees them",
	  .example = "zonectl ps web1 -s -memory" },
	{ "whose", NULL, "PID...",
	  .run = verb_whose, .min = 1, .max = -1,
	  .group = "watching", .summary = "which zone a process of the host is of",
	  .example = "zonectl whose 4711" },
	{ "top", NULL, "",
	  .run = verb_top, .min = 0, .max = 0, .options = top_options,
	  .group = "watching", .summary = "what zones use, on a screen that follows",
	  .example = "zonectl top -s memory" },

	{ "pool create", NULL, "",
	  .run = verb_pool_create, .min = 0, .max = 0, .options = pool_create_options,
	  .flags = VERB_CHANGES,
	  .group = "host", .summary = "make a btrfs that zones are snapshots in",
	  .example = "zonectl pool create --size 50G" },
	{ "pool info", "pool show", "",
	  .run = verb_pool_info, .min = 0, .max = 0,
	  .group = "host", .summary = "show the storage pool",
	  .example = "zonectl pool info --json" },
	{ "pool sweep", NULL, "",
	  .run = verb_pool_sweep, .min = 0, .max = 0, .flags = VERB_CHANGES,
	  .group = "host", .summary = "remove what is of no zone from the storage pool",
	  .example = "zonectl pool sweep" },
	{ "pool remove", "pool rm", "",
	  .run = verb_pool_remove, .min = 0, .max = 0, .options = pool_remove_options,
	  .flags = VERB_CHANGES,
	  .group = "host", .summary = "remove the storage pool, which no zone is in",
	  .example = "zonectl pool remove -y" },
	{ "doctor", NULL, "",
	  .run = verb_doctor, .min = 0, .max = 0,
	  .group = "host", .summary = "look for what on this host is in the way of zones",
	  .example = "zonectl doctor" },
	{ "features", NULL, "",
	  .run = verb_features, .min = 0, .max = 0,
	  .group = "host", .summary = "what this host and this zonectl can do",
	  .example = "zonectl features --json" },
	{ "version", NULL, "",
	  .run = verb_version, .min = 0, .max = 0,
	  .group = "host", .summary = "show the version",
	  .example = "zonectl version" },
	{ "help", NULL, "[VERB]",
	  .run = verb_help, .min = 0, .max = 2,
	  .group = "host", .summary = "show help",
	  .example = "zonectl help create" },
	{ 0 },
};
/* clang-format on */

const struct verb *verb_table(void)
{
	return verbs;
}

/* Of two words the first must be followed by the second. */
static int match(const char *name, char *const *argv)
{
	size_t len = strlen(argv[0]);

	if (!name || strncmp(name, argv[0], len) != 0)
		return 0;
	if (name[len] == '\0')
		return 1;
	if (name[len] == ' ' && argv[1] && strcmp(name + len + 1, argv[1]) == 0)
		return 2;
	return 0;
}

static void suggest(const char *typed, struct error *err)
{
	struct guess g = { .typed = typed };

	for (const struct verb *v = verbs; v->name; v++) {
		guess_offer(&g, v->name);
		if (v->alias)
			guess_offer(&g, v->alias);
	}
	if (g.found)
		error_hint(err, "did you mean \"%s\"?", g.found);
	else
		error_hint(err, "try: zonectl help");
}

static bool is_first_of_two(const char *word)
{
	size_t len = strlen(word);

	for (const struct verb *v = verbs; v->name; v++)
		if (strncmp(v->name, word, len) == 0 && v->name[len] == ' ')
			return true;
	return false;
}

const struct verb *verb_find(char *const *argv, int *out_words, struct error *err)
{
	AUTO_STR struct str typed = { 0 };

	for (const struct verb *v = verbs; v->name; v++) {
		int words = match(v->name, argv);

		if (words == 0)
			words = match(v->alias, argv);
		if (words == 0)
			continue;
		*out_words = words;
		return v;
	}
	str_add(&typed, argv[0]);
	if (is_first_of_two(argv[0])) {
		if (!argv[1]) {
			error_set(err, ERR_USAGE, "'%s' needs a second word", argv[0]);
			error_hint(err, "try: zonectl help %s", argv[0]);
			return NULL;
		}
		str_addf(&typed, " %s", argv[1]);
	}
	error_set(err, ERR_USAGE, "unknown verb '%s'", str_text(&typed));
	suggest(str_text(&typed), err);
	return NULL;
}
