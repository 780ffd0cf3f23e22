/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

/*
 * The whole truth of a zone: its identity, made once by create, and its
 * properties, which property.h describes and changes. Kept in zone.json.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/sha256.h"
#include "cgroups/limits.h"
#include "disks/disk.h"

enum { ZONE_NAME_MAX = 63, ZONE_UUID_LEN = 36, ZONE_IDS = 65536, ZONE_CONFIG_VERSION = 1 };

/* A fork bomb in one zone must leave the host room: pid_max is 32768 on many. */
enum { ZONE_PIDS_DEFAULT = 4096 };

enum zone_autoboot { AUTOBOOT_NO, AUTOBOOT_YES, AUTOBOOT_LAST };
/* Whether the files inside that say what the properties say are written (setup.h). */
enum zone_setup { ZONE_SETUP_AUTO, ZONE_SETUP_NONE };
/* Whether it and other zones find each other by name (hosts.h). */
enum zone_names { ZONE_NAMES_YES, ZONE_NAMES_NO };
/* Automatic is what create makes one of the others of. */
/* Who answers on its port 22. */
enum zone_ssh { ZONE_SSH_INSIDE, ZONE_SSH_NO, ZONE_SSH_ON_DEMAND };
enum zone_storage { STORAGE_AUTO, STORAGE_OVERLAY, STORAGE_COPY, STORAGE_BTRFS };

/* A bit each; the names stand in property.c. */
enum zone_feature {
	FEATURE_FIREWALL = 1 << 0,	/* the netfilter netlink family; on by default */
	FEATURE_NESTING = 1 << 1,	/* user namespaces and fresh proc mounts inside */
	FEATURE_FUSE = 1 << 2,		/* /dev/fuse */
	FEATURE_TUN = 1 << 3,		/* /dev/net/tun */
	FEATURE_KEYCTL = 1 << 4,	/* the key management calls */
	FEATURE_MKNOD = 1 << 5,	/* mknod of harmless device nodes, which the keeper makes */
	FEATURE_IO_URING = 1 << 6,	/* the io_uring calls */
	FEATURE_COMPAT32 = 1 << 7,	/* 32-bit programs */
	FEATURE_DEFAULT = FEATURE_FIREWALL,
};

enum zone_hook {
	ZONE_HOOK_PRE_BOOT, ZONE_HOOK_POST_BOOT, ZONE_HOOK_PRE_STOP, ZONE_HOOK_POST_STOP,
	ZONE_HOOKS,
};

struct zone_config {
	/* Identity. */
	char name[ZONE_NAME_MAX + 1];
	char uuid[ZONE_UUID_LEN + 1];		/* also the guest's machine-id, without dashes */
	char *template_name;			/* without a version: the digest has it */
	char template_digest[SHA256_HEX_SIZE];
	uint32_t uid_base;			/* first of ZONE_IDS uids and gids of the host */
	uint64_t created;			/* seconds since 1970 */
	char *plan;				/* the plan that was last given to it, or NULL */
	char *fleet;				/* whose apply made it (fleet.h), or NULL */
	char **auto_ip;				/* "eth0=10.1.0.5": what ip=auto has come to */
	char **held_ip;				/* addresses that it still uses until it is down */
	bool is_ephemeral;			/* made by run --rm: goes when it ends */
	/* Of reinstall.h; "" and 0 where there was none. */
	bool is_kept;				/* the root that a zone had before, with its uids */
	uint8_t place;				/* 0 or 1: tells the places on disk of both apart */
	char replaces[ZONE_UUID_LEN + 1];	/* uuid of the root before */
	char mac_uuid[ZONE_UUID_LEN + 1];	/* of the first root, which MACs are made from */

	/* Properties; strings and lists are owned, NULL where unset. */
	char *hostname;				/* NULL: the zone's name */
	char *description;
	char **tags;
	enum zone_autoboot autoboot;
	uint64_t boot_order;
	char *init;				/* absolute path inside, NULL: the template's */
	char **init_args;
	char **env;				/* NAME=VALUE */
	char *timezone;				/* Area/City, NULL: the template's */
	char *locale;				/* "de_DE.UTF-8", NULL: the template's */
	enum zone_setup setup;
	char *password_hash;			/* of root, crypt(5); NULL: as it is */
	enum zone_ssh ssh;
	char **users;				/* that are made: "NAME" or "NAME:sudo" */
	char **ssh_keys;			/* lines of authorized_keys */
	char *ssh_key_user;			/* whose they are, NULL: root's and of all users */
	struct cgroup_limits limits;
	uint64_t nofile;			/* open files per process, 0: the default */
	enum zone_storage storage;
	struct disk_limits disk;
	char **mounts;				/* "SRC:DST[:OPTIONS]" */
	uint64_t features;			/* enum zone_feature bits */
	char *net;				/* NULL: routed */
	char **ip, **gateway, **nameserver, **search;
	enum zone_names names;
	char *mac;				/* NULL: made from the uuid */
	uint64_t mtu;				/* 0: the uplink's */
	char **publish;				/* "[ADDRESS:]PORT:PORT/PROTOCOL" */
	uint64_t net_in, net_out;		/* bytes a second, 0: no limit */
	char **nics;				/* "name=eth1,net=bridge:lan,..." */
	char *hooks[ZONE_HOOKS];		/* programs of the host, absolute; NULL: none */
};

/* Fills in every default. */
void zone_config_init(struct zone_config *c);
void zone_config_clear(struct zone_config *c);
/* Reads zone.json below zone_dirfd; ERR_USAGE names a fault with line and column. */
int zone_config_read(struct zone_config *out, int zone_dirfd, struct error *err);
/* Replaces zone.json, synced to disk unless the zone is ephemeral. */
int zone_config_write(const struct zone_config *c, int zone_dirfd, struct error *err);

/* The one rule for names of zones: [a-z0-9][a-z0-9._-]{0,62}. */
int zone_name_check(const char *name, struct error *err);

#endif
