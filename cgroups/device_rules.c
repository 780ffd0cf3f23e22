/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/device_rules.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cgroups/device_program.h"

enum { TO_NEXT = -1, ALL_ACCESS = DEVICE_MAKES | DEVICE_READS | DEVICE_WRITES };

/* The kernel's dev_t has twelve bits of major and twenty of minor (linux/kdev_t.h). */
enum { MAJOR_LAST = 4095, MINOR_LAST = 0xfffff };

static const char name[] = "oci_devices";

_Static_assert((int)DEVICE_MAKES == (int)BPF_DEVCG_ACC_MKNOD &&
	       (int)DEVICE_READS == (int)BPF_DEVCG_ACC_READ &&
	       (int)DEVICE_WRITES == (int)BPF_DEVCG_ACC_WRITE, "the kernel's bits (linux/bpf.h)");

/* R_ACCESS holds what is asked for and was not allowed yet. */
static void add_rule(struct device_program *p, const struct device_rule *rule)
{
	unsigned int first = p->n;

	if (rule->type != 'a')
		device_program_jump(p, BPF_JNE, R_TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK
									  : BPF_DEVCG_DEV_CHAR,
				    TO_NEXT);
	if (rule->major >= 0)
		device_program_jump(p, BPF_JNE, R_DEVICE, (int32_t)rule->major, TO_NEXT);
	if (rule->minor >= 0)
		device_program_jump(p, BPF_JNE, R_MINOR, (int32_t)rule->minor, TO_NEXT);
	if (rule->allows) {
		device_program_add(p, BPF_ALU64 | BPF_AND | BPF_K, R_ACCESS, 0,
				   (int32_t)(ALL_ACCESS & ~rule->access));
		device_program_jump(p, BPF_JNE, R_ACCESS, 0, TO_NEXT);
		device_program_answer(p, 1);
	} else {
		device_program_jump(p, BPF_JSET, R_ACCESS, (int32_t)rule->access, 1);
		device_program_jump(p, BPF_JA, 0, 0, TO_NEXT);
		device_program_answer(p, 0);
	}
	for (unsigned int i = first; i < p->n; i++)
		if (p->insns[i].off == TO_NEXT)
			p->insns[i].off = (int16_t)(p->n - i - 1);
}

static bool can_match(const struct device_rule *rule)
{
	return rule->major <= MAJOR_LAST && rule->minor <= MINOR_LAST && rule->access != 0;
}

/* Whatever stands before it decides nothing. */
static bool decides_all(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       rule->access == ALL_ACCESS;
}

/* From the last rule to the first. The context's access_type is the access in its upper half, the
 * type in its lower one (struct bpf_cgroup_dev_ctx in linux/bpf.h). */
static void make(struct device_program *p, const struct device_rule *rules, size_t n)
{
	device_program_load_field(p, R_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	device_program_load_field(p, R_DEVICE, offsetof(struct bpf_cgroup_dev_ctx, major));
	device_program_load_field(p, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	device_program_add(p, BPF_ALU64 | BPF_MOV | BPF_X, R_TYPE, R_ACCESS, 0);
	device_program_add(p, BPF_ALU64 | BPF_AND | BPF_K, R_TYPE, 0, 0xffff);
	device_program_add(p, BPF_ALU64 | BPF_RSH | BPF_K, R_ACCESS, 0, 16);
	for (size_t i = n; i > 0; i--) {
		if (can_match(&rules[i - 1]))
			add_rule(p, &rules[i - 1]);
		if (decides_all(&rules[i - 1]))
			break;
	}
	device_program_answer(p, 0);
}

int device_rules_apply(int groupfd, const struct device_rule *rules, size_t n, struct error *err)
{
	AUTO_DEVICE_PROGRAM struct device_program p = { .n = 0 };
	AUTO_CLOSE int fd = -1;

	make(&p, rules, n);
	fd = device_program_load(&p, name);
	if (fd < 0)
		return error_sys(err, "device policy: load it");
	return device_program_replace(groupfd, fd, name, err);
}
