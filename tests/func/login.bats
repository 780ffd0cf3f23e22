#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl login

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

setup() {
	zone_setup
	running l1
}

@test "login gives a shell on a terminal that exists in the zone" {
	on_terminal <(cat <<-'END'
		zonectl login l1
		see "l1"
		type {test -c $(tty) && echo "it is $(tty)"}
		see "it is /dev/pts/"
		type {stty -a | grep -o "rows [0-9]*"; id -un}
		see "rows 24"
		see "root"
		type {exit}
		ends 0
	END
	)
}

# What says that it started, or goes on, is the command itself: before, a key would reach the shell.
@test "login has job control" {
	on_terminal <(cat <<-'END'
		zonectl login l1
		see "l1"
		type {sh -c "trap 'echo g\oes on' CONT; echo s''tarted; while :; do sleep 0.05; done"}
		see "started"
		send "\032"
		see "Stopped"
		type {echo $((40 + 2)) free}
		see "42 free"
		type {fg}
		see "goes on"
		send "\003"
		see "l1:~#"
		type {echo status $?}
		see "status 130"
		type {sleep 1001 &}
		type {jobs}
		see "Running"
		type {kill %1; exit}
		ends 0
	END
	)
}

@test "Ctrl-C ends the command and not the session" {
	on_terminal <(cat <<-'END'
		zonectl login l1
		see "l1"
		type {sh -c "echo s''tarted; exec cat"}
		see "started"
		send "\003"
		see "l1"
		type {echo $((20 + 3)) still; exit}
		see "23 still"
		ends 0
	END
	)
}

@test "Ctrl-D ends the session" {
	on_terminal <(cat <<-'END'
		zonectl login l1
		see "l1"
		send "\004"
		ends 0
	END
	)
}

@test "login follows the size of the window" {
	command -v tmux >/dev/null || skip "needs tmux"
	export TMUX_TMPDIR=$BATS_FILE_TMPDIR
	tmux="tmux -f /dev/null"
	shows() { $tmux capture-pane -p -t s | grep -q "$1"; }
	$tmux new-session -d -s s -x 80 -y 24 "'$ZONECTL' login l1" 3>&-
	deadline 10 shows l1
	$tmux send-keys -t s 'stty size' Enter
	deadline 10 shows '^24 80$'
	$tmux resize-window -t s -x 101 -y 37
	$tmux send-keys -t s 'stty size' Enter
	deadline 10 shows '^37 101$'
	$tmux send-keys -t s exit Enter
	deadline 10 eval "! $tmux has-session -t s 2>/dev/null"
	$tmux kill-server 2>/dev/null || :
}

@test "login passes the terminal's kind on" {
	on_terminal <(cat <<-'END'
		set ::env(TERM) screen-256color
		zonectl login l1
		see "l1"
		type {echo "it is $TERM"}
		see "it is screen-256color"
		type exit
		ends 0
	END
	)
}

@test "login -u is a session of that user, in the home directory" {
	zonectl exec l1 -- sh -c 'echo bob:x:501:501::/home/bob:/bin/sh >>/etc/passwd; echo bob:x:501: >>/etc/group; mkdir /home/bob; chown 501:501 /home/bob'
	on_terminal <(cat <<-'END'
		zonectl login l1 -u bob
		see "l1"
		type {echo "$(id -un) in $PWD, terminal of $(stat -c %U $(tty))"}
		see "bob in /home/bob, terminal of bob"
		type exit
		ends 0
	END
	)
}

@test "login refuses a user that the zone does not have" {
	on_terminal <(cat <<-'END'
		zonectl login l1 -u nosuch
		see "zonectl: login l1: no user 'nosuch'"
		ends 3
	END
	)
}

@test "login -- COMMAND exits with the command's code" {
	exits 5 zonectl login l1 -- sh -c 'exit 5'
	exits 127 zonectl login l1 -- /no/such
	prints "through" zonectl login l1 -- cat < <(echo through)
}

@test "login of a stopped zone is refused" {
	installed l2
	fails 4 "zonectl: login l2: is not running
  try: zonectl boot l2" zonectl login l2
}

@test "login to a zone that ends meanwhile ends with it" {
	running l3
	on_terminal <(cat <<-'END'
		zonectl login l3
		see "l3"
		exec $::env(ZONECTL) halt l3
		expect eof
		puts "status [lindex [wait] 3]"
	END
	)
	state_is l3 installed
}

@test "the terminal is as it was after login, also after kill -9" {
	cd "$BATS_TEST_TMPDIR"
	on_terminal <(cat <<-'END'
		spawn -noecho bash --norc -i
		type {PS1='> '; stty -a >before; "$ZONECTL" login l1 -- true; stty -a >after; cmp before after && echo same $((1 + 1))}
		see "same 2"
		type {"$ZONECTL" login l1; stty -a >after; cmp before after; echo over $((2 + 2))}
		see "l1:~#"
		type {exit}
		see "over 4"
		type {cmp before after && echo same $((3 + 3))}
		see "same 6"
		type {"$ZONECTL" login l1}
		see "l1:~#"
		exec pkill -KILL -s [exp_pid] -x zonectl
		see "Killed"
		type {stty -a >after; cmp before after && echo same $((4 + 4))}
		see "same 8"
		type exit
	END
	)
}

@test "after kill -9 of a login its shell in the zone is gone" {
	on_terminal <(cat <<-'END'
		set id [zonectl login l1]
		see "l1"
		type {exec sleep 1003}
		exec timeout 10 sh -c {until "$ZONECTL" exec l1 -- ps | grep -q "[s]leep 1003"; do :; done}
		exec kill -9 [exp_pid]
		expect eof
	END
	)
	gone() { ! zonectl exec l1 -- ps | grep -q '[s]leep 1003'; }
	deadline 10 gone
}
