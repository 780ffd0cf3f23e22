/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/units.h"

#include <string.h>

#include "base/cleanup.h"

/* clang-format off */
/* Units that fail, or wait, in a zone whatever it is allowed. Whoever wants one back unmasks it. */
const char *const units_masked[] = {
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
	NULL,
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

const char *const units_dirs[] = { "usr/lib/systemd/system", "lib/systemd/system", NULL };
const char *const units_runlevel_dirs[] = { "etc/rcS.d", "etc/rc0.d", "etc/rc6.d", NULL };

/* For these options systemd 247 mounts a fresh /proc, which the kernel refuses where the one
 * that is there is partly covered (mount_too_revealing), and gives the unit up: logind is one. */
const char units_mounts_dropin[] =
	"# In a zone systemd cannot mount a /proc for one unit; it fails with these set.\n"
	"[Service]\n"
	"ProtectControlGroups=no\n"
	"ProtectKernelTunables=no\n"
	"ProtectProc=default\n"
	"ProcSubset=all\n";

bool units_is_off(const char *link)
{
	if ((link[0] != 'S' && link[0] != 'K') || strlen(link) <= 3)
		return false;
	for (size_t i = 0; i < N_ROWS(scripts_off); i++)
		if (strcmp(link + 3, scripts_off[i]) == 0)
			return true;
	return false;
}
