/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/table_rules.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include "base/cleanup.h"

/*
 * What the rules hold against root of a zone, who can put any frame on his end:
 *
 * - What comes from an interface of the site's zones is passed on only if its MAC
 *   and address are an element of own4 or own6 with that interface. Everything
 *   else is dropped and counted, and so is all that comes from an interface that
 *   has no elements: the match is by the names' prefix, so there is no moment in
 *   which a link is up and not looked at.
 * - The check stands before the reassembly of fragments and before connection
 *   tracking, so that forged packets cost the host no memory.
 * - The interface is the host's end, in the host's namespace: a zone can't rename it.
 * - A routed zone speaks to the host alone: the bridge's neighbour may be another
 *   zone or a stranger, so ARP, ND, router and DHCP messages are looked into there
 *   and, with the same rules, on routed links too.
 * - What a bridge keeps for itself (01:80:c2:00:00:0x) ends at the host's own end of
 *   the link, before any rule (br_handle_frame()); it is never passed on.
 * - A bridged zone that nobody here gave an address, as a DHCP server on its bridge does
 *   that, is held to its MAC alone; it is no router and no server either.
 * - Headers that can't be read (a chain of extension headers that goes on in the
 *   next fragment, RFC 7112) are no headers of a zone.
 *
 * A zone is never a rule: per packet the cost is a few lookups, with one zone as
 * with 2,000.
 */

enum {
	/* Before the defragmentation at -400 (linux/netfilter_ipv4.h). */
	FIRST = -450,
	AFTER_TRACKING = -150,
	DSTNAT = -100, FILTER = 0, SRCNAT = 100, LAST = 300,
	BRIDGE_FIRST = -300,
	TYPE_BITS = 6,			/* of one type in a concatenation's, in nft(8) */
};

/* Bits of a connection's state (NF_CT_STATE_BIT() of the kernel). */
enum {
	CT_NEW = 1 << (IP_CT_NEW + 1),
	CT_KNOWN = 1 << (IP_CT_ESTABLISHED + 1) | 1 << (IP_CT_RELATED + 1),
};

/* nft(8)'s numbers of types (datatype.h there). */
enum {
	ADDR4 = 7, ADDR6 = 8, MAC = 9, PROTOCOL = 12, PORT = 13, MARK = 19, INTERFACE = 41,
};

#define TWO(a, b) ((a) << TYPE_BITS | (b))
#define THREE(a, b, c) (TWO(a, b) << TYPE_BITS | (c))

enum {
	ALL = IN_INET | IN_BRIDGE | IN_ARP,
	L3 = IN_INET | IN_BRIDGE,
	/* Concatenated, each part takes whole words of 4 bytes. */
	LEN_IF = IFNAMSIZ, LEN_MAC = 8, LEN_4 = 4, LEN_6 = 16, LEN_PORT = 4, LEN_PROTOCOL = 4,
	LEN_MARK = 4,
};

/* clang-format off */
static const struct {
	unsigned int families;
	struct nft_set set;
	unsigned int counted;		/* families in which each element counts what it matched */
} sets[TABLE_SETS] = {
	[SET_ZONES]       = { IN_INET, { "zones", TWO(ADDR6, MARK), LEN_6 + LEN_MARK, 0, 0, NULL,
		false, "who has elements here, by a digest of the name" }, 0 },
	[SET_REFUSED]     = { ALL, { "refused", INTERFACE, LEN_IF, 0, 0, NULL, true,
		"dropped: not from an address of the zone" }, ALL },
	[SET_OUT4]        = { IN_BRIDGE, { "out4", INTERFACE, LEN_IF, 0, 0, NULL, true,
		"sent by the zone" }, IN_BRIDGE },
	[SET_IN4]         = { L3, { "in4", INTERFACE, LEN_IF, 0, 0, NULL, true,
		"sent to the zone" }, L3 },
	[SET_OUT6]        = { IN_BRIDGE, { "out6", INTERFACE, LEN_IF, 0, 0, NULL, true,
		NULL }, IN_BRIDGE },
	[SET_IN6]         = { L3, { "in6", INTERFACE, LEN_IF, 0, 0, NULL, true, NULL }, L3 },
	[SET_OWN4]        = { ALL, { "own4", THREE(INTERFACE, MAC, ADDR4), LEN_IF + LEN_MAC + LEN_4,
		0, 0, NULL, false, "what a zone may send from" }, IN_INET },
	[SET_OWN6]        = { L3, { "own6", THREE(INTERFACE, MAC, ADDR6), LEN_IF + LEN_MAC + LEN_6,
		0, 0, NULL, false, NULL }, IN_INET },
	[SET_GUESTS]      = { IN_BRIDGE, { "guests", TWO(INTERFACE, MAC), LEN_IF + LEN_MAC, 0, 0,
		NULL, false, "what has its addresses from somebody on the bridge" }, 0 },
	[SET_ISOLATED]    = { IN_INET, { "isolated", INTERFACE, LEN_IF, 0, 0, NULL, true,
		"no way from or to other zones but published ports" }, 0 },
	[SET_UNMASKED]    = { IN_INET, { "unmasked", INTERFACE, LEN_IF, 0, 0, NULL, true,
		"private addresses leave as they are" }, 0 },
	[SET_CONNECTIONS] = { IN_INET, { "connections", INTERFACE, LEN_IF, 0, 0, "connlimit", true,
		"tracked connections a zone may have" }, 0 },
	[SET_SHARES_4K]   = { IN_INET, { "shares_4k", INTERFACE, LEN_IF, 0, 0, NULL, true,
		"may have 4,096, and so on" }, 0 },
	[SET_SHARES_16K]  = { IN_INET, { "shares_16k", INTERFACE, LEN_IF, 0, 0, NULL, true,
		NULL }, 0 },
	[SET_SHARES_64K]  = { IN_INET, { "shares_64k", INTERFACE, LEN_IF, 0, 0, NULL, true,
		NULL }, 0 },
	[SET_SHARES_256K] = { IN_INET, { "shares_256k", INTERFACE, LEN_IF, 0, 0, NULL, true,
		NULL }, 0 },
	[SET_FLOWS]       = { IN_INET, { "flows", TWO(INTERFACE, MARK), LEN_IF + LEN_MARK, 0, 0,
		"rules", false, "connections of those, by 64 in each place" }, 0 },
	[SET_ITSELF4]     = { IN_INET, { "itself4", TWO(INTERFACE, ADDR4), LEN_IF + LEN_4,
		0, 0, NULL, false, "zones that may meet their own published ports" }, 0 },
	[SET_ITSELF6]     = { IN_INET, { "itself6", TWO(INTERFACE, ADDR6), LEN_IF + LEN_6,
		0, 0, NULL, false, NULL }, 0 },
	[SET_PORTS4]      = { IN_INET, { "ports4", TWO(PROTOCOL, PORT), LEN_PROTOCOL + LEN_PORT,
		TWO(ADDR4, PORT), LEN_4 + LEN_PORT, NULL, false,
		"published on every address of the host" }, 0 },
	[SET_PORTS6]      = { IN_INET, { "ports6", TWO(PROTOCOL, PORT), LEN_PROTOCOL + LEN_PORT,
		TWO(ADDR6, PORT), LEN_6 + LEN_PORT, NULL, false, NULL }, 0 },
	[SET_HOSTPORTS4]  = { IN_INET, { "hostports4", THREE(ADDR4, PROTOCOL, PORT),
		LEN_4 + LEN_PROTOCOL + LEN_PORT, TWO(ADDR4, PORT), LEN_4 + LEN_PORT, NULL, false,
		"published on one address" }, 0 },
	[SET_HOSTPORTS6]  = { IN_INET, { "hostports6", THREE(ADDR6, PROTOCOL, PORT),
		LEN_6 + LEN_PROTOCOL + LEN_PORT, TWO(ADDR6, PORT), LEN_6 + LEN_PORT, NULL, false,
		NULL }, 0 },
};

static const struct {
	unsigned int families;
	struct nft_chain chain;
} chains[] = {
	{ ALL,               { "refuse",    NULL, 0, 0 } },
	{ L3,                { "check4",    NULL, 0, 0 } },
	{ L3,                { "check6",    NULL, 0, 0 } },
	{ L3,                { "check_nd",  NULL, 0, 0 } },
	{ L3,                { "check_udp4", NULL, 0, 0 } },
	{ L3,                { "check_udp6", NULL, 0, 0 } },
	{ IN_BRIDGE,         { "check",     NULL, 0, 0 } },
	{ IN_BRIDGE|IN_ARP,  { "check_arp", NULL, 0, 0 } },
	{ IN_BRIDGE|IN_ARP,  { "check_arp4", NULL, 0, 0 } },
	{ IN_INET,           { "share_new", NULL, 0, 0 } },
	{ IN_INET,           { "publish",   NULL, 0, 0 } },
	{ IN_INET,           { "between",   NULL, 0, 0 } },
	{ IN_INET,           { "to_zone",   NULL, 0, 0 } },
	{ IN_INET,           { "to_others", NULL, 0, 0 } },
	/* The hooks of bridges have the same numbers (linux/netfilter_bridge.h). */
	{ IN_INET,   { "from_zones",  "filter", NF_INET_PRE_ROUTING,  FIRST } },
	{ IN_BRIDGE, { "from_zones",  "filter", NF_INET_PRE_ROUTING,    BRIDGE_FIRST } },
	{ IN_ARP,    { "from_zones",  "filter", NF_ARP_IN,            FILTER } },
	{ IN_INET,   { "share",       "nat",    NF_INET_PRE_ROUTING,  AFTER_TRACKING } },
	{ IN_INET,   { "published",   "nat",    NF_INET_PRE_ROUTING,  DSTNAT } },
	{ IN_INET,   { "published_l", "nat",    NF_INET_LOCAL_OUT,    DSTNAT } },
	{ IN_INET,   { "leaving",     "nat",    NF_INET_POST_ROUTING, SRCNAT } },
	{ IN_INET,   { "to_zones",    "filter", NF_INET_POST_ROUTING, LAST } },
	{ IN_BRIDGE, { "to_zones",    "filter", NF_INET_POST_ROUTING,   LAST } },
};

#define META(what, word)      { .op = NFT_META, .key = NFT_META_##what, .reg = (word) }
#define TRACKED(what, word)   { .op = NFT_CT, .key = NFT_CT_##what, .reg = (word) }
#define LOAD(base, at, n, word) \
	{ .op = NFT_LOAD, .key = NFT_PAYLOAD_##base##_HEADER, .offset = (at), .len = (n), \
	  .reg = (word) }
#define AND(bytes, n)         { .op = NFT_AND, .arg = bytes, .len = (n) }
#define IS(bytes, n)          { .op = NFT_IS, .arg = bytes, .len = (n) }
#define NOT(bytes, n)         { .op = NFT_IS, .arg = bytes, .len = (n), .is_not = true }
#define HAS_BITS(bits) \
	{ .op = NFT_AND, .key = (bits), .len = 4, .is_number = true }, NOT("", 4)
#define IS_NUMBER(number, n)  { .op = NFT_IS, .key = (number), .len = (n), .is_number = true }
#define IN(name)              { .op = NFT_IN, .arg = name }
#define NOT_IN(name)          { .op = NFT_IN, .arg = name, .is_not = true }
#define MAP(name)             { .op = NFT_MAP, .arg = name }
#define GOTO(name)            { .op = NFT_VERDICT, .key = -NFT_GOTO, .arg = name }
#define JUMP(name)            { .op = NFT_VERDICT, .key = -NFT_JUMP, .arg = name }
#define RETURN                { .op = NFT_VERDICT, .key = -NFT_RETURN }
#define ACCEPT                { .op = NFT_VERDICT, .key = NF_ACCEPT }
#define DROP                  { .op = NFT_VERDICT, .key = NF_DROP }
#define MASQUERADE            { .op = NFT_MASQUERADE }

/* Looked at beside what register 0 keeps, the name of an interface: so it is loaded once for all
 * that a rule asks of it, which in the rules that most packets end with shows. */
#define ASIDE                 8
#define META_IS(what, bytes) \
	META(what, ASIDE), { .op = NFT_IS, .arg = bytes, .len = 1, .reg = ASIDE }
#define IS_KNOWN \
	TRACKED(STATE, ASIDE), \
	{ .op = NFT_AND, .key = CT_KNOWN, .len = 4, .is_number = true, .reg = ASIDE }, \
	{ .op = NFT_IS, .arg = "", .len = 4, .is_not = true, .reg = ASIDE }

/* Interfaces: of this site's zones, of any site's ("zn"). */
#define FROM_ZONES            META(IIFNAME, 0), { .op = NFT_IS_SITE }
#define FROM_NO_ZONE          META(IIFNAME, 0), { .op = NFT_IS_SITE, .is_not = true }
#define TO_ZONES              META(OIFNAME, 0), { .op = NFT_IS_SITE }
#define FROM_ANY_ZONE         META(IIFNAME, 0), IS("zn", 2)
#define TO_NO_ZONE            META(OIFNAME, 0), NOT("zn", 2)
#define IIF_IN(set)           META(IIFNAME, 0), IN(set)
#define OIF_IN(set)           META(OIFNAME, 0), IN(set)

/* Protocols, numbers as they stand in the headers. */
#define IPV4                  META(NFPROTO, 0), IS("\x02", 1)
#define IPV6                  META(NFPROTO, 0), IS("\x0a", 1)
#define ETHERNET              META(IIFTYPE, 0), IS_NUMBER(ARPHRD_ETHER, 2)
#define ETHERNET_ASIDE \
	META(IIFTYPE, ASIDE), \
	{ .op = NFT_IS, .key = ARPHRD_ETHER, .len = 2, .is_number = true, .reg = ASIDE }
#define ETHERTYPE(bytes)      LOAD(LL, 12, 2, 0), IS(bytes, 2)
#define L4(number)            META(L4PROTO, 0), IS(number, 1)
/* The number 255 is reserved: true for each header that can be read. */
#define L4_READABLE           META(L4PROTO, 0), NOT("\xff", 1)
/* IPv6: the chain of headers ends in this packet. */
#define TRANSPORT_READABLE    LOAD(TRANSPORT, 0, 1, 0), { .op = NFT_ANY }
#define LATER_FRAGMENT        { .op = NFT_FRAGMENT }, AND("\xff\xf8", 2), NOT("", 2)
#define TYPE(number)          LOAD(TRANSPORT, 0, 1, 0), IS(number, 1)
#define SPORT(bytes)          LOAD(TRANSPORT, 0, 2, 0), IS(bytes, 2)
#define DPORT(bytes)          LOAD(TRANSPORT, 2, 2, 0), IS(bytes, 2)
#define SADDR6_NONE           LOAD(NETWORK, 8, LEN_6, 0), IS("", LEN_6)

/* Interface, source MAC, and what base and offset say, in own4 or own6. */
#define OWNER                 META(IIFNAME, 0), LOAD(LL, 6, 6, 4)
#define OWN4(base, at)        OWNER, LOAD(base, at, LEN_4, 6), IN("own4")
#define OWN6(base, at)        OWNER, LOAD(base, at, LEN_6, 6), IN("own6")
/* Whom nobody here gave an address: interface and source MAC alone. */
#define GUEST                 OWNER, IN("guests")
/* The same with the MAC that the ARP message itself names. */
#define ARP_GUEST             META(IIFNAME, 0), LOAD(NETWORK, 8, 6, 4), IN("guests")
#define ARP4(at) \
	META(IIFNAME, 0), LOAD(NETWORK, 8, 6, 4), LOAD(NETWORK, at, LEN_4, 6), IN("own4")

/* An ARP message whose sender is 0.0.0.0. */
#define NOBODY4               LOAD(NETWORK, 14, LEN_4, 0), IS("", LEN_4)
/* Go on if the place of a connection, one of 2^bits of its interface, has more than 2^6 = 64. */
#define COUNT_IN_PLACES(bits) \
	META(IIFNAME, 0), TRACKED(ID, 5), { .op = NFT_HASH, .key = (bits), .reg = 4 }, \
	{ .op = NFT_COUNT, .key = 6, .arg = "flows" }
#define TO_HOST               { .op = NFT_ADDRTYPE }, IS_NUMBER(RTN_LOCAL, 4)
#define PORT_KEY(word)        META(L4PROTO, word), LOAD(TRANSPORT, 2, 2, (word) + 1)
#define DNAT4                 { .op = NFT_DNAT, .key = NFPROTO_IPV4, .reg = 1 }
#define DNAT6                 { .op = NFT_DNAT, .key = NFPROTO_IPV6, .reg = 4 }

/* Without a pointer, so that no page of it is relocated: each keeper would have its own copy. */
struct table_rule {
	uint8_t families;
	char chain[12];
	char note[40];
	struct nft_step steps[NFT_STEPS_MAX];
};

#define RULE(in, name, ...) \
	{ .families = (in), .chain = name, .steps = { __VA_ARGS__ } }
#define NOTED(in, name, text, ...) \
	{ .families = (in), .chain = name, .note = text, .steps = { __VA_ARGS__ } }

/* In the order in which a packet meets them. */
static const struct table_rule rules[] = {
	/* Most packets end with the first or the third rule: both hold what holds of TCP below. */
	NOTED(IN_INET, "from_zones", "TCP from an address of the zone", FROM_ZONES,
	     META_IS(NFPROTO, "\x02"), ETHERNET_ASIDE, META_IS(L4PROTO, "\x06"),
	     LOAD(NETWORK, 16, 1, ASIDE),
	     { .op = NFT_IS, .arg = "\x7f", .len = 1, .is_not = true, .reg = ASIDE },
	     LOAD(LL, 6, 6, 4), LOAD(NETWORK, 12, LEN_4, 6), IN("own4"), ACCEPT),
	RULE(IN_INET, "from_zones", FROM_NO_ZONE, ACCEPT),
	NOTED(IN_INET, "from_zones", "TCP from an address of the zone", FROM_ZONES,
	     META_IS(NFPROTO, "\x0a"), ETHERNET_ASIDE, META_IS(L4PROTO, "\x06"),
	     LOAD(TRANSPORT, 0, 1, ASIDE), { .op = NFT_ANY, .reg = ASIDE },
	     LOAD(LL, 6, 6, 4), LOAD(NETWORK, 8, LEN_6, 6), IN("own6"), ACCEPT),
	RULE(IN_INET, "from_zones", IPV4, GOTO("check4")),
	RULE(IN_INET, "from_zones", GOTO("check6")),
	RULE(IN_ARP, "from_zones", FROM_ZONES, GOTO("check_arp")),
	RULE(IN_BRIDGE, "from_zones", FROM_ZONES, GOTO("check")),

	/* The type as it stands in the frame: a VLAN's tag is one, and no zone has VLANs. */
	RULE(IN_BRIDGE, "check", ETHERTYPE("\x08\x00"), GOTO("check4")),
	RULE(IN_BRIDGE, "check", ETHERTYPE("\x86\xdd"), GOTO("check6")),
	RULE(IN_BRIDGE, "check", ETHERTYPE("\x08\x06"), GOTO("check_arp")),
	RULE(IN_BRIDGE, "check", GOTO("refuse")),

	/* Published ports of 127.0.0.1 need route_localnet, which would let zones in there too. */
	NOTED(L3, "check4", "to 127.0.0.0/8", LOAD(NETWORK, 16, 1, 0), IS("\x7f", 1),
	     GOTO("refuse")),
	RULE(L3, "check4", L4("\x11"), JUMP("check_udp4")),
	RULE(L3, "check4", L4("\x01"), TYPE("\x05"), GOTO("refuse")),
	NOTED(IN_INET, "check4", "from an address of the zone", IPV4, ETHERNET, L4_READABLE,
	     OWN4(NETWORK, 12), ACCEPT),
	NOTED(IN_BRIDGE, "check4", "from an address of the zone", ETHERTYPE("\x08\x00"),
	     L4_READABLE, OWN4(NETWORK, 12), IIF_IN("out4"), ACCEPT),
	NOTED(IN_BRIDGE, "check4", "its address is from elsewhere", ETHERTYPE("\x08\x00"),
	     L4_READABLE, GUEST, IIF_IN("out4"), ACCEPT),
	RULE(L3, "check4", GOTO("refuse")),

	RULE(L3, "check6", L4("\x3a"), JUMP("check_nd")),
	RULE(L3, "check6", L4("\x11"), JUMP("check_udp6")),
	NOTED(IN_INET, "check6", "from an address of the zone", IPV6, ETHERNET, TRANSPORT_READABLE,
	     OWN6(NETWORK, 8), ACCEPT),
	NOTED(IN_INET, "check6", "the same, a later fragment", IPV6, ETHERNET, LATER_FRAGMENT,
	     OWN6(NETWORK, 8), ACCEPT),
	NOTED(IN_BRIDGE, "check6", "from an address of the zone", ETHERTYPE("\x86\xdd"),
	     TRANSPORT_READABLE, OWN6(NETWORK, 8), IIF_IN("out6"), ACCEPT),
	NOTED(IN_BRIDGE, "check6", "the same, a later fragment", ETHERTYPE("\x86\xdd"),
	     LATER_FRAGMENT, OWN6(NETWORK, 8), IIF_IN("out6"), ACCEPT),
	NOTED(IN_BRIDGE, "check6", "its address is from elsewhere", ETHERTYPE("\x86\xdd"),
	     TRANSPORT_READABLE, GUEST, IIF_IN("out6"), ACCEPT),
	NOTED(IN_BRIDGE, "check6", "the same, a later fragment", ETHERTYPE("\x86\xdd"),
	     LATER_FRAGMENT, GUEST, IIF_IN("out6"), ACCEPT),
	RULE(L3, "check6", GOTO("refuse")),

	NOTED(L3, "check_nd", "router advertisement", TYPE("\x86"), GOTO("refuse")),
	NOTED(L3, "check_nd", "redirect", TYPE("\x89"), GOTO("refuse")),
	NOTED(IN_BRIDGE, "check_nd", "its address is from elsewhere", ETHERTYPE("\x86\xdd"),
	     GUEST, RETURN),
	/* A routed zone has nobody to tell who it is: the host knows. */
	NOTED(IN_INET, "check_nd", "neighbour advertisement", TYPE("\x88"), GOTO("refuse")),
	NOTED(IN_BRIDGE, "check_nd", "advertisement of another address", TYPE("\x88"), OWNER,
	     LOAD(TRANSPORT, 8, LEN_6, 6), NOT_IN("own6"), GOTO("refuse")),
	/* Without an address yet: who looks whether its own one is free, and who asks for routers
	 * or multicast, which is nothing to let through and nothing to count. */
	NOTED(IN_BRIDGE, "check_nd", "is the zone's own address free", TYPE("\x87"), SADDR6_NONE,
	     OWN6(TRANSPORT, 8), IIF_IN("out6"), ACCEPT),
	NOTED(L3, "check_nd", "router solicitation, not counted", TYPE("\x85"), SADDR6_NONE,
	     DROP),
	NOTED(L3, "check_nd", "multicast listener, not counted", TYPE("\x8f"), SADDR6_NONE, DROP),

	/* From servers and to clients of DHCP: a zone serves nobody. */
	RULE(L3, "check_udp4", SPORT("\x00\x43"), GOTO("refuse")),
	RULE(L3, "check_udp4", DPORT("\x00\x44"), GOTO("refuse")),
	RULE(L3, "check_udp6", SPORT("\x02\x23"), GOTO("refuse")),
	RULE(L3, "check_udp6", DPORT("\x02\x22"), GOTO("refuse")),

	/* Ethernet and IPv4 alone. From 0.0.0.0 a zone may look whether its own address is free. */
	RULE(IN_BRIDGE | IN_ARP, "check_arp", LOAD(NETWORK, 0, 6, 0),
	     IS("\x00\x01\x08\x00\x06\x04", 6), GOTO("check_arp4")),
	RULE(IN_BRIDGE | IN_ARP, "check_arp", GOTO("refuse")),
	NOTED(IN_ARP, "check_arp4", "is the zone's own address free", ETHERNET,
	     NOBODY4, OWN4(NETWORK, 24), ARP4(24), ACCEPT),
	NOTED(IN_ARP, "check_arp4", "from the zone's own MAC and address", ETHERNET,
	     OWN4(NETWORK, 14), ARP4(14), ACCEPT),
	NOTED(IN_BRIDGE, "check_arp4", "is the zone's own address free", ETHERTYPE("\x08\x06"),
	     NOBODY4, OWN4(NETWORK, 24), ARP4(24), ACCEPT),
	NOTED(IN_BRIDGE, "check_arp4", "from the zone's own MAC and address",
	     ETHERTYPE("\x08\x06"), OWN4(NETWORK, 14), ARP4(14), ACCEPT),
	NOTED(IN_BRIDGE, "check_arp4", "its address is from elsewhere", ETHERTYPE("\x08\x06"),
	     GUEST, ARP_GUEST, ACCEPT),
	RULE(IN_BRIDGE | IN_ARP, "check_arp4", GOTO("refuse")),

	RULE(ALL, "refuse", IIF_IN("refused"), DROP),
	RULE(ALL, "refuse", DROP),

	RULE(IN_INET, "share", FROM_ZONES, TRACKED(STATE, 0), HAS_BITS(CT_NEW), JUMP("share_new")),
	/* The kernel walks all connections that it counts together, for each new one, which at
	 * 65,536 takes it milliseconds (nf_conncount_add()): many are counted by 64, in places
	 * apart. */
	RULE(IN_INET, "share_new", IIF_IN("shares_64k"), COUNT_IN_PLACES(10), DROP),
	RULE(IN_INET, "share_new", IIF_IN("shares_16k"), COUNT_IN_PLACES(8), DROP),
	RULE(IN_INET, "share_new", IIF_IN("connections"), DROP),
	RULE(IN_INET, "share_new", IIF_IN("shares_256k"), COUNT_IN_PLACES(12), DROP),
	RULE(IN_INET, "share_new", IIF_IN("shares_4k"), COUNT_IN_PLACES(6), DROP),

	RULE(IN_INET, "published", JUMP("publish")),
	RULE(IN_INET, "published_l", JUMP("publish")),
	RULE(IN_INET, "publish", IPV4, LOAD(NETWORK, 16, LEN_4, 0), PORT_KEY(1),
	     MAP("hostports4"), DNAT4),
	RULE(IN_INET, "publish", IPV4, TO_HOST, PORT_KEY(0), MAP("ports4"), DNAT4),
	RULE(IN_INET, "publish", IPV6, LOAD(NETWORK, 24, LEN_6, 0), PORT_KEY(4),
	     MAP("hostports6"), DNAT6),
	RULE(IN_INET, "publish", IPV6, TO_HOST, PORT_KEY(0), MAP("ports6"), DNAT6),

	RULE(IN_INET, "leaving", TO_ZONES, GOTO("to_zone")),
	RULE(IN_INET, "leaving", FROM_ZONES, TO_NO_ZONE, GOTO("to_others")),
	/* The host by localhost, which a zone could not answer, and a zone by its own ports. */
	RULE(IN_INET, "to_zone", IPV4, LOAD(NETWORK, 12, 1, 0), IS("\x7f", 1), MASQUERADE),
	RULE(IN_INET, "to_zone", IPV6, LOAD(NETWORK, 8, LEN_6, 0),
	     IS("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", LEN_6), MASQUERADE),
	RULE(IN_INET, "to_zone", IPV4, META(OIFNAME, 0), LOAD(NETWORK, 12, LEN_4, 4),
	     IN("itself4"), MASQUERADE),
	RULE(IN_INET, "to_zone", IPV6, META(OIFNAME, 0), LOAD(NETWORK, 8, LEN_6, 4),
	     IN("itself6"), MASQUERADE),
	/* Addresses that nobody outside answers: RFC 1918, 6598, 4193. */
	RULE(IN_INET, "to_others", IIF_IN("unmasked"), ACCEPT),
	RULE(IN_INET, "to_others", IPV4, LOAD(NETWORK, 12, 1, 0), IS("\x0a", 1), MASQUERADE),
	RULE(IN_INET, "to_others", IPV4, LOAD(NETWORK, 12, 4, 0), AND("\xff\xf0\0\0", 4),
	     IS("\xac\x10\0\0", 4), MASQUERADE),
	RULE(IN_INET, "to_others", IPV4, LOAD(NETWORK, 12, 2, 0), IS("\xc0\xa8", 2), MASQUERADE),
	RULE(IN_INET, "to_others", IPV4, LOAD(NETWORK, 12, 4, 0), AND("\xff\xc0\0\0", 4),
	     IS("\x64\x40\0\0", 4), MASQUERADE),
	RULE(IN_INET, "to_others", IPV6, LOAD(NETWORK, 8, LEN_6, 0), AND("\xfe", LEN_6),
	     IS("\xfc", LEN_6), MASQUERADE),

	/* Isolation stands here, and not where packets are forwarded, as a hook costs more than
	 * what it asks. The interface a packet came by is still told (ip_output(), ip6_output()).
	 * Most packets end with the first or the third rule. */
	RULE(IN_INET, "to_zones", TO_ZONES, IS_KNOWN, META_IS(NFPROTO, "\x02"), IN("in4"), ACCEPT),
	RULE(IN_INET, "to_zones", TO_NO_ZONE, ACCEPT),
	RULE(IN_INET, "to_zones", TO_ZONES, IS_KNOWN, META_IS(NFPROTO, "\x0a"), IN("in6"), ACCEPT),
	RULE(IN_INET, "to_zones", FROM_ANY_ZONE, JUMP("between")),
	RULE(IN_INET, "between", TRACKED(STATE, 0), HAS_BITS(CT_KNOWN), RETURN),
	RULE(IN_INET, "between", TRACKED(STATUS, 0), HAS_BITS(IPS_DST_NAT), RETURN),
	RULE(IN_INET, "between", IIF_IN("isolated"), DROP),
	RULE(IN_INET, "between", OIF_IN("isolated"), DROP),
	RULE(IN_INET, "to_zones", TO_ZONES, META_IS(NFPROTO, "\x02"), IN("in4"), ACCEPT),
	RULE(IN_INET, "to_zones", TO_ZONES, META_IS(NFPROTO, "\x0a"), IN("in6"), ACCEPT),
	RULE(IN_BRIDGE, "to_zones", TO_ZONES, ETHERTYPE("\x08\x00"), OIF_IN("in4")),
	RULE(IN_BRIDGE, "to_zones", TO_ZONES, ETHERTYPE("\x86\xdd"), OIF_IN("in6")),
};
/* clang-format on */

uint8_t table_family(unsigned int bit)
{
	static const uint8_t families[] = {
		[IN_INET] = NFPROTO_INET, [IN_BRIDGE] = NFPROTO_BRIDGE, [IN_ARP] = NFPROTO_ARP,
	};

	return families[bit];
}

const struct nft_set *table_set(enum table_set which)
{
	return &sets[which].set;
}

bool table_set_counts(enum table_set which, unsigned int family)
{
	return (sets[which].counted & family) != 0;
}

static void put_set(struct nft *nft, enum table_set which, unsigned int family)
{
	struct nft_set set = sets[which].set;

	if (table_set_counts(which, family))
		set.each = "counter";
	nft_put_set(nft, table_family(family), &set);
}

void table_put_rules(struct nft *nft, unsigned int family, const char *prefix)
{
	uint8_t number = table_family(family);

	nft_put_table(nft, number, "made by zonectl for the zones that run, removed with the last");
	for (size_t i = 0; i < N_ROWS(sets); i++)
		if (sets[i].families & family)
			put_set(nft, i, family);
	for (size_t i = 0; i < N_ROWS(chains); i++)
		if (chains[i].families & family)
			nft_put_chain(nft, number, &chains[i].chain);
	for (size_t i = 0; i < N_ROWS(rules); i++) {
		struct nft_rule rule = {
			rules[i].chain, rules[i].steps, prefix,
			*rules[i].note ? rules[i].note : NULL,
		};

		if (rules[i].families & family)
			nft_put_rule(nft, number, &rule);
	}
}
