#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# F: bytes and terminals between a zone and its operator.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

f1() {
	local way

	running v
	for way in "exec v --" "exec v -t --" "login v --" "exec v -u nobody -t --"; do
		try "$way on a terminal" no_hit_pty "$ZONECTL $way /inside tiocsti"
		try "$way on pipes" no_hit z exec v -- /inside tiocsti
	done
	printf '::sysinit:/inside tiocsti >/typed 2>&1\n' >>"$zones/v/data/upper/etc/inittab" 2>/dev/null
	try "run on a terminal" no_hit_pty "$ZONECTL run -t minimal --rm --mount $tools:/mnt:ro -- /mnt/inside tiocsti"
	z set -q v features+=nesting features+=keyctl && z reboot -q v --timeout 1
	try "with features" no_hit_pty "$ZONECTL exec v -t -- /inside tiocsti"
	on_pty "$inside tiocsti" | grep -q '^HIT TIOCSTI' && control=caught
	z destroy -q --force -y v
	score F1 "nothing is typed into a terminal, with no spelling of the command"
}

no_hit_pty() {
	local said

	said=$(on_pty "$1" | tr -d '\r')
	! grep -q '^HIT' <<<"$said" && grep -qE '^tries [1-9]' <<<"$said" && return
	echo "$said" | sed 's/^/# /' | head
	return 1
}

# printable: nothing on standard input moves a terminal.
printable() {
	! LC_ALL=C grep -aqP '[^\x20-\x7e\t]'
}

# JSON may have letters of any language, but nothing that steers.
printable_json() {
	iconv -f UTF-8 -t UTF-8 | { ! grep -aqP '[^\P{Cc}\t]'; } && [ "${PIPESTATUS[0]}" -eq 0 ]
}

f2() {
	local stage=$box/f2 bytes word words

	# shellcheck disable=SC2059
	bytes=$(for i in $(seq 1 9) $(seq 11 31) 127 $(seq 128 255); do printf "\\$(printf %o "$i")x"; done
		printf '\e]0;title\a\e]52;c;b3duZWQ=\a\eP+q544e\e\\\e[6n\e[c\x9b6n\x9d0;x\x9c\e[2J\r\b')
	running v
	printf '%s\n' "$bytes" | z exec v -- sh -c 'cat >/tmp/bytes'
	z exec v -- sh -c 'stty raw </dev/console; cat /tmp/bytes >/dev/console'
	wait_for 5 grep -qa title "$zones/v/console.log"
	try "log" printable < <(z log v 2>&1)
	try "log is not empty" test -n "$(z log v | grep title)"
	words=("$bytes" $'\e]0;x\a' $'v\e[2J' $'\x9b6n' $'a\rb')
	[ "$mode" != quick ] || words=("$bytes")
	for word in "${words[@]}"; do
		for verb in create boot halt info destroy exec login console log set rename verify repair wait "template info" \
			"template remove" "template import" "no-verb"; do
			# shellcheck disable=SC2086
			try "$verb $(printf %q "${word:0:12}")" printable < <(z $verb -y "$word" 2>&1 </dev/null)
			# shellcheck disable=SC2086
			try "$verb --json" printable_json < <(z --json $verb -y "$word" 2>&1 </dev/null)
		done
		try "option $(printf %q "${word:0:12}")" printable < <(z list "--$word" 2>&1)
		try "column" printable < <(z list -o "$word" 2>&1)
		try "property" printable < <(z set v "$word=1" "hostname=$word" 2>&1)
		try "command" printable < <(z exec v -- "/$word" 2>&1)
		try "directory" printable < <(z exec v -w "/$word" -- true 2>&1)
		try "user" printable < <(z exec v -u "$word" -- true 2>&1)
		try "verb" printable < <(z "$word" 2>&1)
	done
	cp -a "$template" "$stage"
	printf 'ID=x\nPRETTY_NAME="%s"\nVERSION_ID="\e]0;x\a"\nNAME=\x9b6n\n' "$bytes" >"$stage/etc/os-release"
	: >"$stage/$(printf 'sbin/\e]0;x\a')"
	rm -f "$stage/sbin/init"
	ln -s $'/\e[2Jx' "$stage/sbin/init"
	tar -C "$stage" --numeric-owner -cf "$box/f2.tar" .
	try "import" printable < <(z template import "$box/f2.tar" --name bytes 2>&1)
	try "template list" printable < <(z template list 2>&1)
	try "template info" printable < <(z template info bytes 2>&1)
	try "template info --json" printable_json < <(z template info bytes --json 2>&1)
	# Whatever a hand wrote into a file of ours is shown no other way.
	sed -i 's/"hostname"/"description": "\\u001b]0;x\\u0007\\u009b", "hostname"/; s/{/{"description": "\\u001b]0;x\\u0007",/' \
		"$zones/v/zone.json"
	try "info --json" printable_json < <(z info v --json 2>&1)
	for verb in "list -a -o name,description,hostname" "info v" "verify v"; do
		# shellcheck disable=SC2086
		try "$verb" printable < <(z $verb 2>&1)
	done
	printable <"$zones/v/console.log" || control=caught
	z destroy -q --force -y v
	rm -rf "$stage" "$box/f2.tar"
	score F2 "no byte of a zone or of an argument drives the terminal"
}

f3() {
	local a b n

	running v && running w
	n=$(find /dev/pts -maxdepth 1 -name '[0-9]*' | wc -l)
	try "a name that is there" test "$(on_pty "$ZONECTL exec v -t -- readlink -f /proc/self/fd/0" | tr -d '\r')" = /dev/pts/1
	try "login on one of the zone's own" test "$(on_pty "$ZONECTL login v -- tty" | tr -d '\r')" = /dev/pts/1
	a=$(stat -c %d "/proc/$(init_of v)/root/dev/pts")
	b=$(stat -c %d "/proc/$(init_of w)/root/dev/pts")
	try "each zone its own devpts" test "$a" != "$b"
	try "none the host's" test "$a" != "$(stat -c %d /dev/pts)" -a "$b" != "$(stat -c %d /dev/pts)"
	z exec v -t -- sleep 3 </dev/null >/dev/null 2>&1 &
	sleep 0.3
	try "no terminal of the host is used" test "$(find /dev/pts -maxdepth 1 -name '[0-9]*' | wc -l)" -eq "$n"
	wait
	# A zone that puts another thing at /dev/pts gets nobody in.
	z exec v -- mount -t tmpfs none /dev/pts
	try "a tmpfs at /dev/pts" refused_entry z exec v -t -- true
	z exec v -- umount /dev/pts
	try "and without it" z exec v -t -- true </dev/null
	try "at most 256 terminals" test "$(z exec v -- sh -c 'i=0; exec 2>/dev/null; while [ $i -lt 300 ]; do
		sleep 2 <>/dev/ptmx & i=$((i + 1)); done; sleep 0.5; ls /dev/pts | wc -l')" -le 257
	try "another zone still has some" test -n "$(on_pty "$ZONECTL exec w -t -- tty" | grep pts)"
	[ "$(on_pty "readlink -f /proc/self/fd/0; stat -c %d /dev/pts" | tail -n 1 | tr -d '\r')" = "$(stat -c %d /dev/pts)" ] &&
		control=caught
	z destroy -q --force -y v w
	score F3 "every terminal is of the zone's own devpts"
}

refused_entry() {
	local said status

	said=$("$@" 2>&1 </dev/null)
	status=$?
	[ "$status" -eq 125 ] && [ -n "$said" ]
}

# leave COMMAND KEYS: floods run; how many milliseconds until it is over, and the largest VmHWM in KiB.
leave() {
	expect -f - -- "$1" "$2" <<-'END' 2>/dev/null
		log_user 0
		set timeout 10
		set stty_init raw
		spawn -noecho {*}[lindex $argv 0]
		set pid [exp_pid]
		match_max 4000
		expect -re ".{200}" { } timeout { puts "9999 0"; exit }
		set kib 0
		catch {
			set f [open /proc/$pid/status]
			regexp {VmHWM:\s+(\d+)} [read $f] all kib
		}
		set start [clock milliseconds]
		send -- [subst -nocommands -novariables [lindex $argv 1]]
		expect eof { } timeout { puts "9999 $kib"; exec kill -9 $pid; exit }
		puts "[expr {[clock milliseconds] - $start}] $kib"
	END
}

f4() {
	local ms kib keeper

	command -v expect >/dev/null || return
	running v
	keeper=$(keeper_of v)
	z exec v -- sh -c 'yes 0123456789012345678901234567890123456789 >/dev/console' >/dev/null 2>&1 &
	for i in 1 2 3; do
		read -r ms kib < <(leave "$ZONECTL console v" '\r~.')
		[ "${ms:-9999}" -lt 1000 ] && [ "${kib:-99999}" -lt 8192 ] && [ "${kib:-0}" -gt 0 ]
		attempt "leave a flooding console: ${ms:-} ms, ${kib:-} KiB" $?
	done
	kib=$(awk '/VmHWM/ { print $2 }' "/proc/$keeper/status")
	try "keeper: $kib KiB" test "$kib" -lt 8192
	try "log is bounded" test "$(du -bc "$zones"/v/console.log* | awk 'END { print $1 }')" -lt 16777216
	z halt -q v
	attempt "halt among the flood" $?
	wait
	read -r ms kib < <(leave "yes 0123456789012345678901234567890123456789" '\r~.')
	[ "${ms:-0}" -ge 1000 ] && control=caught
	z destroy -q --force -y v
	score F4 "a flood holds nobody"
}

# after SIGNAL COMMAND: the terminal's state before and after it was ended so.
after() {
	expect -f - -- "$1" "$2" <<-'END' 2>/dev/null
		log_user 0
		set timeout 10
		spawn -noecho bash --norc -i
		proc ask {} {
			send -- "echo state=\$(stty -g)=\r"
			expect -re {state=([0-9a-f:]+)=} { return $expect_out(1,string) } timeout { puts "no answer"; exit 1 }
		}
		set before [ask]
		send -- "[lindex $argv 1]\r"
		after 700
		foreach p [split [exec sh -c "pgrep -x zonectl || true"] "\n"] { catch { exec kill -[lindex $argv 0] $p } }
		exec timeout 10 sh -c {while pgrep -x zonectl >/dev/null; do :; done}
		after 200
		send -- "\r"
		after 200
		set now [ask]
		puts [expr {$before eq $now ? "same" : "other"}]
	END
}

f5() {
	local sig way

	command -v expect >/dev/null || return
	running v
	for way in "exec v -t -- sleep 30" "login v" "console v"; do
		for sig in TERM HUP INT QUIT KILL; do
			[ "$(after $sig "$ZONECTL $way")" = same ]
			attempt "$way ended by $sig" $?
		done
	done
	[ "$(after KILL "stty raw -echo; $ZONECTL exec v -t -- sleep 30")" = other ] && control=caught
	z destroy -q --force -y v
	score F5 "the operator's terminal is as it was"
}

# What terminals answer, and what programs leave set.
questions=('\033[6n' '\033[c' '\033[>c' '\033[5n' '\033[21t' '\033[?2026$p' '\033[?u' '\033[>q' '\033]52;c;?\a' '\033]11;?\033\\'
	'\033P$qm\033\\' '\033P+q544e\033\\' '\033_Ga=q\033\\' '\005' '\033Z')
left_set='\033[?1049h\033[?25l\033[?1;1000;1002;1003;1006;1004;2004h\033[?7l'

# unheard LATENCY KEYS COMMAND: nothing is typed at the next one, and nothing is left set.
unheard() {
	local said

	said=$(timeout 30 python3 -B "$(dirname "${BASH_SOURCE[0]}")/answers.py" "$@" 2>&1)
	[ "$said" = "typed b'', set []" ] && return
	echo "# $said"
	return 1
}

f6() {
	local q late all lates=(0 0.2)

	[ "$mode" != quick ] || lates=(0.1)
	running v
	for late in "${lates[@]}"; do
		for q in "${questions[@]}"; do
			[ "$mode" != quick ] || [ "$q" = '\005' ] || continue
			try "$q after $late s" unheard "$late" "" "$ZONECTL exec v -t -- printf '$q'"
		done
		all=$(printf %s "${questions[@]}")
		try "all at once, $late s late" unheard "$late" "" "$ZONECTL exec v -t -- printf '$all$all$all$left_set'"
		try "a thousand, $late s late" unheard "$late" "" \
			"$ZONECTL exec v -t -- sh -c 'i=0; while [ \$i -lt 1000 ]; do printf \"\\033[6n\\033[21t\"; i=\$((i + 1)); done'"
		# Whatever is asked at the end was asked before.
		try "every answer foreseen, $late s late" unheard "$late" "" \
			"$ZONECTL exec v -t -- sh -c 'for r in \$(seq 24); do for c in \$(seq 80); do printf \"\\033[\$r;\${c}H\\033[6n\"; done; done'"
		try "in a session that is left, $late s late" unheard "$late" '\r~.' \
			"$ZONECTL exec v -t -- sh -c 'printf \"$all$left_set\"; echo asked; exec sleep 20'"
		try "in a sequence that does not end, $late s late" unheard "$late" '\r~.' \
			"$ZONECTL exec v -t -- sh -c 'printf \"\\033[6nasked$left_set\\033]0;\"; exec sleep 20'"
		try "at the console, $late s late" unheard "$late" '\r~.' \
			"$ZONECTL exec v -- sh -c 'printf \"$all${left_set}asked\" >/dev/console' & $ZONECTL console v"
		try "in a flood of questions, $late s late" unheard "$late" '\r~.' \
			"$ZONECTL exec v -t -- sh -c 'echo asked; while :; do printf \"\\033[6n\"; done'"
		try "when all is killed, $late s late" unheard "$late" "" \
			"$ZONECTL exec v -t -- sh -c 'printf \"$all$left_set\"; kill -9 -1'"
	done
	{ ! unheard 0 "" "printf '\033[21t'" && ! unheard 0 "" "printf '$left_set'"; } >/dev/null && control=caught
	z destroy -q --force -y v
	score F6 "a terminal's answers reach nobody on the host, and its modes are as they were"
}

store_open
f1
f2
f3
[ "$mode" = quick ] || f4
[ "$mode" = quick ] || f5
f6
done_scores
