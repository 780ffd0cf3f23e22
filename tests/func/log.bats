#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl log

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "log shows what the console said" {
	running l1
	# The login prompt may stand there, without the end of its line.
	zonectl exec l1 -- sh -c 'printf "\na line of its own\n" >/dev/console'
	has_line() { zonectl log l1 | grep -qx "a line of its own"; }
	deadline 5 has_line
}

@test "log of a zone that stopped is still there" {
	running l2
	zonectl exec l2 -- sh -c 'echo remember >/dev/console'
	zonectl halt l2
	run zonectl log l2
	holds remember
}

@test "log shows no control character of a hostile zone, --raw all of them" {
	running l3
	zonectl exec l3 -- sh -c 'printf "\033]0;owned\007\033[31mred\033[0m \033[2J end\n" >/dev/console'
	has_end() { zonectl log l3 | grep -q end; }
	deadline 5 has_end
	LC_ALL=C not grep -q "$(printf '[\001-\010\013-\037\177]')" <(zonectl log l3)
	zonectl log l3 | grep -q 'red'
	zonectl log l3 --raw | grep -q "$(printf '\033\\[2J')"
}

@test "log -f goes on with what comes" {
	running l4
	zonectl log l4 -f >"$BATS_TEST_TMPDIR/out" 3>&- 4>&- &
	pid=$!
	zonectl exec l4 -- sh -c 'echo came later >/dev/console'
	deadline 5 grep -q "came later" "$BATS_TEST_TMPDIR/out"
	pkill -P "$pid" -x zonectl || kill "$pid"
	wait "$pid" || :
}

@test "log of a zone that never ran is empty" {
	installed l5
	prints "" zonectl log l5
}

@test "a zone that floods its console fills no disk" {
	running l6
	zonectl exec l6 -- sh -c 'dd if=/dev/zero bs=64k count=256 2>/dev/null | tr "\0" x >/dev/console'
	[ "$(cat "$ZONECTL_ROOT"/var/lib/zonectl/zones/l6/console.log* | wc -c)" -lt 4194304 ]
}
