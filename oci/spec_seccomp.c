/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/spec_seccomp.h"

/* clang-format off */
const char *const oci_seccomp_actions[] = {
	"",
	[OCI_ACT_KILL] = "SCMP_ACT_KILL", [OCI_ACT_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
	[OCI_ACT_KILL_THREAD] = "SCMP_ACT_KILL_THREAD", [OCI_ACT_TRAP] = "SCMP_ACT_TRAP",
	[OCI_ACT_ERRNO] = "SCMP_ACT_ERRNO", [OCI_ACT_TRACE] = "SCMP_ACT_TRACE",
	[OCI_ACT_ALLOW] = "SCMP_ACT_ALLOW", [OCI_ACT_LOG] = "SCMP_ACT_LOG",
	[OCI_ACT_NOTIFY] = "SCMP_ACT_NOTIFY",
	NULL,
};

const char *const oci_seccomp_operators[] = {
	"",
	[OCI_CMP_NE] = "SCMP_CMP_NE", [OCI_CMP_LT] = "SCMP_CMP_LT", [OCI_CMP_LE] = "SCMP_CMP_LE",
	[OCI_CMP_EQ] = "SCMP_CMP_EQ", [OCI_CMP_GE] = "SCMP_CMP_GE", [OCI_CMP_GT] = "SCMP_CMP_GT",
	[OCI_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	NULL,
};

const char *const oci_seccomp_flags[] = {
	"",
	[OCI_SECCOMP_TSYNC] = "SECCOMP_FILTER_FLAG_TSYNC",
	[OCI_SECCOMP_LOG] = "SECCOMP_FILTER_FLAG_LOG",
	[OCI_SECCOMP_SPEC_ALLOW] = "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	[OCI_SECCOMP_WAIT_KILLABLE] = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	NULL,
};

const char *const oci_seccomp_architectures[] = {
	"",
	"SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS",
	"SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB",
	"SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",
	NULL,
};

static const struct json_field arg_fields[] = {
	{ JSON_ROW(U32, oci_seccomp_arg, index, "index"), .is_required = true, .max = 5 },
	{ JSON_ROW(UNSIGNED, oci_seccomp_arg, value, "value"), .is_required = true },
	{ JSON_ROW(UNSIGNED, oci_seccomp_arg, value_two, "valueTwo") },
	{ JSON_ROW(WORD, oci_seccomp_arg, op, "op"), .is_required = true,
	  .words = oci_seccomp_operators },
	{ 0 },
};

static int some_name(const struct json *value, const char *name, struct error *err)
{
	return value->first ? 0 : json_error(value, name, err, "names no system call");
}

static const struct json_field rule_fields[] = {
	{ JSON_COUNTED(STRINGS, oci_seccomp_rule, names, "names"), .is_required = true,
	  .check = some_name },
	{ JSON_ROW(WORD, oci_seccomp_rule, action, "action"), .is_required = true,
	  .words = oci_seccomp_actions },
	{ JSON_ROW(NUMBER, oci_seccomp_rule, errno_ret, "errnoRet"), .max = UINT32_MAX },
	{ JSON_COUNTED(LIST, oci_seccomp_rule, args, "args"),
	  .fields = arg_fields, .size = sizeof(struct oci_seccomp_arg) },
	{ 0 },
};

const struct json_field oci_seccomp_fields[] = {
	{ JSON_ROW(WORD, oci_seccomp, default_action, "defaultAction"), .is_required = true,
	  .words = oci_seccomp_actions },
	{ JSON_ROW(NUMBER, oci_seccomp, default_errno, "defaultErrnoRet"), .max = UINT32_MAX },
	{ JSON_ROW(WORDS, oci_seccomp, flags, "flags"), .words = oci_seccomp_flags },
	{ JSON_ROW(WORDS, oci_seccomp, architectures, "architectures"),
	  .words = oci_seccomp_architectures },
	{ JSON_ROW(STRING, oci_seccomp, listener_path, "listenerPath") },
	{ JSON_ROW(STRING, oci_seccomp, listener_metadata, "listenerMetadata") },
	{ JSON_COUNTED(LIST, oci_seccomp, rules, "syscalls"),
	  .fields = rule_fields, .size = sizeof(struct oci_seccomp_rule) },
	{ 0 },
};
/* clang-format on */
