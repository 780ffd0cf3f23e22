#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl rename

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "rename gives a stopped zone another name and keeps its files, uids and uuid" {
	running r1
	zonectl exec r1 -- touch /root/mine
	zonectl halt r1
	uuid=$(fact r1 uuid)
	base=$(fact r1 uid_base)
	prints "" zonectl rename r1 r2
	exits 3 zonectl info r1
	[ "$(fact r2 uuid)" = "$uuid" ]
	[ "$(fact r2 uid_base)" = "$base" ]
	zonectl boot r2
	exits 0 zonectl exec r2 -- test -e /root/mine
	prints "" zonectl verify r2
}

@test "rename of a running zone is refused" {
	running r3
	fails 4 "zonectl: rename r3: is running
  try: zonectl shutdown r3" zonectl rename r3 r4
}

@test "rename to a name that is taken is refused" {
	installed r5
	installed r6
	exits 6 zonectl rename r5 r6
	state_is r5 installed
}

@test "rename refuses bad names" {
	installed r5
	exits 2 zonectl rename r5 ../x
	exits 2 zonectl rename r5 R6
	exits 3 zonectl rename nosuch r7
}
