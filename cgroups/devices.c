/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/devices.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroups/device_program.h"

/* The kernel's own dev_t: twelve bits of major, twenty of minor (linux/kdev_t.h). */
enum { MINOR_BITS = 20, MINOR_MAX = (1 << MINOR_BITS) - 1, TO_END = -1 };

/* All are character devices, to be read and written. No node may be made: not even the kernel lets
 * a user namespace do that, but for overlay's whiteouts, which never come here. */
/* clang-format off */
static const struct device_row {
	unsigned int major, minor, last;	/* last: of a range, 0: it is one device */
	unsigned int set;			/* 0: every zone */
	unsigned int last_major;		/* of a range with all its minors */
} rows[] = {
	{   1,   3, 0, 0, 0 },			/* null */
	{   1,   5, 0, 0, 0 },			/* zero */
	{   1,   7, 9, 0, 0 },			/* full, random, urandom */
	{   5,   0, 0, 0, 0 },			/* tty */
	{   5,   2, 0, 0, 0 },			/* ptmx; console, 5:1, would be the host's */
	{  10, 200, 0, CGROUP_DEVICES_TUN, 0 },
	{  10, 229, 0, CGROUP_DEVICES_FUSE, 0 },
	{ 136,   0, MINOR_MAX, 0, 143 },	/* pts/N, /dev/console is one of them */
};
/* clang-format on */

static const char name[] = "zone_devices";

static int32_t key(unsigned int major, unsigned int minor)
{
	return (int32_t)(major << MINOR_BITS | minor);
}

/* With R_ANSWER 1, a device that matches jumps to the program's end; TO_END is replaced by how far
 * that is once it is known. */
static void add_row(struct device_program *p, const struct device_row *row)
{
	unsigned int last_major = row->last_major ? row->last_major : row->major;

	if (row->last == 0) {
		device_program_jump(p, BPF_JEQ, R_DEVICE, key(row->major, row->minor), TO_END);
		return;
	}
	device_program_jump(p, BPF_JLT, R_DEVICE, key(row->major, row->minor), 1);
	device_program_jump(p, BPF_JLE, R_DEVICE, key(last_major, row->last), TO_END);
}

/* Answers 0 to whatever is no row's: it falls through to there. The last instruction returns.
 * The context's access_type is the access in its upper half, the type in its lower one
 * (struct bpf_cgroup_dev_ctx in linux/bpf.h). */
static void make(struct device_program *p, unsigned int sets)
{
	unsigned int first;

	device_program_load_field(p, R_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	device_program_load_field(p, R_DEVICE, offsetof(struct bpf_cgroup_dev_ctx, major));
	device_program_load_field(p, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	device_program_add(p, BPF_ALU64 | BPF_LSH | BPF_K, R_DEVICE, 0, MINOR_BITS);
	device_program_add(p, BPF_ALU64 | BPF_OR | BPF_X, R_DEVICE, R_MINOR, 0);
	device_program_jump(p, BPF_JSET, R_ACCESS,
			    BPF_DEVCG_ACC_MKNOD << 16 | BPF_DEVCG_DEV_BLOCK, 0);
	device_program_add(p, BPF_ALU64 | BPF_MOV | BPF_K, R_ANSWER, 0, 1);
	first = p->n;
	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (rows[i].set == 0 || (rows[i].set & sets) != 0)
			add_row(p, &rows[i]);
	p->insns[first - 2].off = (int16_t)(p->n - first + 1);
	for (unsigned int i = first; i < p->n; i++)
		if (p->insns[i].off == TO_END)
			p->insns[i].off = (int16_t)(p->n - i);
	device_program_answer(p, 0);
}

bool devices_supported(void)
{
	/* The least that can be wrong about a program: what refuses this one refuses all. */
	AUTO_DEVICE_PROGRAM struct device_program p = { .n = 0 };
	AUTO_CLOSE int fd = -1;

	device_program_answer(&p, 1);
	fd = device_program_load(&p, name);
	return fd >= 0;
}

int devices_load(struct cgroup_host *host, unsigned int sets, struct error *err)
{
	AUTO_DEVICE_PROGRAM struct device_program p = { .n = 0 };
	int reason;

	assert(sets < CGROUP_POLICIES);
	if (host->policyfd[sets] >= 0)
		return 0;
	make(&p, sets);
	host->policyfd[sets] = device_program_load(&p, name);
	if (host->policyfd[sets] >= 0)
		return 0;
	reason = errno;
	if ((reason == EINVAL || reason == ENOSYS) && !devices_supported())
		return 0;
	errno = reason;
	error_sys(err, "device policy: load it");
	return error_hint(err, "run zonectl with CAP_SYS_ADMIN in the host's first user namespace");
}

int devices_apply(struct cgroup_host *host, int groupfd, unsigned int sets, struct error *err)
{
	if (devices_load(host, sets, err) < 0)
		return -1;
	return host->policyfd[sets] < 0 ? 0
					: device_program_attach(groupfd, host->policyfd[sets], err);
}
