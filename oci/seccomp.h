/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_SECCOMP_H
#define OCI_SECCOMP_H

/*
 * linux.seccomp of a configuration as instructions for the kernel, made by
 * libseccomp. A name that this machine has no system call of is passed over, as
 * one list is written for all machines; so is an architecture.
 */

#include "base/error.h"
#include "oci/spec_seccomp.h"
#include "runtime/filter.h"

struct seccomp {
	struct filter filter;		/* has_notices: a rule says SCMP_ACT_NOTIFY */
	unsigned long flags;		/* SECCOMP_FILTER_FLAG_ bits */
};

/* ERR_USAGE for what the specification or the kernel knows no meaning of: notices without a
 * listenerPath, SCMP_ACT_NOTIFY as the default. */
int seccomp_compile(struct seccomp *out, const struct oci_seccomp *spec, struct error *err);
void seccomp_clear(struct seccomp *s);
/* Confines the caller. Returns the descriptor to answer notices through, or -2 where there are
 * none. Needs CAP_SYS_ADMIN in the own user namespace or no_new_privs. Child-safe. */
int seccomp_apply(const struct seccomp *s, struct error *err);

/* What features tells: the library's version; whether it knows the architecture of this place in
 * oci_seccomp_architectures; whether the kernel takes the flag of this place in oci_seccomp_flags.
 */
void seccomp_library(unsigned int *out_major, unsigned int *out_minor, unsigned int *out_micro);
bool seccomp_knows_architecture(size_t place);
bool seccomp_takes_flag(size_t place);

#endif
