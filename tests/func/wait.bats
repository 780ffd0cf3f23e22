#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl wait

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "wait returns when the zone has stopped" {
	running w1
	zonectl wait w1 --timeout 20s &
	zonectl shutdown w1 -q
	wait "$!"
}

@test "wait --state waits for another state" {
	installed w2
	zonectl wait w2 --state running --timeout 20s &
	zonectl boot w2
	wait "$!"
}

@test "wait of what is there already returns at once" {
	installed w3
	prints "" zonectl wait w3
}

@test "wait gives up after --timeout" {
	running w4
	fails 1 "zonectl: wait w4: is still running" zonectl wait w4 --timeout 100ms
}

@test "wait refuses a state that there is not" {
	installed w5
	fails 2 "zonectl: wait w5: no state 'up'
  states: incomplete, configured, installed, ready, running, frozen, shutting_down, down" \
		zonectl wait w5 --state up
}

@test "wait for a zone that is destroyed meanwhile ends" {
	running w6
	zonectl wait w6 --state frozen --timeout 20s 2>"$BATS_TEST_TMPDIR/err" &
	zonectl destroy --force -y w6
	status=0
	wait "$!" || status=$?
	[ "$status" -eq 3 ]
}
