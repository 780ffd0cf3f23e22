/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SITE_CONFIG_H
#define RUNTIME_SITE_CONFIG_H

/*
 * zonectl.json, the configuration of a host: ROOT/etc/zonectl/zonectl.json. Every
 * key is optional; an unknown one is an error that names its line and column. A
 * key is a row of the table in site_config.c.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/pools.h"
#include "templates/unpack.h"

#define SITE_CONFIG_NAME "zonectl.json"

struct site_config {
	uint32_t uid_start; /* "uid-range": {"start": 1000000000, "count": 1147483648} */
	uint32_t uid_count;
	struct net_pools pools;		/* "address-pools"; pools.h */
	bool has_no_names;		/* "names": false: no zone is named to another */
	bool has_hosts_file;		/* "hosts-file": true: one for the host is kept (hosts.h) */
	bool allows_net_host;		/* "allow-net-host": zones may have net=host */
	struct unpack_limits unpack; /* "unpack-limits": {"bytes": 68719476736, "entries": ...} */
};

/* What holds without a file. */
void site_config_init(struct site_config *c);
/* Reads the file below etcfd over what *c holds; that there is none is no error. ERR_USAGE
 * "zonectl.json:LINE:COLUMN: KEY: ..." on any fault; *c is then to be cleared. */
int site_config_read(struct site_config *c, int etcfd, struct error *err);
void site_config_clear(struct site_config *c);

#endif
