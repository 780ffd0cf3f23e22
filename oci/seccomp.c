/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/seccomp.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

enum { PROGRAM_MAX = 4 << 20 };

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}
#define AUTO_CONTEXT __attribute__((cleanup(release)))

/* libseccomp's calls return a negative errno. */
static int library_error(int code, struct error *err, const char *what)
{
	errno = -code;
	return error_sys(err, "linux.seccomp: %s", what);
}

static uint32_t action_of(int action, const struct json_number *errno_ret)
{
	uint16_t value = errno_ret->is_set ? (uint16_t)errno_ret->i : EPERM;

	switch ((enum oci_seccomp_action)action) {
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case OCI_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO:
		return SCMP_ACT_ERRNO(value);
	case OCI_ACT_TRACE:
		return SCMP_ACT_TRACE(value);
	case OCI_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static enum scmp_compare compare_of(int op)
{
	switch ((enum oci_seccomp_op)op) {
	case OCI_CMP_NE:
		return SCMP_CMP_NE;
	case OCI_CMP_LT:
		return SCMP_CMP_LT;
	case OCI_CMP_LE:
		return SCMP_CMP_LE;
	case OCI_CMP_EQ:
		return SCMP_CMP_EQ;
	case OCI_CMP_GE:
		return SCMP_CMP_GE;
	case OCI_CMP_GT:
		return SCMP_CMP_GT;
	case OCI_CMP_MASKED_EQ:
		return SCMP_CMP_MASKED_EQ;
	}
	return SCMP_CMP_EQ;
}

/* The specification's name of an architecture without "SCMP_ARCH_", in small letters, is
 * libseccomp's. Returns 0 for one that is newer than this library. */
static uint32_t architecture_of(const char *name)
{
	char small[24];
	size_t i = 0;

	for (name += 10; name[i] && i < sizeof(small) - 1; i++)
		small[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	small[i] = '\0';
	return seccomp_arch_resolve_name(small);
}

static int add_architecture(scmp_filter_ctx ctx, const char *name, struct error *err)
{
	uint32_t token = architecture_of(name);
	int code;

	if (token == 0 || seccomp_arch_exist(ctx, token) == 0)
		return 0;
	code = seccomp_arch_add(ctx, token);
	/* EDOM: of another byte order, which this machine can't run at all. */
	return code < 0 && code != -EDOM ? library_error(code, err, name) : 0;
}

static struct scmp_arg_cmp argument_of(const struct oci_seccomp_arg *a)
{
	struct scmp_arg_cmp cmp = { .arg = a->index, .op = compare_of(a->op),
				    .datum_a = a->value.u, .datum_b = a->value_two.u };

	return cmp;
}

/* Two conditions on one argument can't stand in one rule of libseccomp's: each is a rule then, as
 * runc does it. */
static int add_call(scmp_filter_ctx ctx, uint32_t action, int number,
		    const struct oci_seccomp_rule *rule)
{
	struct scmp_arg_cmp args[6];
	unsigned int seen = 0;
	size_t n = 0;
	bool is_repeated = false;

	for (size_t i = 0; i < rule->n_args && n < N_ROWS(args); i++) {
		is_repeated = is_repeated || (seen & 1U << rule->args[i].index) != 0;
		seen |= 1U << rule->args[i].index;
		args[n++] = argument_of(&rule->args[i]);
	}
	if (!is_repeated)
		return seccomp_rule_add_array(ctx, action, number, (unsigned int)n, args);
	for (size_t i = 0; i < rule->n_args; i++) {
		struct scmp_arg_cmp one = argument_of(&rule->args[i]);
		int code = seccomp_rule_add_array(ctx, action, number, 1, &one);

		if (code < 0)
			return code;
	}
	return 0;
}

static int add_rule(scmp_filter_ctx ctx, uint32_t fallback, const struct oci_seccomp_rule *rule,
		    struct error *err)
{
	uint32_t action = action_of(rule->action, &rule->errno_ret);

	if (action == fallback)
		return 0;	/* libseccomp refuses what changes nothing */
	for (size_t i = 0; i < rule->n_names; i++) {
		int number = seccomp_syscall_resolve_name(rule->names[i]);
		int code = number == __NR_SCMP_ERROR ? 0 : add_call(ctx, action, number, rule);

		if (code < 0)
			return library_error(code, err, rule->names[i]);
	}
	return 0;
}

static bool has_notices(const struct oci_seccomp *spec)
{
	for (size_t i = 0; i < spec->n_rules; i++)
		if (spec->rules[i].action == OCI_ACT_NOTIFY)
			return true;
	return false;
}

static int export(struct filter *out, scmp_filter_ctx ctx, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
	AUTO_FREE char *data = NULL;
	size_t len = 0;
	int code;

	if (fd < 0)
		return error_sys(err, "make a memfd");
	code = seccomp_export_bpf(ctx, fd);
	if (code < 0)
		return library_error(code, err, "make the filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read the filter");
	if (fd_read_all(fd, PROGRAM_MAX, &data, &len, err) < 0)
		return -1;
	if (len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return error_set(err, ERR_USAGE, "linux.seccomp: more than %d instructions",
				 BPF_MAXINSNS);
	out->insns = (struct sock_filter *)TAKE_PTR(data);
	out->n = (unsigned short)(len / sizeof(struct sock_filter));
	return 0;
}

/* By place in oci_seccomp_flags. TSYNC is of threads, and the child has one. */
static const unsigned long flag_bits[] = {
	[OCI_SECCOMP_LOG] = SECCOMP_FILTER_FLAG_LOG,
	[OCI_SECCOMP_SPEC_ALLOW] = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	[OCI_SECCOMP_WAIT_KILLABLE] = 1UL << 5,	/* Linux 5.19, newer than some headers */
};

static bool names(const struct oci_seccomp_rule *rule, const char *call)
{
	for (size_t i = 0; i < rule->n_names; i++)
		if (strcmp(rule->names[i], call) == 0)
			return true;
	return false;
}

static int check(const struct oci_seccomp *spec, struct error *err)
{
	if (spec->default_action == OCI_ACT_NOTIFY)
		return error_set(err, ERR_USAGE, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY"
				 " cannot be used as default action");
	for (size_t i = 0; i < spec->n_rules; i++)
		if (spec->rules[i].action == OCI_ACT_NOTIFY && names(&spec->rules[i], "sendmsg"))
			return error_set(err, ERR_USAGE, "linux.seccomp: SCMP_ACT_NOTIFY cannot be"
					 " used for the sendmsg syscall, which passes the notices"
					 " on");
	if (!has_notices(spec) || (spec->listener_path && *spec->listener_path))
		return 0;
	return error_set(err, ERR_USAGE, "linux.seccomp: SCMP_ACT_NOTIFY without a listenerPath");
}

int seccomp_compile(struct seccomp *out, const struct oci_seccomp *spec, struct error *err)
{
	uint32_t fallback = action_of(spec->default_action, &spec->default_errno);
	AUTO_CONTEXT scmp_filter_ctx ctx = NULL;

	*out = (struct seccomp){ 0 };
	if (check(spec, err) < 0)
		return -1;
	ctx = seccomp_init(fallback);
	if (!ctx)
		return error_set(err, ERR_FAILED, "linux.seccomp: libseccomp gives no context");
	for (size_t i = 1; oci_seccomp_architectures[i]; i++)
		if (spec->architectures & (uint64_t)1 << i &&
		    add_architecture(ctx, oci_seccomp_architectures[i], err) < 0)
			return -1;
	for (size_t i = 0; i < spec->n_rules; i++)
		if (add_rule(ctx, fallback, &spec->rules[i], err) < 0)
			return -1;
	for (size_t i = 0; i < N_ROWS(flag_bits); i++)
		if (spec->flags & (uint64_t)1 << i)
			out->flags |= flag_bits[i];
	if (export(&out->filter, ctx, err) < 0)
		return -1;
	out->filter.has_notices = has_notices(spec);
	return 0;
}

void seccomp_clear(struct seccomp *s)
{
	filter_clear(&s->filter);
}

int seccomp_apply(const struct seccomp *s, struct error *err)
{
	struct sock_fprog program = { .len = s->filter.n, .filter = s->filter.insns };
	unsigned long flags = s->flags;
	long fd;

	if (s->filter.has_notices)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		flags &= ~(1UL << 5);	/* of notices alone */
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (fd < 0)
		return error_sys(err, "apply the system call filter");
	return s->filter.has_notices ? (int)fd : -2;
}

void seccomp_library(unsigned int *out_major, unsigned int *out_minor, unsigned int *out_micro)
{
	const struct scmp_version *v = seccomp_version();

	*out_major = v ? v->major : 0;
	*out_minor = v ? v->minor : 0;
	*out_micro = v ? v->micro : 0;
}

bool seccomp_knows_architecture(size_t place)
{
	return architecture_of(oci_seccomp_architectures[place]) != 0;
}

/* Without instructions the kernel looks at the flags first and fails with EINVAL, else with EFAULT
 * (seccomp_set_mode_filter() in kernel/seccomp.c). The flag of notices alone goes with the one that
 * asks for them. */
bool seccomp_takes_flag(size_t place)
{
	unsigned long bits = place == OCI_SECCOMP_TSYNC ? SECCOMP_FILTER_FLAG_TSYNC
							 : flag_bits[place];

	if (place == OCI_SECCOMP_WAIT_KILLABLE)
		bits |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, bits, NULL) < 0 && errno == EFAULT;
}
