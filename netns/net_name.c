/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/net_name.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"
#include "netns/net.h"

enum {
	SITE_AT = 2, SITE_DIGITS = 3, SLOT_DIGITS = 4, NEW_DIGITS = 5,
	NIC_AT = SITE_AT + SITE_DIGITS + SLOT_DIGITS,
};

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
enum { BASE = sizeof(digits) - 1 };

static const char was[] = " was ";

int net_alias(const char *site, const char *zone, char out[LINK_ALIAS_MAX], struct error *err)
{
	int n = snprintf(out, LINK_ALIAS_MAX, "zonectl%s%s %s", *site ? "-" : "", site, zone);

	/* Hardware's old name has to fit behind it. */
	if (n < 0 || n >= LINK_ALIAS_MAX - IFNAMSIZ - (int)sizeof(was))
		return error_set(err, ERR_USAGE, "zone '%s': the name is too long", zone);
	return 0;
}

void net_alias_phys(const char *alias, const char *device, char out[LINK_ALIAS_MAX])
{
	(void)!snprintf(out, LINK_ALIAS_MAX, "%s%s%s", alias, was, device);	/* net_alias() */
}

/* As names of zones are made; whoever wrote it. */
static bool is_zone_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

bool net_alias_parse(const char *alias, const char *site, char zone[LINK_ALIAS_MAX],
		     char device[IFNAMSIZ])
{
	char prefix[LINK_ALIAS_MAX], *behind;

	(void)!snprintf(prefix, sizeof(prefix), "zonectl%s%s ", *site ? "-" : "", site);
	device[0] = '\0';
	if (!str_starts(alias, prefix))
		return false;
	strcpy(zone, alias + strlen(prefix));
	behind = strstr(zone, was);
	if (behind && strlen(behind + strlen(was)) >= IFNAMSIZ)
		return false;
	if (behind) {
		strcpy(device, behind + strlen(was));
		*behind = '\0';
	}
	return is_zone_name(zone);
}

/* No name of a zone has a plus. */
void net_further_name(const char *site, const char *zone, size_t nic, enum net_part part,
		      char out[LINK_LONG_NAME_MAX])
{
	static const char *const parts[NET_PARTS] = {
		[NET_PART_PAIR] = "", [NET_PART_FUNNEL] = "+out", [NET_PART_HARDWARE] = "+device",
	};

	/* net_alias() has seen to it that it fits. */
	(void)!snprintf(out, LINK_LONG_NAME_MAX, "zonectl%s%s+%s+%zu%s", *site ? "-" : "", site,
			zone, nic, parts[part]);
}

bool net_name_is_bridge(const char *name)
{
	return str_starts(name, "zn-");
}

void net_name_funnel(const char *host, char out[IFNAMSIZ])
{
	memset(out, 0, IFNAMSIZ);
	memcpy(out, host, strnlen(host, IFNAMSIZ - 1));
	out[1] = 'i';
}

int net_name_nic(const char *name)
{
	const char *digit;

	if (strlen(name) != NIC_AT + 1 + NEW_DIGITS)
		return -1;
	digit = strchr(digits, name[NIC_AT]);
	return digit && digit - digits < NET_NICS_MAX ? (int)(digit - digits) : -1;
}

static void put_digits(char *at, size_t n, uint64_t value)
{
	for (size_t i = n; i > 0; i--) {
		at[i - 1] = digits[value % BASE];
		value /= BASE;
	}
}

/* Sites are few and their ids random: 46,655 are told apart, and the last number is the default
 * site's. */
static uint64_t site_number(const char *site)
{
	uint64_t most = BASE * BASE * BASE - 1, number = 0;

	if (*site == '\0')
		return most;
	for (; *site; site++)
		number = (number * 31 + (unsigned char)*site) % most;
	return number;
}

void net_host_name(const char *site, uint32_t slot, unsigned int nic, char out[IFNAMSIZ])
{
	uint64_t fresh = 0;

	/* It fails for no request of this size (getrandom(2)). */
	(void)!getrandom(&fresh, sizeof(fresh), 0);
	memset(out, 0, IFNAMSIZ);
	memcpy(out, "zn", SITE_AT);
	put_digits(out + SITE_AT, SITE_DIGITS, site_number(site));
	put_digits(out + SITE_AT + SITE_DIGITS, SLOT_DIGITS, slot);
	put_digits(out + NIC_AT, 1, nic);
	put_digits(out + NIC_AT + 1, NEW_DIGITS, fresh);
}
