/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_SETUP_H
#define RUNTIME_SETUP_H

/*
 * The files inside a zone that say what the zone's properties say: its names,
 * resolver, time zone, locale, root's password and keys, its console, its network.
 *
 * Who writes them is the first process of the zone, in the zone's own namespaces
 * and as its root, before it gives up capabilities and executes init. Whatever the
 * tree holds under their names can so harm the zone only. The host, before that,
 * compares what was written last with what is to be written now (setup_record.c):
 * where nothing changed, the zone's files are not looked at, and what somebody
 * changed inside stays as it is.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "netns/plan.h"
#include "runtime/config.h"

/* What is written or left alone as one, and remembered as one; named in setup_record.c. */
enum setup_part {
	SETUP_MACHINE_ID, SETUP_HOSTNAME, SETUP_HOSTS, SETUP_PEERS, SETUP_RESOLVER, SETUP_TIMEZONE,
	SETUP_LOCALE, SETUP_PASSWORD, SETUP_USERS, SETUP_SSH_KEYS, SETUP_CONSOLE,
	SETUP_SERVICES, SETUP_SSH, SETUP_HOST_KEYS, SETUP_CRON, SETUP_NETWORK,
	SETUP_PARTS,
};

enum {
	SETUP_WARNINGS_MAX = 16,
	SETUP_WARNING_SIZE = 224,
	SETUP_KEEP_MAX = 64 << 10,	/* bytes of SETUP_KEEP that are read */
};

/* A file of the zone: absolute paths, one a line, that setup leaves alone, with all below them. */
#define SETUP_KEEP "etc/.zonectl-keep"

/* In memory that the zone's first process shares with the host's. */
struct setup_report {
	bool is_complete;		/* the process came to its end */
	unsigned int failed;		/* bit n: part n could not be written whole */
	unsigned int n_warnings;
	char warnings[SETUP_WARNINGS_MAX][SETUP_WARNING_SIZE];	/* "/etc/hosts: is a directory" */
};

/* All borrowed; NULL where nothing is to be said of it. */
struct setup {
	const char *uuid;
	const char *hostname;		/* as the kernel is told; with dots: a whole DNS name */
	const char *timezone, *locale, *password_hash;
	enum zone_ssh ssh;
	char *const *users;		/* "NAME" or "NAME:sudo", to be made where missing */
	char *const *ssh_keys, *const *nameservers, *const *search;
	const char *ssh_key_user;	/* whose keys alone they are; NULL: root's and users' */
	const char *peers;		/* lines of /etc/hosts for zones that are up (hosts.h) */
	const struct net_plan *net;
	const char *init_kind;		/* the template's, "" for none; see osinfo.h */
	uint64_t systemd_version;	/* the template's, 0: none, or not known */
	bool is_command;		/* it runs one: only what that needs, and no record */
	bool is_off;			/* setup=none */
	unsigned int parts;		/* bit n: part n is to be written */
	bool has_news;			/* the record of what was written changes */
	struct setup_report *report;	/* made by setup_begin(), NULL when parts is 0 */
};

/* Of the host, before the launch: finds out which parts are to be written, from the record below
 * zone_dirfd, and maps the report. */
int setup_begin(struct setup *s, int zone_dirfd, struct error *err);
/* Of the zone's first process, as its root, below its own "/": writes the parts. What could not be
 * written is in the report; nothing stops the boot. Child-safe. */
void setup_apply(const struct setup *s);
/* Of the host, once init runs: adds what went wrong to *warnings, a strv. *out_record is the text
 * for setup_record(), NULL where it says that already; the caller owns it. */
void setup_end(struct setup *s, int zone_dirfd, char ***warnings, char **out_record);
/* Writes down what has been written, and waits for the disk. */
int setup_record(int zone_dirfd, const char *text, struct error *err);
/* Lets go of the report; an empty value is accepted. */
void setup_close(struct setup *s);

#endif
