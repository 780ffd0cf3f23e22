/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SPEC_SECCOMP_H
#define OCI_SPEC_SECCOMP_H

/* What stands below "linux.seccomp" in config.json (spec.h). */

#include "base/json_fill.h"

enum oci_seccomp_action {
	OCI_ACT_KILL = 1, OCI_ACT_KILL_PROCESS, OCI_ACT_KILL_THREAD, OCI_ACT_TRAP, OCI_ACT_ERRNO,
	OCI_ACT_TRACE, OCI_ACT_ALLOW, OCI_ACT_LOG, OCI_ACT_NOTIFY,
};

enum oci_seccomp_op {
	OCI_CMP_NE = 1, OCI_CMP_LT, OCI_CMP_LE, OCI_CMP_EQ, OCI_CMP_GE, OCI_CMP_GT,
	OCI_CMP_MASKED_EQ,
};

enum oci_seccomp_flag {			/* bits */
	OCI_SECCOMP_TSYNC = 1, OCI_SECCOMP_LOG, OCI_SECCOMP_SPEC_ALLOW, OCI_SECCOMP_WAIT_KILLABLE,
};

struct oci_seccomp_arg {
	uint32_t index;			/* 0..5 */
	struct json_number value, value_two; /* u */
	int op;				/* enum oci_seccomp_op */
};

struct oci_seccomp_rule {
	const char **names;
	struct oci_seccomp_arg *args;
	size_t n_names, n_args;
	int action;			/* enum oci_seccomp_action */
	struct json_number errno_ret;
};

struct oci_seccomp {
	int default_action;
	struct json_number default_errno;
	uint64_t flags;			/* bit per enum oci_seccomp_flag */
	uint64_t architectures;		/* bit per place in oci_seccomp_architectures, from 1 */
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *rules;
	size_t n_rules;
};

extern const struct json_field oci_seccomp_fields[];
/* NULL-ended; the first is none. */
extern const char *const oci_seccomp_actions[], *const oci_seccomp_operators[],
	*const oci_seccomp_flags[], *const oci_seccomp_architectures[];

#endif
