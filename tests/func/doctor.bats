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

@test "doctor says which limits can't be had" {
	[ -d /sys/fs/cgroup/pids ] || skip "kernel: pids is not on cgroup v1"
	run unshare -m sh -c 'umount -l /sys/fs/cgroup/pids && exec "$ZONECTL" doctor'
	[ "$status" -eq 0 ]
	holds "there are no limits of: pids (not mounted)"
}

@test "doctor looks at devices, terminals and processes" {
	if [ "$(zonectl features --json | json "d['kernel']['device_policy']")" = true ]; then
		[ "$(verdict devices)" = fine ]
	else
		[ "$(verdict devices)" = note ]
	fi
	[ "$(verdict terminals)" = fine ]
	if [ "$(</proc/sys/kernel/pid_max)" -ge 131072 ]; then
		[ "$(verdict processes)" = fine ]
	else
		[ "$(verdict processes)" = note ]
	fi
}

@test "doctor says that a host has no IPv6, or forwards nothing" {
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv4.ip_forward=0
	[ "$(verdict ipv6)" = note ]
	[ "$(verdict forwarding)" = note ]
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 net.ipv4.ip_forward=1
	[ "$(verdict ipv6)" = fine ]
}
