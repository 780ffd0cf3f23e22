/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_COPY_H
#define RUNTIME_COPY_H

/*
 * Files copied into a zone and out of it, running or down. What is looked up or
 * made in the zone is so by a process in the zone (inside.h), so that links and
 * renames of the zone lead nowhere but within it (CVE-2018-15664, CVE-2019-14271);
 * the host takes what comes out as base/treestream.h says.
 *
 * Both ways a name means what cp -R makes of it: a target that is a directory gets
 * the sources inside, any other is the new name of the one source. A source whose
 * last component is "." is its contents. "-" is a stream.
 */

#include "base/error.h"
#include "base/treestream.h"
#include "runtime/zone.h"

struct copy_options {
	const char *user; /* whose it becomes in the zone, and who looks there; NULL: root, with
			   * the owners that were there, 65536 and above being root */
	int streamfd;			/* what "-" is */
	bool is_up;			/* the zone is running */
	struct tree_io io;		/* fd is filled in; what it counted is the result */
};

/* sources are paths of the host, target one in the zone. A set-id bit stays. */
int copy_push(struct zone *z, char *const *sources, const char *target,
	      struct copy_options *options, struct error *err);
/* sources are paths in the zone, target one of the host. Files lose their set-id bits. */
int copy_pull(struct zone *z, char *const *sources, const char *target,
	      struct copy_options *options, struct error *err);

#endif
