/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/self.h"

/* A running zone. */
struct host {
	char *name;			/* owned */
	char **groups;			/* likewise, of its tags */
};

struct inventory {
	struct host *hosts;		/* owned */
	size_t n;
	char **groups;			/* of all of them */
};

static void inventory_clear(struct inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		free(inv->hosts[i].name);
		strv_clear(&inv->hosts[i].groups);
	}
	free(inv->hosts);
	strv_clear(&inv->groups);
}

/* A group's name has letters, digits and '_' only, or Ansible warns. */
static char *group_of(const char *tag)
{
	char *group = xasprintf("tag_%s", tag);

	for (char *c = group; *c; c++)
		if (strchr(".:-", *c))
			*c = '_';
	return group;
}

/* One that is not running, or went away meanwhile, can't be reached. */
static int add(struct cli *cli, struct inventory *inv, const char *name, struct error *err)
{
	struct zone zone = { .dirfd = -1 };
	struct zone_status status;
	enum zone_state state;

	if (zone_glance(&status, &cli->site, name, err) < 0)
		return -1;
	state = status.state;
	zone_status_clear(&status);
	if (state != ZONE_RUNNING)
		return 0;
	if (zone_open(&zone, &cli->site, name, 0, err) < 0)
		return err->kind == ERR_NOT_FOUND ? 0 : -1;
	inv->hosts[inv->n].name = xstrdup(name);
	for (char *const *tag = zone.config.tags; tag && *tag; tag++) {
		AUTO_FREE char *group = group_of(*tag);

		strv_add(&inv->hosts[inv->n].groups, group);
		strv_add(&inv->groups, group);
	}
	inv->n++;
	zone_close(&zone);
	return 0;
}

static void put_host(struct json_out *o, const char *name)
{
	json_out_object(o, name);
	json_out_end_object(o);
}

static void put_hosts(struct json_out *o, const struct inventory *inv, const char *group)
{
	json_out_object(o, "hosts");
	for (size_t i = 0; i < inv->n; i++) {
		AUTO_FREE char *host = xasprintf("%s" SELF_HOST_SUFFIX, inv->hosts[i].name);

		if (!group || strv_has(inv->hosts[i].groups, group))
			put_host(o, host);
	}
	json_out_end_object(o);
}

static void put_groups(struct json_out *o, const struct inventory *inv)
{
	if (!inv->groups)
		return;
	json_out_object(o, "children");
	for (char *const *group = inv->groups; *group; group++) {
		json_out_object(o, *group);
		put_hosts(o, inv, *group);
		json_out_end_object(o);
	}
	json_out_end_object(o);
}

static int put_all(struct cli *cli, const struct inventory *inv, struct error *err)
{
	AUTO_STR struct str self = { 0 };
	AUTO_FREE char *arguments = NULL;
	struct json_out *o = &cli->json;

	if (self_ssh(&self, cli, err) < 0)
		return -1;
	arguments = xasprintf("-o \"ProxyCommand=%s--proxy %%n\" -o ProxyUseFdpass=yes "
			      "-o \"KnownHostsCommand=%s--host-keys %%H\" "
			      "-o UserKnownHostsFile=none -o StrictHostKeyChecking=yes",
			      str_text(&self), str_text(&self));
	json_out_object(o, NULL);
	json_out_object(o, "all");
	json_out_object(o, "vars");
	json_out_str(o, "ansible_user", "root");
	json_out_str(o, "ansible_ssh_common_args", arguments);
	json_out_end_object(o);
	put_hosts(o, inv, NULL);
	put_groups(o, inv);
	json_out_end_object(o);
	json_out_end_object(o);
	return 0;
}

int inventory_print(struct cli *cli, char *const *names, struct error *err)
{
	struct inventory inv = { .hosts = xcalloc(strv_len(names) + 1, sizeof(*inv.hosts)) };
	int ret = 0;

	for (char *const *name = names; name && *name && ret == 0; name++)
		ret = add(cli, &inv, *name, err);
	if (inv.groups)
		strv_sort_unique(inv.groups);
	if (ret == 0)
		ret = put_all(cli, &inv, err);
	inventory_clear(&inv);
	return ret;
}
