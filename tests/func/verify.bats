#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl verify
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "verify of a whole zone says nothing" {
	installed v1
	prints "" zonectl verify v1
	running v2
	prints "" zonectl verify v2
}

@test "verify reports every fault, and names no repair where none helps" {
	installed v3
	rm -r "$ZONECTL_ROOT/var/lib/zonectl/zones/v3/data/work"
	chmod 755 "$ZONECTL_ROOT/var/lib/zonectl/zones/v3"
	run --separate-stderr zonectl verify v3
	[ "$status" -eq 1 ]
	[ "$output" = "v3: directory: can be entered by others than root
v3: data: a directory of the overlay is missing" ]
	[ "$stderr" = "zonectl: verify v3: 2 faults found" ]
}

@test "verify names key, line and column of a bad zone.json" {
	installed v4
	json=$ZONECTL_ROOT/var/lib/zonectl/zones/v4/zone.json
	sed -i '2i\  "colour": "red",' "$json"
	run --separate-stderr zonectl verify v4
	[ "$status" -eq 1 ]
	[[ $output == *zone.json*colour* ]]
	[[ $output =~ 2:[0-9] ]]
	sed -i 2d "$json"
	prints "" zonectl verify v4
}

@test "verify --json lists the faults" {
	installed v5
	rm -r "$ZONECTL_ROOT/var/lib/zonectl/zones/v5/data/work"
	run --separate-stderr zonectl verify v5 --json
	[ "$(json "d['faults']" <<<"$output")" = '["data: a directory of the overlay is missing"]' ]
}

@test "verify of a zone that is not there fails" {
	exits 3 zonectl verify nosuch
}
