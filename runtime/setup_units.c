/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a distribution starts that cannot work in a zone, or that has to make what a template must
 * not bring along. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "runtime/setup_rows.h"
#include "templates/units.h"

enum { ENTRIES_MAX = 1024 };

/* Debian's unit takes for granted that installing the package made the keys; other distributions'
 * units make them. Its own first ExecStartPre fails without keys, so it comes again after. */
static const char keys_dropin[] =
	"[Service]\n"
	"ExecStartPre=\n"
	"ExecStartPre=/usr/bin/ssh-keygen -A\n"
	"ExecStartPre=/usr/sbin/sshd -t\n";

static bool has_unit(struct guest *g, const char *unit)
{
	for (const char *const *dir = units_dirs; *dir; dir++) {
		AUTO_FREE char *path = xasprintf("%s/%s", *dir, unit);

		if (guest_has(g, path))
			return true;
	}
	return false;
}

static bool has_systemd(const struct guest *g)
{
	return strcmp(g->setup->init_kind, "systemd") == 0;
}

void setup_units(struct guest *g)
{
	if (!has_systemd(g))
		return;
	for (const char *const *unit = units_masked; *unit; unit++) {
		AUTO_FREE char *path = xasprintf("etc/systemd/system/%s", *unit);

		/* A unit that somebody put there in its place is not for us to mask. */
		if (has_unit(g, *unit) && guest_look(g, path) == GUEST_NONE)
			guest_link(g, path, "/dev/null");
	}
	if (g->setup->systemd_version > 0 && g->setup->systemd_version < UNITS_OLD_SYSTEMD)
		guest_write(g, "etc/systemd/system/service.d/zone-mounts.conf", 0644,
			    units_mounts_dropin);
}

/* Where sysvinit is init, inittab makes them (setup_console.c); Alpine's, Gentoo's, Void's and all
 * other distributions' own services do. */
void setup_host_keys(struct guest *g)
{
	if (has_systemd(g) && has_unit(g, "ssh.service") && guest_has(g, "usr/bin/ssh-keygen"))
		guest_write(g, "etc/systemd/system/ssh.service.d/zonectl.conf", 0644, keys_dropin);
}

static void clear_runlevel(struct guest *g, const char *dir)
{
	struct error err = { 0 };
	int fd = path_open_nolink(g->rootfd, dir, O_RDONLY | O_DIRECTORY, true, &err);
	AUTO_CLOSEDIR DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	for (int n = 0; list && n < ENTRIES_MAX && (e = readdir(list)); n++) {
		AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);

		if (units_is_off(e->d_name))
			guest_unlink(g, path);
	}
}

void setup_runlevels(struct guest *g)
{
	if (strcmp(g->setup->init_kind, "sysvinit") != 0)
		return;
	for (const char *const *dir = units_runlevel_dirs; *dir; dir++)
		clear_runlevel(g, *dir);
	if (guest_look(g, "etc/mtab") == GUEST_NONE)
		guest_link(g, "etc/mtab", "../proc/self/mounts");	/* umount scripts read it */
}
