#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl halt

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "halt ends a running zone at once" {
	running h1
	zonectl exec h1 -- sh -c 'sleep 1000 & sleep 1001 &'
	prints "" zonectl halt h1
	state_is h1 installed
	nothing_left h1
}

@test "halt ends a frozen zone" {
	running h2
	zonectl freeze h2
	prints "" zonectl halt h2
	state_is h2 installed
	nothing_left h2
}

@test "halt ends a zone whose processes ignore every signal they can" {
	running h3
	zonectl exec h3 -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sh -c "trap : TERM INT HUP; while :; do :; done" & done'
	zonectl halt h3
	nothing_left h3
}

@test "halt of a stopped zone is refused" {
	installed h4
	fails 4 "zonectl: halt h4: is not running
  try: zonectl boot h4" zonectl halt h4
}

@test "halt --all ends those that run and passes the others over" {
	running h5
	running h6
	installed h7
	prints "" zonectl halt --all
	[ -z "$(zonectl list -H)" ]
}
