#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# patterns that mean several zones

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	zonectl create 'web{1..3}' db mail -t minimal
	zonectl set web1 db tags=blue
}

names() { zonectl info "$@" --json | json "' '.join(sorted(z['name'] for z in d))"; }

@test "a glob means the zones that it matches" {
	[ "$(names 'web*')" = "web1 web2 web3" ]
	[ "$(names 'web[12]')" = "web1 web2" ]
	[ "$(names '?b' db)" = db ]
	[ "$(names '*')" = "db mail web1 web2 web3" ]
}

@test "braces hold a list or a range, with leading zeros, nested" {
	[ "$(names 'web{1,3}')" = "web1 web3" ]
	[ "$(names 'web{1..2}')" = "web1 web2" ]
	[ "$(names '{web{1,2},mail}')" = "mail web1 web2" ]
	prints "$(printf 'n%03d\n' 8 9 10)" sh -c '"$ZONECTL" create "n{008..010}" -t minimal && "$ZONECTL" list -a -H -o name "n*"'
	zonectl destroy -y 'n*'
}

@test "@TAG means the zones that have the tag" {
	[ "$(names @blue)" = "db web1" ]
	fails 3 "zonectl: info: no zone has the tag 'red'" zonectl info @red
}

@test "--all means every zone that the verb can work on" {
	[ "$(names --all)" = "db mail web1 web2 web3" ]
	zonectl boot web1
	zonectl boot --all
	[ "$(zonectl list -H | wc -l)" -eq 5 ]
	zonectl halt --all
}

@test "a zone that is meant twice is worked on once" {
	zonectl boot web1 'web1*' @blue db
	state_is db running
	zonectl halt web1 db
}

@test "what matches nothing is an error, not nothing" {
	fails 3 "zonectl: boot: no zone matches 'x*'" zonectl boot 'x*'
	fails 2 "zonectl: boot: 'web{1': braces don't match" zonectl boot 'web{1'
	exits 2 zonectl boot 'web{a..b..c}'
}

@test "names and --all exclude each other, and --all makes no zones" {
	exits 2 zonectl boot web1 --all
	holds "names and '--all' exclude each other"
	exits 2 zonectl create --all -t minimal
	holds "option '--all' means zones that exist"
}

@test "verbs for one zone refuse several" {
	zonectl boot web1 web2
	exits 125 zonectl login 'web*' -- true
	holds "works on one zone at a time"
	zonectl halt web1 web2
}

@test "options stand before or after names" {
	prints "db  installed" zonectl list db -o name,state -H
	prints "db  installed" zonectl list -H -o name,state db
	prints "db  installed" zonectl list --columns=name,state --no-heading db
}
