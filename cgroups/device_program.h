/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CGROUPS_DEVICE_PROGRAM_H
#define CGROUPS_DEVICE_PROGRAM_H

/*
 * A program of type BPF_PROG_TYPE_CGROUP_DEVICE: assembled, loaded, attached to a
 * v2 group. The kernel runs it whenever somebody of the group opens or makes a
 * device node; 1 lets that be. For the files of this folder only.
 */

#include <linux/bpf.h>
#include <stdint.h>

#include "base/error.h"

/* By the calling convention the context is in the second register; the rest is ours. */
enum {
	R_ANSWER = BPF_REG_0, R_CONTEXT = BPF_REG_1, R_ACCESS = BPF_REG_2, R_DEVICE = BPF_REG_3,
	R_MINOR = BPF_REG_4, R_TYPE = BPF_REG_5,
};

struct device_program {
	struct bpf_insn *insns;		/* owned */
	unsigned int n, room;
};

#define AUTO_DEVICE_PROGRAM __attribute__((cleanup(device_program_clear)))

void device_program_clear(struct device_program *p);
void device_program_add(struct device_program *p, uint8_t code, uint8_t dst, uint8_t src,
			int32_t imm);
/* Loads 32 bits at offset of the context, struct bpf_cgroup_dev_ctx, into dst. */
void device_program_load_field(struct device_program *p, uint8_t dst, int16_t offset);
/* Jumps over the next "over" instructions if the comparison of dst with value holds. */
void device_program_jump(struct device_program *p, uint8_t test, uint8_t dst, int32_t value,
			 int16_t over);
/* Ends with this answer: two instructions. */
void device_program_answer(struct device_program *p, int32_t answer);

/* Hands it to the kernel, by a name of up to 15 characters. Returns a descriptor that the caller
 * owns, or -1 with errno. */
int device_program_load(const struct device_program *p, const char *name);
/* Attaches what was loaded to a v2 group, beside what others attached there and above it, all of
 * which must agree (BPF_F_ALLOW_MULTI, bpf(2)). What is open stays open. */
int device_program_attach(int groupfd, int programfd, struct error *err);
/* The same in place of the programs of this name that the group has. */
int device_program_replace(int groupfd, int programfd, const char *name, struct error *err);

#endif
