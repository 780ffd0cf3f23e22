#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# what kill -9 leaves, and how it is mended

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

keeper_of() { fact "$1" keeper_pid; }
no_keeper() { [ -z "$(keeper_pids "$1")" ]; }

@test "kill -9 of the keeper: the zone goes on, and list says so" {
	running k1
	init=$(fact k1 init_pid)
	kill -9 "$(keeper_of k1)"
	deadline 5 no_keeper k1
	prints "k1  running (no keeper)" zonectl list -H -o name,state
	[ "$(fact k1 init_pid)" = "$init" ]
	prints k1 zonectl exec k1 -- hostname
	exits 1 zonectl verify k1
	holds "k1: keeper: is gone"
}

@test "repair gives the zone a keeper again, console included" {
	running k2
	kill -9 "$(keeper_of k2)"
	deadline 5 no_keeper k2
	prints "k2: started a keeper, with a new console" zonectl repair k2
	prints "k2  running" zonectl list -H -o name,state k2
	prints "" zonectl verify k2
	zonectl exec k2 -- sh -c 'echo spoken again >/dev/console'
	has_words() { zonectl log k2 | grep -q "spoken again"; }
	deadline 5 has_words
	[ "$(keeper_pids k2 | wc -l)" -eq 1 ]
	prints "k2: its init shut it down" zonectl shutdown k2
	nothing_left k2
}

@test "console gives a zone that lost its keeper a new one" {
	running k3
	kill -9 "$(keeper_of k3)"
	deadline 5 no_keeper k3
	on_terminal <(cat <<-'END'
		zonectl console k3
		see "has one again"
		see "leaves"
		send "\r~."
		ends 0
	END
	)
	[ "$(keeper_pids k3 | wc -l)" -eq 1 ]
}

@test "without a keeper shutdown, halt and destroy clean up themselves" {
	for verb in "shutdown -q" halt "destroy --force -y"; do
		installed k4
		zonectl boot k4
		kill -9 "$(keeper_of k4)"
		deadline 5 no_keeper k4
		# shellcheck disable=SC2086	# a verb and its options
		zonectl $verb k4
		nothing_left k4
	done
}

@test "a zone whose init and keeper were both killed is down; halt, repair or destroy clean up" {
	for verb in halt repair "destroy --force -y"; do
		installed k5
		zonectl boot k5
		kill -9 "$(keeper_of k5)"
		kill -9 "$(fact k5 init_pid)"
		deadline 5 state_is k5 down
		# shellcheck disable=SC2086	# a verb and its options
		zonectl $verb k5
		nothing_left k5
	done
}

@test "a reboot typed inside while there is no keeper leaves a state that can be named" {
	running k6
	kill -9 "$(keeper_of k6)"
	deadline 5 no_keeper k6
	zonectl exec k6 -- reboot -f || :
	deadline 10 state_is k6 down
	zonectl repair k6
	state_is k6 installed
	nothing_left k6
}

# Sets state. What a keeper is still cleaning up it finishes; it may begin a moment after the kill.
settled() {
	state=$(zonectl list -a -H -o state "$1" 2>/dev/null) || state=absent
	[ "$state" != shutting_down ]
}

# Kills zonectl at a random moment of what it does, then mends; the zone must come out whole or not at all.
after_kill() {
	local name=$1 state

	deadline 5 settled "$name"
	case $state in
	absent|installed|running|running*|down|incomplete|ready) ;;
	*) echo "no state of ours: $state"; return 1 ;;
	esac
	[ "$state" = absent ] || zonectl repair "$name" || return
	deadline 5 settled "$name"
	[[ $state =~ ^(absent|installed|running)$ ]] || { echo "after repair: $state"; return 1; }
	[ "$state" = absent ] || zonectl verify "$name" || return
	[ "$state" = absent ] || zonectl destroy --force -y "$name" || return
	nothing_left "$name"
	not ls -d "$ZONECTL_ROOT"/var/lib/zonectl/zones/.*"$name" 2>/dev/null
}

# kill_during SECONDS COMMAND...: returns when the killed one is gone for good.
kill_during() {
	local pid

	"$ZONECTL" "${@:2}" 3>&- 4>&- >/dev/null 2>&1 & pid=$!
	sleep "$1"	# a moment of chance, nothing is waited for
	kill -9 "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
}

# moments N SECONDS: N of them, none later than that.
moments() {
	awk -v n="$1" -v most="$2" -v seed="$RANDOM" '
		BEGIN { srand(seed); while (n-- > 0) printf "%.5f\n", 0.0002 + rand() * most }'
}

@test "kill -9 of create at any moment leaves a state that repair or destroy finish" {
	for moment in $(moments 12 0.006); do
		kill_during "$moment" create c1 -t minimal
		after_kill c1
	done
	for moment in $(moments 6 0.03); do
		kill_during "$moment" create c1 -t minimal --storage copy
		after_kill c1
	done
}

@test "kill -9 of boot at any moment leaves a state that repair or destroy finish" {
	for moment in $(moments 12 0.025); do
		installed c2
		kill_during "$moment" boot c2
		after_kill c2
	done
}

@test "kill -9 of halt at any moment leaves a state that repair or destroy finish" {
	for moment in $(moments 8 0.03); do
		installed c3
		zonectl boot c3
		kill_during "$moment" halt c3
		after_kill c3
	done
}

@test "kill -9 of destroy at any moment leaves a state that repair or destroy finish" {
	for moment in $(moments 12 0.004); do
		installed c4
		kill_during "$moment" destroy -y c4
		after_kill c4
	done
	for moment in $(moments 6 0.03); do
		installed c4 --storage copy
		kill_during "$moment" destroy -y c4
		after_kill c4
	done
}

@test "a create after a killed create of the same name works" {
	for moment in $(moments 8 0.005); do
		kill_during "$moment" create c5 -t minimal
		[ -d "$ZONECTL_ROOT/var/lib/zonectl/zones/c5" ] || zonectl create c5 -t minimal
		zonectl destroy -y c5
	done
}

@test "kill -9 of run leaves no process running, and destroy finishes the rest" {
	kill_during 0.5 run -t minimal --rm --name c6 -- sleep 100017
	state=$(zonectl list -a -H -o state c6 2>/dev/null) || state=absent
	[ "$state" = absent ] || zonectl destroy --force -y c6
	nothing_left c6
	not pgrep -f '^sleep 100017$'
}

# What was killed last may be ending still, and its stage be locked so long.
is_swept() {
	zonectl template build minimal -q
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.new*')" ]
}

@test "a killed import leaves nothing that the next import does not sweep" {
	for moment in $(moments 6 0.06); do
		kill_during "$moment" template build minimal --name killed
	done
	deadline 10 is_swept
}

@test "two commands at once on one zone: one works, the other waits or is told" {
	installed p1
	zonectl boot p1 2>"$BATS_TEST_TMPDIR/1" & first=$!
	zonectl boot p1 2>"$BATS_TEST_TMPDIR/2" & second=$!
	a=0; wait "$first" || a=$?
	b=0; wait "$second" || b=$?
	[ "$((a + b))" -eq 4 ]	# one exit 0, one exit 4
	state_is p1 running
}
