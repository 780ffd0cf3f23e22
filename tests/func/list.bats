#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl list
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	zonectl create web1 web2 -t minimal --tags front
	zonectl create db1 -t minimal --description "the one"
	zonectl boot web1
}

@test "list shows running zones under a heading" {
	run --separate-stderr zonectl list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^NAME\ +STATE\ +TEMPLATE\ +IP\ +CPU\ +MEMORY\ +UPTIME$ ]]
	[[ ${lines[1]} =~ ^web1\ +running\ +minimal\  ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "list -a shows all, -H no heading, -o the columns that were chosen" {
	prints "$(printf 'db1   installed\nweb1  running\nweb2  installed')" zonectl list -a -H -o name,state
}

@test "list shows a zone that is named whatever its state" {
	prints "db1  installed" zonectl list -H -o name,state db1
}

@test "list takes globs and tags" {
	prints "$(printf 'web1\nweb2')" zonectl list -a -H -o name 'web*'
	prints "$(printf 'web1\nweb2')" zonectl list -a -H -o name @front
	prints web1 zonectl list -H -o name 'web*'
}

@test "list -s sorts by a column, forward and backward" {
	prints "$(printf 'web2\nweb1\ndb1')" zonectl list -a -H -o name -s -name
	run zonectl list -a -H -o name,uid -s uid
	[ "$(awk '{ print $2 }' <<<"$output")" = "$(awk '{ print $2 }' <<<"$output" | sort -n)" ]
}

@test "list --json is one array with stable keys" {
	run --separate-stderr zonectl list -a --json
	[ "$status" -eq 0 ]
	[ "$(json "sorted(z['name'] for z in d)" <<<"$output")" = '["db1", "web1", "web2"]' ]
	[ "$(json "[z['state'] for z in d if z['name'] == 'web1'][0]" <<<"$output")" = running ]
	[ "$(json "all(isinstance(z['uid_base'], int) for z in d)" <<<"$output")" = true ]
}

@test "list shows the addresses that a running zone was given since it was booted" {
	local before

	before=$(zonectl list -H -o ip web1)
	prints "minimal  $before" zonectl list -H -o template,ip web1
	zonectl set web1 ip=auto,10.99.0.7
	[[ "$(zonectl list -H -o ip web1)" = *10.99.0.7* ]]
	prints "$(zonectl list -H -o ip,hostname web1 | sed 's/ .*//')" zonectl list -H -o ip web1
	zonectl set web1 ip=auto
	prints "$before" zonectl list -H -o ip web1
}

@test "list tells of a keeper that was killed, and of one that is back" {
	kill -9 "$(zonectl info web1 --json | json "d['keeper_pid']")"
	prints "web1  running (no keeper)" zonectl list -H -o name,state
	zonectl repair -q web1
	prints "web1  running" zonectl list -H -o name,state
}

@test "list of nothing succeeds" {
	zonectl halt web1
	run --separate-stderr zonectl list -H
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	prints "[]" zonectl list --json
	zonectl boot web1
}

@test "list says what it does not find" {
	fails 3 "zonectl: list nosuch: no zone \"nosuch\"
  try: zonectl list -a" zonectl list nosuch
	fails 3 "zonectl: list: no zone matches 'x*'" zonectl list 'x*'
	exits 2 zonectl list -o nosuch
	holds "nosuch"
}

@test "list shows zones whose zone.json can't be read, and says so" {
	zonectl create bad -t minimal
	echo 'x' >"$ZONECTL_ROOT/var/lib/zonectl/zones/bad/zone.json"
	run --separate-stderr zonectl list -a -H -o name,state,template
	grep -q "^bad  *installed" <<<"$output"
	[[ $stderr == *"zonectl: list bad: zone.json"* ]]
	grep -q "^db1  *installed  *minimal" <<<"$output"
	zonectl destroy -y bad
}

@test "list writes nothing of a hostile description to the terminal" {
	zonectl set db1 description='the ümlaut'
	prints 'the ümlaut' zonectl list -a -H -o description db1
	fails 2 "zonectl: set db1: description: control characters and bytes that are no UTF-8 are refused" \
		zonectl set db1 description="$(printf 'a\033[2Jb')"
}

@test "list by an alias is list" {
	prints web1 zonectl ls -H -o name
}
