#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl set
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

property() { zonectl info "$1" --json | json "d['properties']['$2']"; }

@test "set writes a property down" {
	installed s1
	prints "" zonectl set s1 memory=64M description='a line'
	[ "$(property s1 memory)" = 67108864 ]
	[ "$(property s1 description)" = "a line" ]
}

@test "set += and -= change lists, = replaces them, an empty value is the default" {
	installed s1
	zonectl set s1 tags+=red tags+=blue
	[ "$(property s1 tags)" = '["red", "blue"]' ]
	zonectl set s1 tags-=red
	[ "$(property s1 tags)" = '["blue"]' ]
	zonectl set s1 tags=a,b
	[ "$(property s1 tags)" = '["a", "b"]' ]
	zonectl set s1 memory=64M
	zonectl set s1 memory= tags=
	[ "$(property s1 memory)" = null ]
	[ "$(property s1 tags)" = '[]' ]
}

@test "set changes the limits of a running zone at once" {
	running s2
	prints "" zonectl set s2 pids=20
	exits 0 zonectl exec s2 -- sh -c 'for i in 1 2 3; do sleep 0 & done; wait'
	zonectl set s2 pids=3
	run zonectl exec s2 -- sh -c 'for i in 1 2 3 4 5 6; do sleep 3 & done; wait'
	[ "$status" -ne 0 ]
}

@test "set says what can only apply at the next boot" {
	running s3
	run --separate-stderr zonectl set s3 env+=A=1
	[ "$status" -eq 0 ]
	[ "$stderr" = "zonectl: set s3: env applies at the next boot" ]
	zonectl halt s3
	zonectl boot s3
	zonectl exec s3 -- cat /proc/1/environ | tr '\0' '\n' | grep -qx A=1
}

@test "a new host name applies at the next boot" {
	running s4
	zonectl set s4 hostname=new.example 2>/dev/null
	prints s4 zonectl exec s4 -- hostname
	zonectl halt s4
	zonectl boot s4 --wait
	prints new.example zonectl exec s4 -- hostname
}

@test "set --runtime-only writes nothing down" {
	running s5
	zonectl set s5 pids=40 --runtime-only
	[ "$(property s5 pids)" = 4096 ]
	fails 2 "zonectl: set s5: env: can only change at the next boot" zonectl set s5 env+=A=1 --runtime-only
}

@test "set --next-boot leaves the running zone as it is" {
	running s6
	zonectl set s6 pids=2 --next-boot
	[ "$(property s6 pids)" = 2 ]
	exits 0 zonectl exec s6 -- sh -c 'for i in 1 2 3 4 5 6; do sleep 0.1 & done; wait'
}

@test "set --runtime-only of a stopped zone is refused" {
	installed s7
	fails 4 "zonectl: set s7: is not running, so --runtime-only changes nothing" \
		zonectl set s7 pids=5 --runtime-only
}

@test "set changes all or nothing" {
	installed s8
	fails 2 "zonectl: set s8: no property \"memoy\"
  did you mean \"memory\"?" zonectl set s8 pids=5 memoy=1G
	[ "$(property s8 pids)" = 4096 ]
}

@test "set refuses bad values and says which and why" {
	installed s9
	exits 2 zonectl set s9 memory=12Q
	holds "memory"
	fails 2 "zonectl: set s9: cpu-weight: 0 is below 1 (an empty value sets the default)" zonectl set s9 cpu-weight=0
	fails 2 "zonectl: set s9: autoboot: no 'maybe' (there are no, yes, last)" zonectl set s9 autoboot=maybe
	exits 2 zonectl set s9 hostname=-x
	exits 2 zonectl set s9 mount=/etc:/../x
	exits 2 zonectl set s9 memory-high=1G memory=512M
	holds "memory-high: 1G is above memory, 512M"
}

@test "set refuses what is fixed when a zone is made" {
	installed s10
	fails 2 "zonectl: set s10: storage: can't be changed once the zone is made" zonectl set s10 storage=copy
}

@test "set without an assignment is a mistake in its use" {
	installed s11
	fails 2 "zonectl: set: no PROPERTY=VALUE given
  usage: zonectl set NAME... [--plan PLAN] [PROPERTY=VALUE]..." zonectl set s11
}

@test "set works on several zones" {
	installed t1
	installed t2
	zonectl set 't*' tags=both
	prints "$(printf 't1\nt2')" zonectl list -a -H -o name @both
}
