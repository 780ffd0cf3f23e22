/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a zone in the nft table: what is written is read back, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "netns/table_zone.h"

enum { NICS = NET_NICS_MAX, ADDRS = 32, ROWS = 256 };

/* As much as a plan may be. */
struct full {
	struct net_addr addrs[ADDRS];
	struct nic nics[NICS];
	struct net_publish publish[ROWS];
	struct net_plan plan;
};

static void full_init(struct full *p)
{
	*p = (struct full){ .plan = {
		.site = "",
		.zone = "sixty-three-characters-are-the-longest-name-that-a-zone-may-hav",
		.nics = p->nics, .n_nics = NICS, .publish = p->publish, .n_publish = ROWS,
		.connections = 65536, .is_isolated = true,
	} };
	for (uint8_t i = 0; i < ADDRS; i++)
		p->addrs[i] = (struct net_addr){ i % 2 ? AF_INET6 : AF_INET, 32, { 10, i } };
	for (uint8_t i = 0; i < NICS; i++) {
		p->nics[i] = (struct nic){
			.kind = i % 3 ? NIC_ROUTED : NIC_BRIDGE, .mac = { 2, i }, .addrs = p->addrs,
			.n_addrs = ADDRS, .is_unmasked = i % 2,
		};
		snprintf(p->nics[i].host, IFNAMSIZ, "znabc1234567%02x", i);
	}
	for (uint16_t i = 0; i < ROWS; i++)
		p->publish[i] = (struct net_publish){
			.protocol = i % 2 ? IPPROTO_TCP : IPPROTO_UDP, .host_port = 1000 + 10 * i,
			.zone_port = 80, .count = 10, .address = p->addrs[i % ADDRS],
			.target = p->addrs[i % ADDRS],
		};
}

static void packed(struct full *p, struct str *out)
{
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	struct error err = { 0 };

	if (table_zone_init(&z, &p->plan, &err) < 0)
		fail_msg("%s", err.text);
	table_zone_pack(&z, out);
}

static void a_record_says_all_that_was_written(void **state)
{
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	AUTO_STR struct str bytes = { 0 }, again = { 0 };
	static struct full p;
	struct error err = { 0 };

	(void)state;
	full_init(&p);
	packed(&p, &bytes);
	assert_int_equal(table_zone_parse(&z, p.plan.zone, &bytes, &err), 0);
	table_zone_pack(&z, &again);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.data, bytes.data, bytes.len);
	assert_string_equal(z.name, p.plan.zone);
	assert_int_equal(z.n_nics, NICS);
	assert_int_equal(z.n_ports, ROWS);
	assert_int_equal(z.connections, 65536);
}

static void elements_of_a_record_are_those_of_the_plan(void **state)
{
	AUTO_TABLE_ELEMENTS struct table_elements one = { 0 }, two = { 0 };
	AUTO_TABLE_ZONE struct table_zone z = { 0 }, read = { 0 };
	AUTO_STR struct str bytes = { 0 };
	static struct full p;
	struct error err = { 0 };

	(void)state;
	full_init(&p);
	assert_int_equal(table_zone_init(&z, &p.plan, &err), 0);
	table_zone_pack(&z, &bytes);
	assert_int_equal(table_zone_parse(&read, p.plan.zone, &bytes, &err), 0);
	table_elements_init(&one, &z);
	table_elements_init(&two, &read);
	for (size_t f = 0; f < TABLE_FAMILIES; f++) {
		for (size_t s = 0; s < TABLE_SETS; s++) {
			assert_int_equal(one.n[f][s], two.n[f][s]);
			for (size_t i = 0; i < one.n[f][s]; i++)
				assert_memory_equal(one.list[f][s][i].key, two.list[f][s][i].key,
						    NFT_KEY_MAX);
		}
	}
	assert_true(one.n[0][SET_HOSTPORTS4] > 0);
}

/* Cut short anywhere, and with any one byte another: read or refused, never beyond the end. */
static void damaged_records_are_read_within_their_bounds(void **state)
{
	AUTO_STR struct str bytes = { 0 };
	static struct full p;
	int refused = 0;

	(void)state;
	full_init(&p);
	p.plan.n_nics = 3;
	p.plan.n_publish = 4;
	packed(&p, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		for (int way = 0; way < 4; way++) {
			AUTO_STR struct str damaged = { 0 };
			AUTO_TABLE_ZONE struct table_zone z = { 0 };
			AUTO_TABLE_ELEMENTS struct table_elements e = { 0 };
			struct error err = { 0 };

			str_addn(&damaged, bytes.data, way == 0 ? i : bytes.len);
			if (way > 0)
				damaged.data[i] ^= (char)(way == 1 ? 0xff : way);
			if (table_zone_parse(&z, "web", &damaged, &err) == 0)
				table_elements_init(&e, &z);
			else
				refused++;
		}
	}
	assert_true(refused > (int)bytes.len);
}

static void plans_beyond_a_record_are_refused(void **state)
{
	AUTO_TABLE_ZONE struct table_zone z = { 0 };
	static struct full p;
	struct error err = { 0 };

	(void)state;
	full_init(&p);
	p.plan.n_publish = ROWS + 1;
	assert_int_equal(table_zone_init(&z, &p.plan, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	table_zone_clear(&z);
	p.plan.n_publish = 1;
	p.publish[0].protocol = IPPROTO_ICMP;
	assert_int_equal(table_zone_init(&z, &p.plan, &err), -1);
	table_zone_clear(&z);
	p.publish[0].protocol = IPPROTO_TCP;
	p.publish[0].host_port = 65535;
	assert_int_equal(table_zone_init(&z, &p.plan, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_says_all_that_was_written),
		cmocka_unit_test(elements_of_a_record_are_those_of_the_plan),
		cmocka_unit_test(damaged_records_are_read_within_their_bounds),
		cmocka_unit_test(plans_beyond_a_record_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
