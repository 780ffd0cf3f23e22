/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/device_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sys.h"

/* The kernel keeps at most 64 of a kind at a group (BPF_CGROUP_MAX_PROGS in linux/bpf-cgroup.h). */
enum { FIRST_ROOM = 64, ATTACHED_MAX = 64 };

void device_program_clear(struct device_program *p)
{
	free(TAKE_PTR(p->insns));
	p->n = p->room = 0;
}

void device_program_add(struct device_program *p, uint8_t code, uint8_t dst, uint8_t src,
			int32_t imm)
{
	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : FIRST_ROOM;
		p->insns = xreallocarray(p->insns, p->room, sizeof(*p->insns));
	}
	p->insns[p->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .imm = imm,
	};
}

void device_program_load_field(struct device_program *p, uint8_t dst, int16_t offset)
{
	device_program_add(p, BPF_LDX | BPF_MEM | BPF_W, dst, R_CONTEXT, 0);
	p->insns[p->n - 1].off = offset;
}

void device_program_jump(struct device_program *p, uint8_t test, uint8_t dst, int32_t value,
			 int16_t over)
{
	device_program_add(p, BPF_JMP | test | BPF_K, dst, 0, value);
	p->insns[p->n - 1].off = over;
}

void device_program_answer(struct device_program *p, int32_t answer)
{
	device_program_add(p, BPF_ALU64 | BPF_MOV | BPF_K, R_ANSWER, 0, answer);
	device_program_add(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

int device_program_load(const struct device_program *p, const char *name)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->insns;
	attr.insn_cnt = p->n;
	attr.license = (uintptr_t)"GPL";
	strncpy(attr.prog_name, name, sizeof(attr.prog_name) - 1);
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

int device_program_attach(int groupfd, int programfd, struct error *err)
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

static bool has_name(int programfd, const char *name)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)programfd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0 &&
	       strcmp(info.name, name) == 0;
}

/* Takes one away that has the name. */
static int detach_named(int groupfd, uint32_t id, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "device policy: open the one before");
	if (!has_name(fd, name))
		return 0;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)groupfd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "device policy: take the one before away");
	return 0;
}

/* The new one first: for a moment both must agree, and never neither. */
int device_program_replace(int groupfd, int programfd, const char *name, struct error *err)
{
	uint32_t ids[ATTACHED_MAX];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)groupfd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		return error_sys(err, "device policy: list what is attached");
	if (device_program_attach(groupfd, programfd, err) < 0)
		return -1;
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++)
		if (detach_named(groupfd, ids[i], name, err) < 0)
			return -1;
	return 0;
}
