/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/devices.h"

#include <assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"

/* The kernel's own dev_t: twelve bits of major, twenty of minor (linux/kdev_t.h). */
enum { MINOR_BITS = 20, MINOR_MAX = (1 << MINOR_BITS) - 1, PROGRAM_MAX = 64, TO_END = -1 };

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

enum { R_ANSWER = BPF_REG_0, R_CONTEXT = BPF_REG_1, R_ACCESS, R_DEVICE, R_MINOR };

struct program {
	struct bpf_insn insns[PROGRAM_MAX];
	unsigned int n;
};

static void add(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int32_t imm)
{
	p->insns[p->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .imm = imm,
	};
}

static void add_load(struct program *p, uint8_t dst, int16_t offset)
{
	add(p, BPF_LDX | BPF_MEM | BPF_W, dst, R_CONTEXT, 0);
	p->insns[p->n - 1].off = offset;
}

/* Jumps over the next "over" instructions if the comparison with value holds. */
static void add_jump(struct program *p, uint8_t test, uint8_t dst, int32_t value, int16_t over)
{
	add(p, BPF_JMP | test | BPF_K, dst, 0, value);
	p->insns[p->n - 1].off = over;
}

static void add_answer(struct program *p, int32_t answer)
{
	add(p, BPF_ALU64 | BPF_MOV | BPF_K, R_ANSWER, 0, answer);
	add(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static int32_t key(unsigned int major, unsigned int minor)
{
	return (int32_t)(major << MINOR_BITS | minor);
}

/* With R_ANSWER 1, a device that matches jumps to the program's end; TO_END is replaced by how far
 * that is once it is known. */
static void add_row(struct program *p, const struct device_row *row)
{
	unsigned int last_major = row->last_major ? row->last_major : row->major;

	if (row->last == 0) {
		add_jump(p, BPF_JEQ, R_DEVICE, key(row->major, row->minor), TO_END);
		return;
	}
	add_jump(p, BPF_JLT, R_DEVICE, key(row->major, row->minor), 1);
	add_jump(p, BPF_JLE, R_DEVICE, key(last_major, row->last), TO_END);
}

/* Answers 0 to whatever is no row's: it falls through to there. The last instruction returns.
 * The context's access_type is the access in its upper half, the type in its lower one
 * (struct bpf_cgroup_dev_ctx in linux/bpf.h). */
static void make(struct program *p, unsigned int sets)
{
	unsigned int first;

	p->n = 0;
	add_load(p, R_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add_load(p, R_DEVICE, offsetof(struct bpf_cgroup_dev_ctx, major));
	add_load(p, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	add(p, BPF_ALU64 | BPF_LSH | BPF_K, R_DEVICE, 0, MINOR_BITS);
	add(p, BPF_ALU64 | BPF_OR | BPF_X, R_DEVICE, R_MINOR, 0);
	add_jump(p, BPF_JSET, R_ACCESS, BPF_DEVCG_ACC_MKNOD << 16 | BPF_DEVCG_DEV_BLOCK, 0);
	add(p, BPF_ALU64 | BPF_MOV | BPF_K, R_ANSWER, 0, 1);
	first = p->n;
	for (size_t i = 0; i < N_ROWS(rows); i++)
		if (rows[i].set == 0 || (rows[i].set & sets) != 0)
			add_row(p, &rows[i]);
	p->insns[first - 2].off = (int16_t)(p->n - first + 1);
	for (unsigned int i = first; i < p->n; i++)
		if (p->insns[i].off == TO_END)
			p->insns[i].off = (int16_t)(p->n - i);
	add_answer(p, 0);
}

/* Returns the program's descriptor, or -1 with errno. */
static int load(const struct program *p)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->insns;
	attr.insn_cnt = p->n;
	attr.license = (uintptr_t)"GPL";
	memcpy(attr.prog_name, "zone_devices", sizeof("zone_devices"));
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

bool devices_supported(void)
{
	/* The least that can be wrong about a program: what refuses this one refuses all. */
	struct program p = { .n = 0 };
	AUTO_CLOSE int fd = -1;

	add_answer(&p, 1);
	fd = load(&p);
	return fd >= 0;
}

static int attach(int groupfd, int programfd, struct error *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)groupfd;
	attr.attach_bpf_fd = (uint32_t)programfd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "device policy: attach it");
	return 0;
}

int devices_load(struct cgroup_host *host, unsigned int sets, struct error *err)
{
	struct program p;
	int reason;

	assert(sets < CGROUP_POLICIES);
	if (host->policyfd[sets] >= 0)
		return 0;
	make(&p, sets);
	host->policyfd[sets] = load(&p);
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
	return host->policyfd[sets] < 0 ? 0 : attach(groupfd, host->policyfd[sets], err);
}
