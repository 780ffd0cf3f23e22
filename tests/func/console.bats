#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl console

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup() {
	zone_setup
	running k1
	zonectl wait k1 --state running
}

@test "console shows what the console said before, then is live" {
	zonectl exec k1 -- sh -c 'echo said before >/dev/console'
	on_terminal <(cat <<-'END'
		zonectl console k1
		see "console of k1, ~. leaves"
		see "said before"
		exec $::env(ZONECTL) exec k1 -- sh -c {echo said now >/dev/console}
		see "said now"
		send "\r~."
		ends 0
	END
	)
}

@test "what is typed at the console reaches the login prompt" {
	on_terminal <(cat <<-'END'
		zonectl console k1
		see "~. leaves"
		send "\r"
		see "login:"
		type "someone"
		see "Password:"
		send "\r"
		see "incorrect"
		send "\r~."
		ends 0
	END
	)
}

@test "another escape character is chosen with -e" {
	on_terminal <(cat <<-'END'
		zonectl console k1 -e !
		see "!. leaves"
		send "\r!."
		ends 0
	END
	)
}

@test "the console's programs see the size of the window" {
	on_terminal <(cat <<-'END'
		set stty_init "rows 31 columns 97"
		zonectl console k1
		see "leaves"
		exec timeout 10 sh -c {until "$ZONECTL" exec k1 -- stty -F /dev/console size | grep -qx "31 97"; do :; done}
		send "\r~."
		ends 0
	END
	)
}

@test "console of a zone that is halted ends" {
	running k2
	on_terminal <(cat <<-'END'
		zonectl console k2
		see "leaves"
		exec $::env(ZONECTL) halt k2
		see "console k2: the zone was stopped"
		ends 0
	END
	)
}

@test "console of a stopped zone is refused" {
	installed k3
	fails 4 "zonectl: console k3: is not running
  try: zonectl boot k3" zonectl console k3
}

@test "console works through pipes too" {
	zonectl exec k1 -- sh -c 'echo for the pipe >/dev/console'
	run timeout 1 "$ZONECTL" console k1 </dev/null 3>&- 4>&-
	holds "for the pipe"
}

@test "console outlives a reboot from inside" {
	running k4
	prompted() { zonectl log k4 | grep -q 'activate this console'; }
	deadline 10 prompted	# so that the next prompt is the next life's
	init=$(fact k4 init_pid)
	on_terminal <(cat <<-'END'
		zonectl console k4
		see "leaves"
		exec $::env(ZONECTL) exec k4 -- sh -c {echo first life >/dev/console}
		see "first life"
		catch {exec $::env(ZONECTL) exec k4 -- reboot}
		see "activate this console"
		send "\r~."
		ends 0
	END
	)
	[ "$(fact k4 init_pid)" != "$init" ]
}

@test "two consoles at once see the same" {
	on_terminal <(cat <<-'END'
		zonectl console k1
		set first $spawn_id
		see "leaves"
		zonectl console k1
		set second $spawn_id
		see "leaves"
		exec $::env(ZONECTL) exec k1 -- sh -c {echo for both >/dev/console}
		see "for both"
		set spawn_id $first
		see "for both"
	END
	)
}
