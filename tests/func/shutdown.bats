#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl shutdown

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "shutdown asks the init and says that it did it" {
	running s1
	prints "s1: its init shut it down" zonectl shutdown s1
	state_is s1 installed
	nothing_left s1
}

@test "minimal powers off as soon as nothing runs any more" {
	running quick
	zonectl exec quick -- sh -c 'sleep 1000 >/dev/null 2>&1 </dev/null &'
	prints "quick: its init shut it down" zonectl shutdown quick
	# What busybox init says before each of its two pauses.
	run zonectl log quick
	[[ $output != *"Sent SIG"* ]]
}

@test "shutdown right after boot still asks the init" {
	installed s2
	zonectl boot s2
	prints "s2: its init shut it down" zonectl shutdown s2
}

@test "shutdown runs the init's own shutdown scripts" {
	running s3
	zonectl exec s3 -- sh -c 'printf "#!/bin/sh\n[ \$1 = start ] || echo done >/var/log/stopped\n" >/etc/init.d/S10x; chmod +x /etc/init.d/S10x'
	zonectl shutdown s3
	zonectl boot s3
	prints "done" zonectl exec s3 -- cat /var/log/stopped
}

@test "shutdown halts after --timeout an init that does not go" {
	installed s4
	zonectl boot s4 --wait --init /bin/sh -- -c 'trap : TERM USR2; echo to activate this console; while :; do sleep 1; done'
	prints "s4: halted, its init did not shut it down" zonectl shutdown s4 --timeout 300ms
	state_is s4 installed
	nothing_left s4
}

@test "shutdown halts a program that takes no request" {
	installed s5
	zonectl boot s5 --init /bin/sleep -- 1000
	prints "s5: halted, its init takes no request to shut down" zonectl shutdown s5
	nothing_left s5
}

@test "shutdown thaws a frozen zone first" {
	running s6
	zonectl freeze s6
	prints "s6: its init shut it down" zonectl shutdown s6
}

@test "shutdown --json says which of the two happened" {
	running s7
	run --separate-stderr zonectl shutdown s7 --json
	[ "$(json "d['stopped_by']" <<<"$output")" = init ]
}

@test "shutdown of a stopped zone is refused" {
	installed s8
	fails 4 "zonectl: shutdown s8: is not running
  try: zonectl boot s8" zonectl shutdown s8
}

@test "while a zone shuts down the others see it, and may halt it" {
	installed s9
	zonectl boot s9 --wait --init /bin/sh -- -c 'trap : TERM USR2; echo to activate this console; while :; do sleep 1; done'
	zonectl shutdown s9 --timeout 1m >"$BATS_TEST_TMPDIR/out" &
	deadline 5 state_is s9 shutting_down
	zonectl halt s9
	wait "$!"
	state_is s9 installed
	nothing_left s9
}

@test "poweroff typed inside ends the zone" {
	running s10
	zonectl exec s10 -- poweroff
	zonectl wait s10 --timeout 20s
	nothing_left s10
}
