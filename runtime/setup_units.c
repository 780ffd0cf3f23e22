/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a distribution starts that cannot work in a zone, or that has to make what a template must
 * not bring along. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "runtime/hostkeys.h"
#include "runtime/setup_rows.h"
#include "templates/units.h"

enum { ENTRIES_MAX = 1024 };

/* Debian's unit takes for granted that the keys are there; where somebody has removed them it makes
 * them. Its own first ExecStartPre fails without keys, so it comes again after. */
static const char keys_dropin[] =
	"[Service]\n"
	"ExecStartPre=\n"
	"ExecStartPre=/bin/sh -c 'for key in /etc/ssh/ssh_host_*_key; do "
	"test -e \"$$key\" && exit 0; done; exec /usr/bin/ssh-keygen -A'\n"
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
void setup_host_keys_unit(struct guest *g)
{
	if (has_systemd(g) && has_unit(g, "ssh.service") && guest_has(g, "usr/bin/ssh-keygen"))
		guest_write(g, "etc/systemd/system/ssh.service.d/zonectl.conf", 0644, keys_dropin);
}

/* Units of ssh servers, and what keeps one from being started: a condition fails no unit. */
static const char *const ssh_units[] = {
	"ssh.service", "ssh.socket", "sshd.service", "sshd.socket", "dropbear.service",
	"dropbear.socket",
};
static const char off_dropin[] = "[Unit]\nConditionVirtualization=!container\n";
static const char on_dropin[] = "# Started as the distribution has it.\n";

/* Debian's and its children's script of sysvinit looks for it. */
#define SSH_OFF_FILE "etc/ssh/sshd_not_to_be_run"

void setup_ssh(struct guest *g)
{
	bool is_off = g->setup->ssh != ZONE_SSH_INSIDE;

	if (g->setup->ssh == ZONE_SSH_ON_DEMAND && !hostkeys_has_server(g->rootfd))
		guest_warn(g, "usr/sbin/sshd", "is not there, and no dropbear: ssh=on-demand has "
			   "nothing to start");
	for (size_t i = 0; has_systemd(g) && i < N_ROWS(ssh_units); i++) {
		AUTO_FREE char *path = xasprintf("etc/systemd/system/%s.d/zonectl-ssh.conf",
						 ssh_units[i]);

		if (has_unit(g, ssh_units[i]) && (is_off || guest_has(g, path)))
			guest_write(g, path, 0644, is_off ? off_dropin : on_dropin);
	}
	if (is_off && guest_has(g, "etc/init.d/ssh") && guest_look(g, SSH_OFF_FILE) == GUEST_NONE)
		guest_link(g, SSH_OFF_FILE, "/dev/null");
	else if (!is_off)
		guest_unlink(g, SSH_OFF_FILE);
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
