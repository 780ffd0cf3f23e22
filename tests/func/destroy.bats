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
