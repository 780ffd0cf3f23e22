#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl boot

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "boot returns once init runs" {
	installed b1
	prints "" zonectl boot b1
	state_is b1 running
	[ "$(zonectl exec b1 -- cat /proc/1/comm)" = init ]
}

@test "boot --wait returns once the console waits for a login" {
	installed b2
	zonectl boot b2 --wait=30
	run zonectl log b2
	holds "press Enter to activate this console"
}

@test "boot refuses a zone that is already running" {
	running b1
	fails 4 "zonectl: boot b1: is running
  try: zonectl shutdown b1" zonectl boot b1
}

@test "boot refuses a zone that is not there" {
	fails 3 "zonectl: boot nosuch: no zone \"nosuch\"
  try: zonectl list -a" zonectl boot nosuch
}

@test "boot --init starts another program this once" {
	installed b3
	zonectl boot b3 --init /bin/sleep -- 1000
	prints "sleep" zonectl exec b3 -- cat /proc/1/comm
	zonectl halt b3
	zonectl boot b3
	prints "init" zonectl exec b3 -- cat /proc/1/comm
	zonectl halt b3
}

@test "boot fails when the init is missing and leaves nothing up" {
	installed b4 --init /sbin/none
	fails 1 "zonectl: boot b4: execute '/sbin/none': No such file or directory" zonectl boot b4
	state_is b4 installed
	nothing_left b4
}

@test "boot --single is refused where the init has no such mode" {
	installed b5
	fails 8 "zonectl: boot b5: busybox init has no single-user mode" zonectl boot b5 --single
	state_is b5 installed
	nothing_left b5
}

@test "boot --wait says so when the zone ends before it was up" {
	installed b6
	fails 4 "zonectl: boot b6: ended before it was up" zonectl boot b6 --wait=20 --init /bin/true
	deadline 5 state_is b6 installed
	nothing_left b6
}

@test "boot --wait gives up after the time it was given" {
	installed b7
	fails 1 "zonectl: boot b7: not up after 1 s" \
		zonectl boot b7 --wait=1 --init /bin/sh -- -c 'while :; do :; done'
	state_is b7 running
	zonectl halt b7
}

@test "boot starts several zones, and counts those that failed" {
	installed m1
	installed m2
	installed m3
	zonectl boot m2
	fails 9 "zonectl: boot m2: is running
  try: zonectl shutdown m2
zonectl: boot: 1 of 3 failed" zonectl boot m1 m2 m3
	state_is m1 running
	state_is m3 running
}

@test "boot -j boots several at a time" {
	zonectl create 'j{1..6}' -t minimal
	zonectl boot -j 3 'j*'
	[ "$(zonectl list -H -o name 'j*' | wc -l)" -eq 6 ]
	zonectl destroy -j 3 --force -y 'j*'
	nothing_left j1 j2 j3 j4 j5 j6
}

@test "init gets the environment of the zone and nothing of the caller's" {
	installed b8 --env GREETING=hello
	SECRET=1 zonectl boot b8
	run zonectl exec b8 -- cat /proc/1/environ
	environ=$(zonectl exec b8 -- cat /proc/1/environ | tr '\0' '\n')
	grep -qx GREETING=hello <<<"$environ"
	grep -q '^container=' <<<"$environ"
	grep -qx "container_uuid=$(fact b8 uuid)" <<<"$environ"
	not grep -q SECRET <<<"$environ"
}

@test "neither init nor the keeper holds a descriptor of the caller's" {
	installed b9
	zonectl boot b9 9>"$BATS_TEST_TMPDIR/mine"
	keeper=$(fact b9 keeper_pid)
	init=$(fact b9 init_pid)
	not grep -F "$BATS_TEST_TMPDIR" <(readlink "/proc/$keeper"/fd/* "/proc/$init"/fd/*)
}

@test "a keeper's private memory stays under 200 KiB" {
	local most=200
	# Linked with shared libraries it has pages of each of them.
	! ldd "$ZONECTL" | grep -q '=>' || most=350
	running b9
	awk -v most="$most" '/^Private_(Clean|Dirty):/ { sum += $2 } END { print sum " KiB"; exit sum >= most }' \
		"/proc/$(fact b9 keeper_pid)/smaps_rollup"
}

@test "boot works with standard streams closed" {
	installed b10
	"$ZONECTL" boot b10 <&- >&- 2>&- 3>&- 4>&-
	state_is b10 running
}
