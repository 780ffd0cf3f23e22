#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl repair

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "repair of a whole zone does nothing and says nothing" {
	installed r1
	prints "" zonectl repair r1
	running r2
	prints "" zonectl repair r2
	state_is r2 running
}

@test "repair removes what an unfinished create left" {
	mkdir "$ZONECTL_ROOT/var/lib/zonectl/zones/.new-r3"
	prints "r3  incomplete" zonectl list -a -H -o name,state r3
	fails 4 "zonectl: boot r3: is incomplete
  try: zonectl repair r3" zonectl boot r3
	prints "r3: removed what an unfinished create or destroy had left" zonectl repair r3
	exits 3 zonectl info r3
}

@test "destroy removes an incomplete zone too" {
	mkdir "$ZONECTL_ROOT/var/lib/zonectl/zones/.old-r4"
	prints "" zonectl destroy -y r4
	exits 3 zonectl info r4
}

@test "repair --json lists what was mended" {
	mkdir "$ZONECTL_ROOT/var/lib/zonectl/zones/.new-r5"
	run zonectl repair r5 --json
	[ "$(json "len(d['mended'])" <<<"$output")" = 1 ]
}

@test "repair of a zone that is not there fails" {
	exits 3 zonectl repair nosuch
}
