#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl doctor

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

verdict() { zonectl doctor --json | json "next(r['verdict'] for r in d if r['check'] == '$1')"; }

@test "doctor finds nothing where nothing is in the way" {
	run zonectl doctor
	[ "$status" -eq 0 ]
	[ "$(verdict nftables)" = fine ]
	[ "$(verdict forwarding)" = fine ]
}

@test "doctor names a chain of others that drops what is forwarded" {
	command -v nft >/dev/null || skip "needs nft"
	nft add table ip filter
	nft add chain ip filter FORWARD '{ type filter hook forward priority 0; policy drop; }'
	nft add chain ip filter INPUT '{ type filter hook input priority 0; policy drop; }'
	run zonectl doctor
	holds "by: ip filter FORWARD"
	holds 'nft insert rule ip filter FORWARD iifname "zn*" accept'
	[ "$(verdict nftables)" = note ]
	nft delete table ip filter
	[ "$(verdict nftables)" = fine ]
}

@test "doctor says that a host has no IPv6, or forwards nothing" {
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv4.ip_forward=0
	[ "$(verdict ipv6)" = note ]
	[ "$(verdict forwarding)" = note ]
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 net.ipv4.ip_forward=1
	[ "$(verdict ipv6)" = fine ]
}
