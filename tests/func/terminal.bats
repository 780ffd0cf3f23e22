#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Sessions as if they were local: login, exec -t, console
# shellcheck disable=SC2016	# what is in single quotes runs in a zone
# shellcheck disable=SC2030,SC2031	# each test has an environment of its own

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }

setup() {
	zone_setup
	running t1
}

# Python on standard input, with tests/lib/terminal.py.
on_terminals() {
	run env PYTHONPATH="$ZONE_SRCDIR/tests/lib" PYTHONDONTWRITEBYTECODE=1 timeout 120 \
		python3 -c "from terminal import *
$(cat)" 3>&- 4>&-
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

# A zone whose console is a shell script's alone; returns once that has said something.
console_zone() {
	[ -d "$ZONECTL_ROOT/var/lib/zonectl/zones/c1" ] || zonectl create c1 -t minimal
	! state_is c1 running || zonectl halt c1
	: >"$ZONECTL_ROOT/var/lib/zonectl/zones/c1/console.log"
	zonectl boot c1 --init /bin/sh -- -c "$1"
	deadline 5 test -s "$ZONECTL_ROOT/var/lib/zonectl/zones/c1/console.log"
}

teardown() {
	screens kill-server 2>/dev/null || :
}

screens() { TMUX_TMPDIR=$BATS_FILE_TMPDIR tmux -f /dev/null "$@" 3>&- 4>&-; }

# shows WINDOW PATTERN
shows() { screens capture-pane -p -t "$1" | grep -qE "$2"; }

screens_end() {
	screens kill-server 2>/dev/null || :
	deadline 5 eval "! screens list-sessions 2>/dev/null"
}

@test "a command sees the size of the terminal, and when it changes" {
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done",
		             rows=31, columns=97)
		t.see("31 97")
		t.resize(40, 120)
		t.see("40 120")
		t.type(b"\x03")
		t.ends(130)
		t.is_restored()
		t = Terminal("login", "t1", rows=31, columns=97)
		t.see("t1:~#")
		t.type("stty size\r")
		t.see("31 97")
		t.resize(40, 120)
		t.type("stty size; exit\r")
		t.see("40 120")
		t.ends(0)
		t.is_restored()
	END
}

@test "the console has the size of the terminal, and when it changes" {
	# An init has no controlling terminal, so no signal.
	console_zone 'echo ready; while :; do now=$(stty size); [ "$now" = "$was" ] || echo "$now"; was=$now; sleep 0.05; done'
	on_terminals <<-'END'
		t = Terminal("console", "c1", rows=31, columns=97)
		t.see("ready")
		t.see("31 97")
		t.resize(40, 120)
		t.see("40 120")
		t.type("\r~.")
		t.ends(0)
		t.is_restored()
		t.says_last("zonectl: console c1: detached")
	END
}

@test "a command is told of the terminal: its kind, its colours, UTF-8, its keys" {
	export TERM=screen-256color COLORTERM=truecolor LC_ALL=C.UTF-8
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "echo $TERM,$COLORTERM,$LANG; stty -a")
		t.see("screen-256color,truecolor,C.UTF-8")
		t.see("erase = ^H")
		t.ends(0)
		check(re.search(rb"[- ]iutf8", t.got)[0], b" iutf8")
	END
	export TERM=$'x\e]0;owned\a' COLORTERM=$'\e[6n' LC_ALL=C
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "-e", "COLORTERM=mine", "--", "sh", "-c", "echo $TERM,$COLORTERM,$LANG.")
		t.see("linux,mine,.")
		t.ends(0)
	END
	zonectl set -q t1 env+=LANG=de_DE.UTF-8
	export LC_ALL=C.UTF-8
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "echo $LANG.")
		t.see("de_DE.UTF-8.")
		t.ends(0)
	END
	zonectl set -q t1 env-=LANG=de_DE.UTF-8
}

@test "an erased character is a whole one, of UTF-8 too" {
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "echo ready; read x; echo \"got $x.\"")
		t.see("ready")
		t.type("a\u20acb\u00e9\x08\x08\x08c\r")
		t.see("got ac.")
		t.ends(0)
	END
}

@test "10 MB are pasted and shown unharmed, both at once" {
	on_terminals <<-'END'
		data = os.urandom(10 << 20)
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "stty raw -echo; echo ready; exec cat")
		t.see("ready\n")
		t.talk(data, until=lambda got: len(got) >= len(data))
		check(digest(t.got), digest(data))
		t.type("\r~.")
		t.ends(129)
		t.is_restored()
		t.says_last("zonectl: exec t1: detached")
	END
}

@test "10 MB are pasted unharmed into a login that does not take them at once" {
	on_terminals <<-'END'
		data = os.urandom(10 << 20)
		t = Terminal("login", "t1")
		t.see("t1:~#")
		t.type("stty raw -echo; echo rea''dy; until [ -e /tmp/pasted ]; do sleep 0.05; done; " +
		       f"head -c {len(data)} | sha256sum; stty sane; exit\r")
		t.see("ready\n")
		t.type(data)
		zonectl("exec", "t1", "--", "touch", "/tmp/pasted")
		t.see(digest(data))
		t.ends(0)
		t.is_restored()
	END
}

@test "10 MB are pasted unharmed in lines" {
	on_terminals <<-'END'
		data = b"".join(b"%07d ~. \xe2\x82\xac ~~ and so on, as long as lines are\n" % i for i in range(200000))
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "stty -echo; echo ready; sha256sum")
		t.see("ready")
		t.type(data + b"\x04")
		t.see(digest(data))
		t.ends(0)
	END
}

@test "10 MB are pasted unharmed at the console" {
	console_zone 'stty raw -echo; echo ready; head -c 10485760 | sha256sum; exec sleep 1000'
	on_terminals <<-'END'
		data = os.urandom(10 << 20)
		t = Terminal("console", "c1")
		t.see("ready")
		t.type(data)
		t.see(digest(data))
		t.type("\r~.")
		t.ends(0)
		t.is_restored()
	END
}

@test "10 MB are shown unharmed" {
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c",
		             "stty -opost; seq 1500000 >/tmp/all; head -c 10485760 /tmp/all; head -c 10485760 /tmp/all | sha256sum")
		t.talk(until=lambda got: got.endswith(b"  -\n"))
		shown, said = t.got[: 10 << 20], t.got[10 << 20 :]
		t.ends(0)
		check(digest(shown), said[:64].decode())
	END
}

@test "a flood does not keep the user from leaving, and costs no memory" {
	console_zone 'exec yes 0123456789012345678901234567890123456789'
	zonectl exec t1 -- sh -c 'echo exec yes >>/root/.profile'
	on_terminals <<-'END'
		for args, status in (("exec", "-t", "t1", "--", "yes"), 129), (("login", "t1"), 129), (("console", "c1"), 0):
		    t = Terminal(*args)
		    t.talk(until=lambda got: len(got) > 1 << 20)
		    size = t.memory_kib()
		    if size > 8192:
		        fail(f"{args}: {size} KiB")
		    # From here on nothing reads what is shown.
		    t.type("\r~.")
		    t.ends(status, within=1, reads=False)
		    t.is_restored()
		    t.says_last(f"zonectl: {args[0]} {args[2 if args[0] == 'exec' else 1]}: detached")
	END
	zonectl exec t1 -- rm /root/.profile
}

@test "a program that reads nothing does not keep the user from leaving" {
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "stty raw -echo; echo ready; exec sleep 1000")
		t.see("ready")
		t.type(b"x" * (4 << 20))
		t.leave(129)
	END
}

@test "a frozen zone does not keep the user from leaving" {
	on_terminals <<-'END'
		t = Terminal("login", "t1")
		t.see("t1:~#")
		zonectl("freeze", "t1")
		t.type("\r~.")
		t.ends(129, within=5)
		t.is_restored()
		said = subprocess.run([ZONECTL, "thaw", "t1"], capture_output=True)
		check((said.returncode, said.stderr), (0, b""))
	END
}

@test "a session ends with its terminal, and so does what ran in it" {
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "echo begun; exec sleep 1234")
		t.see("begun")
		check(t.hang_up(), 129)
		t = Terminal("console", "t1")
		t.see("activate this console")
		check(t.hang_up(), 129)
	END
	gone() { ! zonectl exec t1 -- ps | grep -q '[s]leep 1234'; }
	deadline 5 gone
}

@test "a paste does not leave, and --escape none is for keys too" {
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "stty raw -echo; echo ready; head -c 47")
		t.see("ready\n")
		data = b"0123456789012345678901234567890123456789\r~.\r~~\r"
		t.type(data)
		t.ends(0)
		check(bytes(t.got), data)
		t = Terminal("exec", "-t", "t1", "--escape", "none", "--", "sh", "-c", "stty raw -echo; echo ready; head -c 3")
		t.see("ready\n")
		t.type("\r~.")
		t.ends(0)
		t = Terminal("login", "t1", "-e", "!")
		t.see("#")
		t.type("\r!.")
		t.ends(129)
	END
	fails 2 "zonectl: login t1: option '--escape': 'ab' is not one character" zonectl login t1 -e ab
}

@test "a session says why it ended, and the terminal is as it was" {
	on_terminals <<-'END'
		def session():
		    t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "printf begun; exec sleep 1000")
		    t.see("begun")
		    return t
		def ended(t, status, text):
		    t.ends(status)
		    t.is_restored()
		    t.says_last("zonectl: exec t1: " + text)
		t = Terminal("exec", "-t", "t1", "--", "sh", "-c", "exit 3")
		ended(t, 3, "exit status 3")
		t = Terminal("exec", "-t", "t1", "--", "true")
		t.ends(0)
		check(bytes(t.got), b"")
		t = session()
		t.kill(signal.SIGTERM)
		ended(t, 143, "ended by signal 15")
		t = session()
		t.kill(signal.SIGHUP)
		ended(t, 129, "ended by signal 1")
		t = session()
		zonectl("halt", "t1")
		ended(t, 137, "the zone was stopped")
		zonectl("boot", "t1")
		t = session()
		kill(fact("t1", "init_pid"))
		ended(t, 137, "the zone ended: init was killed from outside")
		zonectl("wait", "t1", "--state", "installed")
		zonectl("boot", "t1")
		t = session()
		zonectl("exec", "t1", "--", "reboot", "-f")
		ended(t, 137, "the zone was rebooted")
	END
}

@test "a session does not need the keeper" {
	running t2
	on_terminals <<-'END'
		t = Terminal("exec", "-t", "t2", "--", "sh", "-c", "echo begun; read x; echo $x")
		t.see("begun")
		kill(fact("t2", "keeper_pid"))
		t.type("goes on\r")
		t.see("goes on")
		t.ends(0)
	END
	zonectl repair -q t2
}

@test "a console says why it ended, and the terminal is as it was" {
	on_terminals <<-'END'
		def console():
		    t = Terminal("console", "c1")
		    t.see("begun")
		    return t
		def boot():
		    zonectl("boot", "c1", "--init", "/bin/sh", "--", "-c", "printf begun; exec sleep 1000")
		zonectl("create", "c1", "-t", "minimal")
		zonectl("halt", "c1")
		boot()
		t = console()
		kill(fact("c1", "keeper_pid"))
		t.ends(1)
		t.is_restored()
		t.says_last("  try: zonectl console c1")
		if b"\nzonectl: console c1: connection lost: the zone runs on without its keeper\r\n" not in t.got:
		    fail(t.got)
		t = console()
		zonectl("halt", "c1")
		t.ends(0)
		t.is_restored()
		t.says_last("zonectl: console c1: the zone was stopped")
		boot()
		t = console()
		kill(fact("c1", "init_pid"))
		t.ends(0)
		t.is_restored()
		t.says_last("zonectl: console c1: the zone ended: init was killed from outside")
	END
}

@test "what a program left set in the terminal when its zone ended is undone" {
	command -v tmux >/dev/null || skip "needs tmux"
	state() { screens display -p -t s '#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag} #{keypad_cursor_flag}'; }
	left() { [ "$(state)" = "1 0 1 1 1" ]; }
	screens new-session -d -s s -x 80 -y 24 "bash --norc"
	screens send-keys -t s 'PS1="ready> "; "$ZONECTL" exec -t t1 -- sh -c '\''printf "\033[?1049h\033[?25l\033[?1002;1006h\033=\033[?1h\033[41m"; sleep 1000'\''' Enter
	deadline 10 left
	zonectl halt t1
	deadline 10 shows s 'zonectl: exec t1: the zone was stopped'
	[ "$(state)" = "0 1 0 0 0" ]
	screens_end
}

@test "what the terminal answers to a zone is not typed outside" {
	command -v tmux >/dev/null || skip "needs tmux"
	cat >"$BATS_TEST_TMPDIR/ask" <<-'END'
		# ask COMMAND...: it asks; what is typed after its end is shown.
		"$@"
		stty raw -echo
		typed=$(timeout --foreground 1 cat | tr -d '\033\n')
		stty sane
		echo "typed=$typed."
		read -r
	END
	asks='\033[6n\033[c\033[>c'
	screens new-session -d -s s -x 80 -y 24 "bash '$BATS_TEST_TMPDIR/ask' '$ZONECTL' exec -t t1 -- printf '$asks'"
	screens new-window -t s:1 "bash '$BATS_TEST_TMPDIR/ask' printf '$asks'"
	deadline 10 shows s:0 'typed=.*\.$'
	shows s:0 'typed=\.$'
	deadline 10 shows s:1 'typed=.*[0-9].*\.$'	# what would have come
	screens_end
}

@test "console without a terminal ends after its input" {
	console_zone 'echo said before; while read x; do echo "read $x"; done'
	run timeout 10 "$ZONECTL" console c1 </dev/null 3>&- 4>&-
	[ "$status" -eq 0 ]
	holds "said before"
	run timeout 10 "$ZONECTL" console c1 < <(echo typed; echo more) 3>&- 4>&-
	[ "$status" -eq 0 ]
	holds "read more"
	console_zone 'exec yes'
	run bash -c 'timeout 10 "$ZONECTL" console c1 </dev/null | tail -n 1; exit "${PIPESTATUS[0]}"' 3>&- 4>&-
	[ "$status" -eq 0 ]
}

@test "a full-screen program looks as it does outside" {
	local root keys

	command -v tmux >/dev/null || skip "needs tmux"
	root=$ZONECTL_ROOT/var/lib/zonectl/templates/minimal/rootfs
	screen() { screens capture-pane -p -e -t "$1"; }
	same() { [ "$(screen s:0)" = "$(screen s:1)" ]; }
	commands() { shows s:0 '^- /etc/inittab' && shows s:1 '^- /etc/inittab'; }
	export LC_ALL=C.UTF-8
	screens new-session -d -s s -x 80 -y 24 "'$ZONECTL' exec -t t1 -- vi /etc/inittab"
	screens new-window -t s:1 "chroot '$root' /bin/vi /etc/inittab"
	deadline 10 shows s:1 'inittab 1/'
	deadline 10 same
	for keys in G 'o' 'f€ñ' 'Escape' '0' 'i' 'x' 'Escape'; do
		screens send-keys -t s:0 "$keys"
		screens send-keys -t s:1 "$keys"
		[ "$keys" != Escape ] || deadline 10 commands	# with the next key it would be another
	done
	deadline 10 shows s:1 'xf€ñ'
	deadline 10 same
	screens resize-window -t s:0 -x 61 -y 17
	screens resize-window -t s:1 -x 61 -y 17
	screens send-keys -t s:0 C-l
	screens send-keys -t s:1 C-l
	deadline 10 same
	screen s:0 | grep -q 'inittab'
	screens send-keys -t s:0 ':q!' Enter
	screens send-keys -t s:1 ':q!' Enter
	screens_end
}
