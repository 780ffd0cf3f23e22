/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/caps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define BIT(cap) (UINT64_C(1) << (cap))

enum { DROP, KEEP };

/* Every capability that exists, by number; a newer one has no row and is dropped. No feature
 * changes a row: with nesting the zone's root has every capability over the user namespaces that
 * it makes itself, and those can do nothing to the zone's own limits. */
static const struct cap_row {
	unsigned int cap;
	int answer;
} cap_rows[] = {
	{ CAP_CHOWN,              KEEP },
	{ CAP_DAC_OVERRIDE,       KEEP },
	{ CAP_DAC_READ_SEARCH,    KEEP },	/* the filter refuses open_by_handle_at */
	{ CAP_FOWNER,             KEEP },
	{ CAP_FSETID,             KEEP },
	{ CAP_KILL,               KEEP },
	{ CAP_SETGID,             KEEP },
	{ CAP_SETUID,             KEEP },
	{ CAP_SETPCAP,            KEEP },	/* services drop more with it */
	{ CAP_LINUX_IMMUTABLE,    DROP },	/* files that can't be removed */
	{ CAP_NET_BIND_SERVICE,   KEEP },
	{ CAP_NET_BROADCAST,      KEEP },
	{ CAP_NET_ADMIN,          KEEP },	/* over its own network namespace */
	{ CAP_NET_RAW,            KEEP },	/* ping, DHCP clients */
	{ CAP_IPC_LOCK,           KEEP },	/* RLIMIT_MEMLOCK still holds */
	{ CAP_IPC_OWNER,          KEEP },
	{ CAP_SYS_MODULE,         DROP },	/* code in the kernel */
	{ CAP_SYS_RAWIO,          DROP },	/* ports and memory of the machine */
	{ CAP_SYS_CHROOT,         KEEP },	/* sshd, setns */
	{ CAP_SYS_PTRACE,         KEEP },	/* over the zone's own processes */
	{ CAP_SYS_PACCT,          DROP },
	{ CAP_SYS_ADMIN,          KEEP },	/* mounts, that every init makes */
	{ CAP_SYS_BOOT,           KEEP },	/* reboot(2) ends the pid namespace */
	{ CAP_SYS_NICE,           KEEP },
	{ CAP_SYS_RESOURCE,       DROP },	/* would raise /proc/sys/user/max_* again */
	{ CAP_SYS_TIME,           DROP },	/* the clock is the host's */
	{ CAP_SYS_TTY_CONFIG,     KEEP },	/* vhangup, by agetty */
	{ CAP_MKNOD,              KEEP },	/* systemd asks for it; nodes open nowhere */
	{ CAP_LEASE,              KEEP },
	{ CAP_AUDIT_WRITE,        KEEP },	/* the audit socket is the filter's */
	{ CAP_AUDIT_CONTROL,      KEEP },	/* likewise */
	{ CAP_SETFCAP,            KEEP },	/* packages with file capabilities */
	{ CAP_MAC_OVERRIDE,       DROP },	/* the host's policy */
	{ CAP_MAC_ADMIN,          DROP },	/* the host's policy */
	{ CAP_SYSLOG,             DROP },	/* the host's messages and kernel addresses */
	{ CAP_WAKE_ALARM,         DROP },	/* the machine's power */
	{ CAP_BLOCK_SUSPEND,      DROP },	/* the machine's power */
	{ CAP_AUDIT_READ,         DROP },	/* the host's audit log */
	{ CAP_PERFMON,            DROP },
	{ CAP_BPF,                DROP },
	{ CAP_CHECKPOINT_RESTORE, DROP },
};

uint64_t caps_kept(uint64_t features)
{
	uint64_t kept = 0;

	(void)features;	/* none changes a row, see above */
	for (size_t i = 0; i < N_ROWS(cap_rows); i++)
		if (cap_rows[i].answer == KEEP)
			kept |= BIT(cap_rows[i].cap);
	return kept;
}

/* capset(2) and capget(2) as the kernel has them: libcap's own calls allocate, which a child after
 * clone must not. */
static int caps_read(struct __user_cap_data_struct out[2], struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	if (syscall(SYS_capget, &header, out) < 0)
		return error_sys(err, "read capabilities");
	return 0;
}

static int caps_write(const struct __user_cap_data_struct data[2], struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	if (syscall(SYS_capset, &header, data) < 0)
		return error_sys(err, "set capabilities");
	return 0;
}

static int drop_bounding(uint64_t kept, struct error *err)
{
	/* By number and not by row, so that a kernel newer than the table loses its news too;
	 * EINVAL is where that kernel's capabilities end. */
	for (unsigned int cap = 0; cap < 64; cap++) {
		if (kept & BIT(cap) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;
		return error_sys(err, "drop capability %u", cap);
	}
	return 0;
}

int caps_bound(uint64_t kept, struct error *err)
{
	struct __user_cap_data_struct now[2] = { 0 };

	if (drop_bounding(kept, err) < 0)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_sys(err, "clear the ambient capabilities");
	if (caps_read(now, err) < 0)
		return -1;
	now[0].inheritable = now[1].inheritable = 0;
	return caps_write(now, err);
}

int caps_limit(uint64_t kept, struct error *err)
{
	struct __user_cap_data_struct now[2] = { 0 };

	if (caps_read(now, err) < 0)
		return -1;
	for (unsigned int i = 0; i < 2; i++) {
		now[i].permitted &= (uint32_t)(kept >> (32 * i));
		now[i].effective = now[i].permitted;
	}
	return caps_write(now, err);
}

int caps_raise(struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, sets) < 0)
		return error_sys(err, "read capabilities");
	for (size_t i = 0; i < N_ROWS(sets); i++)
		sets[i].effective = sets[i].permitted;
	if (syscall(SYS_capset, &head, sets) < 0)
		return error_sys(err, "keep capabilities");
	return 0;
}

int caps_number(const char *name)
{
	AUTO_FREE char *whole = strncasecmp(name, "CAP_", 4) == 0 ? xstrdup(name)
								   : xasprintf("CAP_%s", name);
	cap_value_t value;

	return cap_from_name(whole, &value) < 0 ? -1 : value;
}

char *caps_name(unsigned int number)
{
	char *name, *copy;

	if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) < 0)
		return NULL;
	name = cap_to_name((cap_value_t)number);
	copy = name ? xstrdup(name) : NULL;
	cap_free(name);
	for (char *c = copy; c && *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 32);
	return copy;
}

static int raise_ambient(uint64_t ambient, struct error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_sys(err, "clear the ambient capabilities");
	for (unsigned int cap = 0; cap < 64; cap++)
		if (ambient & BIT(cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0 && errno != EPERM)
			return error_sys(err, "raise ambient capability %u", cap);
	return 0;
}

int caps_become(const struct caps_sets *sets, int (*become)(const void *arg, struct error *err),
		const void *arg, struct error *err)
{
	struct __user_cap_data_struct now[2] = { 0 };

	if (drop_bounding(sets->bounding, err) < 0)
		return -1;
	/* Another user would lose them all (capabilities(7)). */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_sys(err, "keep capabilities");
	if (become(arg, err) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || caps_read(now, err) < 0)
		return error_sys(err, "keep capabilities");
	for (unsigned int i = 0; i < 2; i++) {
		uint32_t had = now[i].permitted;

		now[i].permitted = had & (uint32_t)(sets->permitted >> (32 * i));
		now[i].effective = now[i].permitted & (uint32_t)(sets->effective >> (32 * i));
		now[i].inheritable = had & (uint32_t)(sets->inheritable >> (32 * i));
	}
	if (caps_write(now, err) < 0)
		return -1;
	return raise_ambient(sets->ambient, err);
}
