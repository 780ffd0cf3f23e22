/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/setup_rows.h"

#include <string.h>

#include "base/sha256.h"

/* 32 digits of the zone's own, from which nobody learns the machine-id, which machine-id(5) asks to
 * keep to oneself: these are sent away. */
static void text_popularity(const struct setup *s, struct str *out)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, "popularity", strlen("popularity"));
	sha256_add(&sum, s->uuid, strlen(s->uuid));
	sha256_end(&sum, digest);
	str_addn(out, sha256_hex(digest, hex), 32);
}

static void text_hostname(const struct setup *s, struct str *out)
{
	str_add(out, s->hostname);
}

static void text_hostname_line(const struct setup *s, struct str *out)
{
	str_addf(out, "%s\n", s->hostname);
}

static void text_timezone(const struct setup *s, struct str *out)
{
	str_add(out, s->timezone);
}

static void text_timezone_line(const struct setup *s, struct str *out)
{
	str_addf(out, "%s\n", s->timezone);
}

static void text_zoneinfo(const struct setup *s, struct str *out)
{
	str_addf(out, "/usr/share/zoneinfo/%s", s->timezone);
}

static void text_locale(const struct setup *s, struct str *out)
{
	str_add(out, s->locale);
}

static void text_locale_profile(const struct setup *s, struct str *out)
{
	str_addf(out, "export LANG=\"%s\"\n", s->locale);
}

static void text_nameservers(const struct setup *s, struct str *out)
{
	for (char *const *n = s->nameservers; n && *n; n++)
		str_addf(out, "%s%s", n == s->nameservers ? "" : " ", *n);
}

static void text_search(const struct setup *s, struct str *out)
{
	for (char *const *n = s->search; n && *n; n++)
		str_addf(out, "%s%s", n == s->search ? "" : " ", *n);
}

#define ALL FAMILY_ALL
#define SET(variable, writer) .rule = RULE_ASSIGN, .name = variable, .text = writer
#define RESET(variable, writer) .rule = RULE_ASSIGN_THERE, .name = variable, .text = writer
#define WHOLE(writer) .rule = RULE_WHOLE, .text = writer
#define THERE(writer) .rule = RULE_THERE, .text = writer
#define LINK(writer) .rule = RULE_LINK, .text = writer
#define CALL(function) .rule = RULE_CALL, .call = function

/* clang-format off */
static const struct setup_row rows[] = {
	{ SETUP_MACHINE_ID, ALL, "etc/machine-id",       CALL(setup_machine_id) },
	{ SETUP_MACHINE_ID, FAMILY_DEBIAN, "etc/popularity-contest.conf",
						RESET("MY_HOSTID", text_popularity) },

	{ SETUP_HOSTNAME,   ALL, "etc/hostname",         WHOLE(text_hostname_line) },
	/* Up to SLES 11. */
	{ SETUP_HOSTNAME,   FAMILY_SUSE, "etc/HOSTNAME", THERE(text_hostname_line) },
	/* OpenRC, where etc/hostname is not looked at or not there. */
	{ SETUP_HOSTNAME,   ALL, "etc/conf.d/hostname",  RESET("hostname", text_hostname) },
	{ SETUP_HOSTNAME,   FAMILY_REDHAT, "etc/sysconfig/network",	/* up to RHEL 6 */
						RESET("HOSTNAME", text_hostname) },

	{ SETUP_HOSTS,      ALL, "etc/hosts",            CALL(setup_hosts) },
	{ SETUP_PEERS,      ALL, "etc/hosts",            CALL(setup_peers) },

	{ SETUP_RESOLVER,   ALL, "etc/resolv.conf",      CALL(setup_resolver) },
	/* netconfig(8) writes etc/resolv.conf anew from these. */
	{ SETUP_RESOLVER,   FAMILY_SUSE, "etc/sysconfig/network/config",
				RESET("NETCONFIG_DNS_STATIC_SERVERS", text_nameservers) },
	{ SETUP_RESOLVER,   FAMILY_SUSE, "etc/sysconfig/network/config",
				RESET("NETCONFIG_DNS_STATIC_SEARCHLIST", text_search) },

	{ SETUP_TIMEZONE,   ALL, "etc/localtime",        LINK(text_zoneinfo) },
	/* Debian's and Gentoo's. */
	{ SETUP_TIMEZONE,   ALL, "etc/timezone",         THERE(text_timezone_line) },
	{ SETUP_TIMEZONE,   FAMILY_REDHAT, "etc/sysconfig/clock", RESET("ZONE", text_timezone) },
	{ SETUP_TIMEZONE,   FAMILY_SUSE, "etc/sysconfig/clock", RESET("TIMEZONE", text_timezone) },
	{ SETUP_TIMEZONE,   FAMILY_VOID, "etc/rc.conf",  RESET("TIMEZONE", text_timezone) },

	{ SETUP_LOCALE,     FAMILY_DEBIAN, "etc/default/locale", SET("LANG", text_locale) },
	{ SETUP_LOCALE,     ALL & ~(FAMILY_DEBIAN | FAMILY_ALPINE | FAMILY_BUSYBOX),
				"etc/locale.conf", SET("LANG", text_locale) },
	{ SETUP_LOCALE,     FAMILY_DEBIAN, "etc/locale.conf", RESET("LANG", text_locale) },
	{ SETUP_LOCALE,     FAMILY_REDHAT, "etc/sysconfig/i18n", RESET("LANG", text_locale) },
	{ SETUP_LOCALE,     FAMILY_SUSE, "etc/sysconfig/language", RESET("RC_LANG", text_locale) },
	{ SETUP_LOCALE,     FAMILY_GENTOO, "etc/env.d/02locale", SET("LANG", text_locale) },
	/* Read by login shells, and before Alpine's own 20locale.sh, which keeps what is set. */
	{ SETUP_LOCALE,     FAMILY_ALPINE | FAMILY_BUSYBOX, "etc/profile.d/00zonectl-locale.sh",
						WHOLE(text_locale_profile) },

	{ SETUP_PASSWORD,   ALL, "etc/shadow",           CALL(setup_password) },
	{ SETUP_USERS,      ALL, "etc/passwd",           CALL(setup_users) },
	{ SETUP_SSH_KEYS,   ALL, "root/.ssh/authorized_keys", CALL(setup_root_keys) },

	{ SETUP_CONSOLE,    ALL, "etc/inittab",          CALL(setup_inittab) },
	{ SETUP_CONSOLE,    ALL, "etc/runlevels",        CALL(setup_console_services) },

	{ SETUP_SERVICES,   ALL, "etc/systemd/system",   CALL(setup_units) },
	{ SETUP_SERVICES,   ALL, "etc/ssh",              CALL(setup_host_keys_unit) },
	{ SETUP_SSH,        ALL, "etc/ssh",              CALL(setup_ssh) },
	{ SETUP_HOST_KEYS,  ALL, "etc/ssh",              CALL(setup_host_keys) },
	{ SETUP_SERVICES,   FAMILY_DEBIAN, "etc/rcS.d",  CALL(setup_runlevels) },

	{ SETUP_CRON,       ALL, "etc/crontab",          CALL(setup_crontabs) },

	{ SETUP_NETWORK,    ALL, "etc/network",          CALL(setup_network) },
	{ .path = NULL },
};
/* clang-format on */

const struct setup_row *setup_rows(void)
{
	return rows;
}
