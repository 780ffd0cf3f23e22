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

enum { OLD_SYSTEMD = 250, ENTRIES_MAX = 1024 };

/* clang-format off */
/* Units that fail, or wait, in a zone whatever it is allowed. Masked only where they exist, and
 * once: whoever wants one back unmasks it. */
static const char *const masked[] = {
	"dev-hugepages.mount",			/* hugetlbfs cannot be in a user namespace */
	"sys-kernel-config.mount",		/* configfs: likewise */
	"sys-kernel-debug.mount",		/* debugfs shows the host's kernel */
	"sys-kernel-tracing.mount",		/* tracefs likewise */
	"proc-sys-fs-binfmt_misc.automount",	/* autofs: likewise not in a user namespace */
	"proc-sys-fs-binfmt_misc.mount",
	"systemd-modules-load.service",		/* modules are the host's to load */
	"systemd-journald-audit.socket",	/* audit belongs to the host's user namespace */
	"systemd-udevd.service",		/* /sys is read-only: devices are the host's */
	"systemd-udev-trigger.service",
	"systemd-pstore.service",		/* crash dumps of the host's kernel */
	"systemd-firstboot.service",		/* asks on a console nobody may look at */
	"systemd-timesyncd.service",		/* the clock is the host's */
	"fstrim.timer",				/* so are the disks */
	"e2scrub_all.timer",
	"e2scrub_reap.service",
	"mdmonitor.service",
	"kmod-static-nodes.service",
};

/* Scripts of sysvinit that do what zonectl has done, or what is the host's to do. */
static const char *const scripts_off[] = {
	"mountkernfs.sh",		/* proc, sys and their like are mounted */
	"mountdevsubfs.sh",		/* so are /dev/pts and /dev/shm */
	"mount-configfs",		/* not in a user namespace */
	"checkroot.sh",			/* the root is no disk of the zone's, */
	"checkfs.sh",
	"checkroot-bootclean.sh",	/* mountall-bootclean.sh cleans the same, alone */
	"hwclock.sh",			/* the clock is the host's, */
	"brightness",			/* and so is the screen */
};
/* clang-format on */

static const char *const unit_dirs[] = { "usr/lib/systemd/system", "lib/systemd/system" };
static const char *const runlevel_dirs[] = { "etc/rcS.d", "etc/rc0.d", "etc/rc6.d" };

/* For these options systemd 247 mounts a fresh /proc, which the kernel refuses where the one
 * that is there is partly covered (mount_too_revealing), and gives the unit up: logind is one. */
static const char mounts_dropin[] =
	"# In a zone systemd cannot mount a /proc for one unit; it fails with these set.\n"
	"[Service]\n"
	"ProtectControlGroups=no\n"
	"ProtectKernelTunables=no\n"
	"ProtectProc=default\n"
	"ProcSubset=all\n";

/* Debian's unit takes for granted that installing the package made the keys; other distributions'
 * units make them. Its own first ExecStartPre fails without keys, so it comes again after. */
static const char keys_dropin[] =
	"[Service]\n"
	"ExecStartPre=\n"
	"ExecStartPre=/usr/bin/ssh-keygen -A\n"
	"ExecStartPre=/usr/sbin/sshd -t\n";

static bool has_unit(struct guest *g, const char *unit)
{
	for (size_t i = 0; i < N_ROWS(unit_dirs); i++) {
		AUTO_FREE char *path = xasprintf("%s/%s", unit_dirs[i], unit);

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
	for (size_t i = 0; i < N_ROWS(masked); i++) {
		AUTO_FREE char *path = xasprintf("etc/systemd/system/%s", masked[i]);

		/* A unit that somebody put there in its place is not for us to mask. */
		if (has_unit(g, masked[i]) && guest_look(g, path) == GUEST_NONE)
			guest_link(g, path, "/dev/null");
	}
	if (g->setup->systemd_version > 0 && g->setup->systemd_version < OLD_SYSTEMD)
		guest_write(g, "etc/systemd/system/service.d/zone-mounts.conf", 0644,
			    mounts_dropin);
}

/* Where sysvinit is init, inittab makes them (setup_console.c); Alpine's, Gentoo's, Void's and all
 * other distributions' own services do. */
void setup_host_keys(struct guest *g)
{
	if (has_systemd(g) && has_unit(g, "ssh.service") && guest_has(g, "usr/bin/ssh-keygen"))
		guest_write(g, "etc/systemd/system/ssh.service.d/zonectl.conf", 0644, keys_dropin);
}

/* True for the link of a script in a runlevel: S or K, two digits, its name. */
static bool is_off(const char *link)
{
	if ((link[0] != 'S' && link[0] != 'K') || strlen(link) <= 3)
		return false;
	for (size_t i = 0; i < N_ROWS(scripts_off); i++)
		if (strcmp(link + 3, scripts_off[i]) == 0)
			return true;
	return false;
}

static void clear_runlevel(struct guest *g, const char *dir)
{
	struct error err = { 0 };
	int fd = path_open_nolink(g->rootfd, dir, O_RDONLY | O_DIRECTORY, true, &err);
	AUTO_CLOSEDIR DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	for (int n = 0; list && n < ENTRIES_MAX && (e = readdir(list)); n++) {
		AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);

		if (is_off(e->d_name))
			guest_unlink(g, path);
	}
}

void setup_runlevels(struct guest *g)
{
	if (strcmp(g->setup->init_kind, "sysvinit") != 0)
		return;
	for (size_t i = 0; i < N_ROWS(runlevel_dirs); i++)
		clear_runlevel(g, runlevel_dirs[i]);
	if (guest_look(g, "etc/mtab") == GUEST_NONE)
		guest_link(g, "etc/mtab", "../proc/self/mounts");	/* umount scripts read it */
}
