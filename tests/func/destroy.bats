#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl destroy

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "destroy removes a stopped zone with all its files" {
	installed d1
	prints "" zonectl destroy -y d1
	exits 3 zonectl info d1
	[ ! -e "$ZONECTL_ROOT/var/lib/zonectl/zones/d1" ]
	nothing_left d1
}

@test "destroy refuses a zone that runs" {
	running d2
	fails 4 "zonectl: destroy d2: is running
  try: zonectl shutdown d2" zonectl destroy -y d2
	state_is d2 running
}

@test "destroy --force halts the zone first" {
	running d3
	prints "" zonectl destroy --force -y d3
	exits 3 zonectl info d3
	nothing_left d3
}

@test "destroy of a frozen zone works with --force" {
	running d4
	zonectl freeze d4
	prints "" zonectl destroy --force -y d4
	nothing_left d4
}

@test "destroy asks on a terminal, and takes nothing but yes for one" {
	installed d5
	on_terminal <(cat <<-'END'
		zonectl destroy d5
		see {destroy d5 with all its files? [y/N] }
		type n
		see "zonectl: destroy: nothing was destroyed"
		ends 1
	END
	)
	state_is d5 installed
	on_terminal <(cat <<-'END'
		zonectl destroy d5
		see {[y/N] }
		type y
		ends 0
	END
	)
	exits 3 zonectl info d5
}

@test "destroy removes what a hostile zone left: odd names, deep trees, immutable times" {
	running d6
	zonectl exec d6 -- sh -c 'cd /root && i=0; while [ $i -lt 300 ]; do mkdir d && cd d || exit; i=$((i + 1)); done
		printf x >"$(printf "\nname\377")"; ln -s / link; mkfifo fifo; chmod 000 .'
	zonectl destroy --force -y d6
	nothing_left d6
}

@test "destroy gives the zone's uids back, and no other zone had them before" {
	installed d7
	base=$(fact d7 uid_base)
	[ "$(find "$ZONECTL_ROOT/var/lib/zonectl/uids" -mindepth 1 -lname "*d7*" | wc -l)" -eq 1 ]
	zonectl destroy -y d7
	[ "$(find "$ZONECTL_ROOT/var/lib/zonectl/uids" -mindepth 1 -lname "*d7*" | wc -l)" -eq 0 ]
	[ -n "$base" ]
}

@test "destroy of a zone with a damaged zone.json works" {
	installed d8
	echo '{' >"$ZONECTL_ROOT/var/lib/zonectl/zones/d8/zone.json"
	prints "" zonectl destroy -y d8
	nothing_left d8
}

@test "destroy of several goes on after one that failed, and counts" {
	installed d9
	running d10
	fails 9 "zonectl: destroy d10: is running
  try: zonectl shutdown d10
zonectl: destroy: 1 of 2 failed" zonectl destroy -y d10 d9
	exits 3 zonectl info d9
}

@test "destroy --dry-run destroys nothing" {
	installed d11
	exits 0 zonectl destroy --dry-run d11
	holds d11
	state_is d11 installed
}

# claims ZONE: how many links of uids, addresses and ports are the zone's.
claims() {
	find "$ZONECTL_ROOT"/var/lib/zonectl/{uids,addresses,ports} -mindepth 1 -lname "$1" 2>/dev/null | wc -l
}

# looked_through ZONE: destroys it; succeeds if everybody's addresses were listed for that.
looked_through() {
	strace -f -y -e trace=getdents64 -o "$BATS_TEST_TMPDIR/calls" \
		"$ZONECTL" destroy -y "$1" || return 2
	grep -q "/var/lib/zonectl/addresses>" "$BATS_TEST_TMPDIR/calls"
}

@test "destroy gives back all claims of a zone without a look at those of others" {
	installed d8
	zonectl set d8 ip=10.11.12.8 ip+=fd00::12:8 publish=4018:80
	zonectl set d8 ip-=fd00::12:8
	[ "$(claims d8)" -eq 3 ]
	not looked_through d8
	[ "$(claims d8)" -eq 0 ]
}

@test "a damaged or edited zone.json keeps no claim of a destroyed zone" {
	local zones="$ZONECTL_ROOT/var/lib/zonectl/zones"

	installed d14
	installed d15
	zonectl set d14 ip=10.11.12.14 ip+=fd00::12:14
	zonectl set d15 ip=10.11.12.15
	echo '{' >"$zones/d14/zone.json"
	sed -i 's/10\.11\.12\.15/10.11.12.16/' "$zones/d15/zone.json"
	zonectl destroy -y d14 d15
	[ "$(claims d14)" -eq 0 ]
	[ "$(claims d15)" -eq 0 ]
}

@test "what a killed command had claimed goes with the zone, and repair gives it back before" {
	for zone in d11 d12; do
		installed "$zone"
		zonectl set "$zone" ip=10.11.12.1${zone#d1}
		# As a set that was killed after its first claim leaves it.
		rm "$ZONECTL_ROOT/var/lib/zonectl/zones/$zone/holdings"
		ln -s "$zone" "$ZONECTL_ROOT/var/lib/zonectl/addresses/10.11.12.2${zone#d1}"
	done
	zonectl repair d11
	[ "$(claims d11)" -eq 2 ]
	not looked_through d11
	looked_through d12
	[ "$(claims d11)" -eq 0 ]
	[ "$(claims d12)" -eq 0 ]
}
