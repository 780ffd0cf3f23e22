#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl top, on a terminal that tmux draws
# shellcheck disable=SC2154,SC2016	# run --separate-stderr sets stderr; some is for shells of zones

load ../lib/zone

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	zonectl create 'web{1..3}' -t minimal --net none --memory 64M --boot
	zonectl create db1 -t minimal --net none --memory 512M --boot
}

teardown_file() { store_close; }

setup() {
	zone_setup
	command -v tmux >/dev/null || skip "needs tmux"
}

teardown() {
	terminal kill-server 2>/dev/null || :
}

terminal() {
	TMUX='' tmux -f /dev/null -S "$BATS_TEST_TMPDIR/tmux" "$@" 3>&- 4>&-
}

# A server that is on its way out still takes the next session, and ends with it.
leave_terminal() {
	local server

	server=$(terminal display-message -p '#{pid}')
	terminal kill-server
	deadline 5 not kill -0 "$server"
	rm -f "$BATS_TEST_TMPDIR/tmux"
}

# on_screen COLUMNSxROWS [ARGUMENT...]: top runs there; afterwards its status stands there. $environment is
# set before it.
on_screen() {
	local size=$1 words
	shift

	printf -v words '%q ' "$ZONECTL" top -w 200ms "$@"
	cat >"$BATS_TEST_TMPDIR/run" <<-END
		cd "$BATS_TEST_TMPDIR"
		export LC_ALL=C.UTF-8 ${environment:-}
		echo before it
		stty -g >before
		$words
		echo "status \$?"
		stty -g >after
		cat
	END
	terminal new-session -d -x "${size%x*}" -y "${size#*x}" "bash $BATS_TEST_TMPDIR/run"
}

screen() {
	terminal capture-pane -p "$@"
}

line() {
	screen | sed -n "$1p"
}

has() {
	screen | grep -F -- "$1" >/dev/null
}

lacks() {
	not has "$1" >/dev/null
}

# sees TEXT, loses TEXT: within a while.
sees() { deadline 10 has "$1" || { screen; return 1; }; }
loses() { deadline 10 lacks "$1" || { screen; return 1; }; }

press() {
	terminal send-keys "$@"
}

# ended STATUS: top has, so, and the terminal is as it was.
ended() {
	sees "status $1"
	deadline 5 test -s "$BATS_TEST_TMPDIR/after"
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	[ "$(line 1)" = "before it" ]
	[ "$(terminal display-message -p '#{cursor_flag}')" = 1 ]
	[ "$(terminal display-message -p '#{alternate_on}')" = 0 ]
}

# The names that the list shows, in its order.
listed() {
	screen | awk '/^NAME/ { is_in = 1; next } is_in && $2 ~ /^[RFSr]$/ { print $1 }' | paste -sd ' '
}

lists() {
	[ "$(listed)" = "$1" ]
}

top_pid() {
	pids_of zone-top
}

@test "top shows zones with what they use, in 80 columns and 24 rows" {
	on_screen 80x24
	sees web3
	line 1 | grep -qE '^[0-9:]{8}  4 zones, 0 frozen   cpu [0-9]+% of [0-9]+%   memory [0-9.]+[KMG] of '
	line 3 | grep -qE '^NAME +S   CPU% +MEMORY    OF +PIDS  IO/s NET/s$'
	screen | grep -qE '^db1 +R +([0-9.]+|-) .* 512M '
	line 24 | grep -q '^q quit  h help'
	press q
	ended 0
}

@test "top sorts by what a key or --sort says, and a second time backward" {
	on_screen 80x24 -s name
	deadline 10 lists "db1 web1 web2 web3"
	press n
	deadline 5 lists "web3 web2 web1 db1"
	sees "by name, backward"
	zonectl exec web2 -- sh -c 'for i in 1 2 3 4 5; do sleep 1000 </dev/null >/dev/null 2>&1 & done'
	press p
	sees "by pids"
	deadline 5 lists "web2 db1 web1 web3"
	zonectl exec web2 -- killall sleep
}

@test "top shows processor time of a busy zone, with a picture of it" {
	on_screen 80x24
	sees web3
	zonectl exec web2 -- sh -c 'while :; do :; done' &
	busy_first() { screen | sed -n 4p | grep -qE '^web2 +R +[1-9][0-9]*\.[0-9] +.*[▁▂▃▄▅▆▇█]'; }
	deadline 10 busy_first || { screen; false; }
	kill %1
	wait
}

@test "/ leaves names that hold what is typed, Escape brings all back" {
	on_screen 80x24 -s name
	deadline 10 lists "db1 web1 web2 web3"
	press / w 3
	sees "names with: w3_"
	deadline 5 lists ""
	press BSpace
	deadline 5 lists "web1 web2 web3"
	press 'q' Enter
	sees "no name has that in it"
	press Escape
	deadline 5 lists "db1 web1 web2 web3"
}

@test "f freezes the chosen zone and thaws it, once it is told yes" {
	on_screen 80x24 -s name
	deadline 10 lists "db1 web1 web2 web3"
	press Down f
	sees "freeze web1? y/n"
	press n
	loses "freeze web1?"
	state_is web1 running
	press f
	sees "freeze web1? y/n"
	press y
	sees "1 frozen"
	state_is web1 frozen
	sees "freeze: done"
	press f
	sees "thaw web1? y/n"
	press y
	sees "0 frozen"
	state_is web1 running
}

@test "what zonectl says when it can't is shown" {
	on_screen 80x24 -s name
	deadline 10 lists "db1 web1 web2 web3"
	press Down f
	sees "freeze web1? y/n"
	zonectl freeze web1
	press y
	sees "zonectl: freeze web1: is frozen"
	zonectl thaw web1
}

@test "Enter logs in to the chosen zone; its end leads back to the list" {
	on_screen 80x24 -s name
	deadline 10 lists "db1 web1 web2 web3"
	press End Enter
	loses "NAME "
	press 'echo host is $(hostname)' Enter
	sees "host is web3"
	press 'stty size; exit' Enter
	deadline 10 lists "db1 web1 web2 web3"
	press q
	ended 0
}

@test "help tells the keys; any key leads back" {
	on_screen 80x24
	sees web3
	press '?'
	sees "freeze the chosen zone, or thaw it"
	[ "$(screen | awk 'NR > 2 && length > 79' | wc -l)" -eq 0 ]	# none is cut
	press x
	sees web3
}

@test "it follows the size of the terminal, down to next to nothing" {
	on_screen 80x24
	sees web3
	terminal resize-window -x 120 -y 30
	sees " UP"
	line 30 | grep -q '^q quit'
	terminal resize-window -x 40 -y 10
	loses "PIDS"
	sees "web3"
	sees "MEMORY"
	terminal resize-window -x 16 -y 3
	loses "CPU%"
	sees "web"
	terminal resize-window -x 1 -y 1
	terminal resize-window -x 80 -y 24
	sees "IO/s"
	sees web3
	press q
	ended 0
}

@test "the terminal is as it was after Ctrl-C and after SIGTERM" {
	on_screen 80x24
	sees web3
	press C-c
	ended 0
	leave_terminal
	rm "$BATS_TEST_TMPDIR/after"
	on_screen 80x24
	sees web3
	kill -TERM "$(top_pid)"
	ended 143
}

@test "the terminal is as it was while top is stopped by Ctrl-Z" {
	environment=$'\nset -m' on_screen 80x24
	sees web3
	press C-z
	ended 148
	kill -CONT "$(top_pid)"
	kill -TERM "$(top_pid)"
	deadline 5 eval '[ -z "$(top_pid)" ]'
}

@test "SIGTERM ends it while somebody is logged in, and the session" {
	on_screen 80x24 -s name
	sees web3
	press Enter
	loses "NAME "
	sees "~#"	# login drops what was typed before
	press 'echo here $((40 + 2))' Enter
	sees "here 42"
	kill -TERM "$(top_pid)"
	ended 143
}

# The screen with its colours.
has_colour() { screen -e | grep -q "$(printf '\033')"'\[\(3[1-7]\|[0-9;]*;3[1-7]\)m'; }

@test "colours are for terminals that have them, and not with --no-color or NO_COLOR" {
	on_screen 80x24
	sees web3
	has_colour
	leave_terminal
	on_screen 80x24 --no-color
	sees web3
	not has_colour
	leave_terminal
	environment="NO_COLOR=1" on_screen 80x24
	sees web3
	not has_colour
}

@test "without UTF-8 the pictures are made of ASCII" {
	environment="LC_ALL=C" on_screen 80x24
	deadline 10 eval 'screen | grep -qE "^db1 .* [.:=+*#@-]+ "' || { screen; false; }
	not grep -qP '[^\x00-\x7f]' <(screen)
}

@test "fifty zones are scrolled through" {
	zonectl create -q 'many{001..050}' -t minimal --net none --boot -j 2
	on_screen 80x24 -s name
	sees many001
	not has many020
	press PageDown
	sees many020
	press End
	sees web3
	not has many001
	press Home
	sees many001
	press / 0 4 Enter
	sees "(11 of 54)"
	press Escape
	zonectl destroy -q --force -y 'many*' -j 2
	sees "4 zones"
	deadline 5 lists "db1 web1 web2 web3"
	press q
	ended 0
}

@test "what is no screen is refused" {
	fails 2 "zonectl: top: needs a terminal
  try: zonectl stat" zonectl top
	run --separate-stderr zonectl top --json
	[ "$status" -eq 2 ]
	holds 'is a screen, and has no JSON'
	fails 2 "zonectl: top: option '--sort': no 'size' (there are cpu, memory, pids, io, net, name)" \
		zonectl top -s size
	fails 2 "zonectl: top: option '--watch': below 100 ms" zonectl top -w 1ms
	# what libtinfo keeps after a refusal is no leak of ours
	environment="TERM=unheard-of ASAN_OPTIONS=detect_leaks=0" on_screen 80x24
	sees "zonectl: top: nothing is known of the terminal type 'unheard-of'"
	ended 8
}
