#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl create

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "create makes a stopped zone that is named by its host name" {
	prints "" zonectl create c1 -t minimal
	state_is c1 installed
	[ "$(fact c1 template)" = minimal ]
	zonectl boot c1
	prints c1 zonectl exec c1 -- hostname
	zonectl destroy --force -y c1
}

@test "create takes every property as an option and info shows it" {
	zonectl create c2 -t minimal --memory 64M --pids 50 --hostname front.example --tags blue,green \
		--description "front end" --env A=1 --env B=2 --autoboot last
	run zonectl info c2 --json
	[ "$(json "d['properties']['memory']" <<<"$output")" = 67108864 ]
	[ "$(json "d['properties']['pids']" <<<"$output")" = 50 ]
	[ "$(json "d['properties']['hostname']" <<<"$output")" = front.example ]
	[ "$(json "d['properties']['tags']" <<<"$output")" = '["blue", "green"]' ]
	[ "$(json "d['properties']['env']" <<<"$output")" = '["A=1", "B=2"]' ]
	[ "$(json "d['properties']['autoboot']" <<<"$output")" = last ]
}

@test "create --boot makes a zone that runs" {
	zonectl create c3 -t minimal --boot
	state_is c3 running
}

@test "create --boot leaves nothing when the zone can't be booted" {
	fails 1 "zonectl: create c4: boot: execute '/no/init': No such file or directory" \
		zonectl create c4 -t minimal --init /no/init --boot
	exits 3 zonectl info c4
	nothing_left c4
}

@test "create --like takes properties and template of another zone" {
	installed c5 --memory 32M --tags red
	zonectl create c6 --like c5 --pids 9
	run zonectl info c6 --json
	[ "$(json "d['properties']['memory']" <<<"$output")" = 33554432 ]
	[ "$(json "d['properties']['tags']" <<<"$output")" = '["red"]' ]
	[ "$(json "d['properties']['pids']" <<<"$output")" = 9 ]
	[ "$(fact c6 uuid)" != "$(fact c5 uuid)" ]
}

@test "create makes several zones by a brace range, each with uids of its own" {
	zonectl create 'r{01..20}' -t minimal
	[ "$(zonectl list -a -H -o name 'r*' | wc -l)" -eq 20 ]
	[ "$(zonectl list -a -H -o uid 'r*' | sort -u | wc -l)" -eq 20 ]
	for base in $(zonectl list -a -H -o uid 'r*'); do
		[ $((base % 65536)) -eq 0 ]
	done
	zonectl destroy -y 'r*'
}

@test "create refuses a name that is taken" {
	installed c7
	fails 6 "zonectl: create c7: exists already" zonectl create c7 -t minimal
}

@test "create --dry-run makes nothing" {
	run zonectl create c8 -t minimal --dry-run
	[ "$status" -eq 0 ]
	holds c8
	exits 3 zonectl info c8
}

@test "create without a template says where templates are listed" {
	fails 2 "zonectl: create c9: no template given
  name one with -t; zonectl template list shows them" zonectl create c9
}

@test "create storage=copy gives a zone a full copy of its own" {
	zonectl create c10 -t minimal --storage copy --boot
	zonectl exec c10 -- sh -c 'echo mine >/etc/issue; cat /etc/issue' >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = mine ]
	not grep -rq mine "$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs/etc/issue"
	zonectl destroy --force -y c10
}

@test "a zone's changes never reach the template or another zone" {
	zonectl create a1 a2 -t minimal --boot
	zonectl exec a1 -- sh -c 'echo changed >/etc/hosts; rm /etc/securetty; chown 33:33 /etc/group'
	prints "127.0.0.1	localhost" zonectl exec a2 -- sed -n 1p /etc/hosts
	prints "" zonectl template verify minimal
	prints "0" zonectl exec a2 -- stat -c %u /etc/group
	prints "33" zonectl exec a1 -- stat -c %u /etc/group
}

@test "machine-id is empty or of the zone's own, never the template's" {
	zonectl create m1 m2 -t minimal
	[ "$(fact m1 uuid)" != "$(fact m2 uuid)" ]
}
