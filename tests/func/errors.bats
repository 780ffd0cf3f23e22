#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# what is said when something goes wrong
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "an unknown verb is told with the nearest one" {
	fails 2 "zonectl: unknown verb 'bot'
  did you mean \"boot\"?" zonectl bot
	fails 2 "zonectl: unknown verb 'xyzzyplugh'
  try: zonectl help" zonectl xyzzyplugh
	fails 2 "zonectl: no verb given
  try: zonectl help" zonectl
}

@test "an unknown option is told with the nearest one, or with how the verb is used" {
	fails 2 "zonectl: create: unknown option '--memry'
  did you mean \"--memory\"?" zonectl create e1 --memry 1G
	fails 2 "zonectl: boot: unknown option '--nosuch'
  usage: zonectl boot NAME... [-- INIT-ARGS...]" zonectl boot e1 --nosuch
}

@test "too few and too many operands are told" {
	fails 2 "zonectl: boot: no zone named
  usage: zonectl boot NAME... [-- INIT-ARGS...]" zonectl boot
	fails 2 "zonectl: rename: too many operands
  usage: zonectl rename NAME NEW-NAME" zonectl rename a b c
}

@test "an option without its value, or with a bad one, is told" {
	exits 2 zonectl create e1 -t
	holds "-t"
	exits 2 zonectl --jobs many list
	holds "--jobs"
	exits 2 zonectl wait e1 --timeout soon
	holds "timeout"
}

@test "--json gives the error as one object on standard error" {
	run --separate-stderr zonectl boot nosuch --json
	[ "$status" -eq 3 ]
	[ -z "$output" ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[ "$(json "d['error']" <<<"$stderr")" = '{"verb": "boot", "zone": "nosuch", "code": "not-found", "exit": 3, "message": "no zone \"nosuch\"", "hint": "try: zonectl list -a"}' ]
}

@test "--json tells bad use in JSON too" {
	run --separate-stderr zonectl --json bot
	[ "$(json "d['error']['code'], d['error']['exit']" <<<"$stderr" | tr -d ' ')" = '["usage",2]' ] ||
		[ "$(json "[d['error']['code'], d['error']['exit']]" <<<"$stderr")" = '["usage", 2]' ]
	run --separate-stderr zonectl list --nosuch --json
	[ "$(json "d['error']['code']" <<<"$stderr")" = usage ]
}

@test "each exit code has its word" {
	installed w
	code() { json "d['error']['code']" <<<"$stderr"; }
	run --separate-stderr zonectl --json create w -t minimal
	[ "$status $(code)" = "6 exists" ]
	run --separate-stderr zonectl --json shutdown w
	[ "$status $(code)" = "4 wrong-state" ]
	run --separate-stderr zonectl --json create x -t nosuch
	[ "$status $(code)" = "3 not-found" ]
	run --separate-stderr zonectl --json boot w --single
	[ "$status $(code)" = "8 unsupported" ]
}

@test "a zone that another command holds is busy, and who holds it is said" {
	installed held
	dir=$ZONECTL_ROOT/var/lib/zonectl/zones/held
	is_held() { ! flock -n "$dir" true; }
	flock -F -x "$dir" sleep 100 3>&- &
	deadline 5 is_held
	run --separate-stderr timeout 30 "$ZONECTL" boot held
	kill "$!"
	wait "$!" || :
	[ "$status" -eq 5 ]
	[[ $stderr == "zonectl: boot held: "* ]]
	[[ $stderr == *"$!"* ]]
}

@test "a full standard output is an error" {
	exits 1 sh -c '"$ZONECTL" help >/dev/full' || exits 7 sh -c '"$ZONECTL" help >/dev/full'
	holds "No space left on device"
}

@test "a user that is not root is told so" {
	fails 1 "zonectl: list: zonectl needs root
  try: sudo zonectl ..." setpriv --reuid 65534 --regid 65534 --clear-groups "$ZONECTL" list
}

@test "a store that others may write is refused" {
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	run --separate-stderr "$ZONECTL" --root "$BATS_TEST_TMPDIR/open" list
	[ "$status" -eq 1 ]
	[[ $stderr == *"is open to other users (mode 0777)"*"try: chmod go-w"* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/open")" ]
}
