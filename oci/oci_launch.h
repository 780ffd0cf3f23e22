/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_OCI_LAUNCH_H
#define OCI_OCI_LAUNCH_H

/*
 * A container as the kernel must be told of it, compiled from its configuration:
 * the other kind of launch (runtime/launch.h). A new user namespace that the
 * host's root asks for is built as a zone is: from outside, so that its mounts
 * are locked. Everything else shares the child's own mount namespace with the
 * builder.
 */

#include "cgroups/span.h"
#include "oci/container.h"
#include "oci/inherit.h"
#include "oci/process.h"
#include "oci/tree.h"
#include "runtime/launch.h"

enum {
	OCI_JOINS_MAX = 8,
	OCI_NEWTIME = 0x80,		/* CLONE_NEWTIME, which older headers lack */
};

struct oci_launch_options {
	bool without_pivot;		/* --no-pivot */
	bool keeps_keyring;		/* --no-new-keyring */
	bool is_in_userns;		/* the caller has entered the container's (rootless.h) */
	struct inherit inherit;
	int listenfd;			/* the child waits there for start; -1: it goes at once */
};

struct oci_launch {
	struct launch launch;		/* the first field: kinds are given a pointer to it */
	struct oci_launch_options options;
	struct container *container;
	const struct oci_spec *spec;
	const struct span *span;
	struct process process;
	struct seccomp seccomp;
	struct tree tree;
	int *idmaps;			/* idmap_open_all(); owned */
	struct {
		int fd;
		int flag;		/* CLONE_NEW bit */
	} joins[OCI_JOINS_MAX];		/* namespaces by path, in the order to enter them */
	size_t n_joins;
	struct {
		struct nl *route;	/* of its network namespace, for netDevices; owned */
		int rdtfd;		/* resctrl, for intelRdt; owned, or -1 */
		int homes[OCI_JOINS_MAX]; /* its own of those that are entered, for hooks; owned */
	} host;
	bool makes_mountns, makes_cgroupns, makes_timens;
	char *uid_map, *gid_map;	/* of a new user namespace; owned, else NULL */
	int hostnsfd;			/* the caller's mount namespace, for hooks; owned */
	int bundlefd;			/* owned */
	char **env;			/* of the program; owned */
	int noticesock;			/* connected to listenerPath; owned, or -1 */
};

/* Compiles what stands in the container's configuration, which has been read. The caller ends with
 * oci_launch_clear(), also after a failure. */
int oci_launch_compile(struct oci_launch *out, struct container *c, const struct span *span,
		       const struct oci_launch_options *options, struct error *err);
void oci_launch_clear(struct oci_launch *o);

/* The state that hooks and notices are given, as text that the caller owns. */
char *oci_state_text(const struct container *c, const char *status, pid_t pid);
/* The same as a member of an object that is being written. */
void oci_state_add(struct json_out *out, const char *key, const struct container *c,
		   const char *status, pid_t pid);

/* In oci_launch_host.c: opens what the host has for a container; gives it to its first process;
 * enters the host's namespaces, for hooks, and again those that the builder had entered. The last
 * three are child-safe. */
int oci_host_open(struct oci_launch *o, struct error *err);
void oci_host_close(struct oci_launch *o);
int oci_host_give(const struct oci_launch *o, pid_t pid, struct error *err);
int oci_host_return(const struct oci_launch *o, struct error *err);
int oci_host_leave(const struct oci_launch *o, struct error *err);

/* In oci_launch_build.c and oci_launch_inside.c. */
int oci_launch_begin(struct launching *b, struct error *err);
int oci_launch_build(struct launching *b, struct error *err);
int oci_launch_inside(struct launching *b, struct error *err);

#endif
