#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# D2 to D7: the host's own tool among files and words that a zone or a stranger chose.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

fifos="etc/os-release usr/lib/os-release sbin/init etc/machine-id etc/inittab lib/systemd/systemd"
properties="hostname description tags init init-args env timezone autoboot boot-order cpus cpu-weight cpuset cpu-burst \
	memory memory-high memory-low swap hugepages oom-kill pids nofile io-weight io-read io-write io-read-ops io-write-ops storage mount features"
controls=($'\n' $'\r' $'\e' $'\x01' $'\x7f' $'\xc2\x9b' $'\xff')
races=25
if [ "$mode" = quick ]; then
	races=5
	fifos="etc/os-release sbin/init" properties="hostname description init env mount memory" controls=($'\n' $'\e')
fi

# soon SECONDS COMMAND...: it ends by itself within the time.
soon() {
	local end status

	end=$(($(date +%s%3N) + $1 * 1000))
	shift
	timeout -k 1 20 "$@" >/dev/null 2>&1 </dev/null
	status=$?
	[ "$(date +%s%3N)" -lt "$end" ] && sane "$status"
}

d2() {
	local file stage=$box/d2

	for file in $fifos; do
		rm -rf "$stage"
		cp -a "$template" "$stage"
		mkdir -p "$stage/${file%/*}"
		rm -f "$stage/$file"
		mkfifo "$stage/$file"
		tar -C "$stage" --numeric-owner -cf "$box/d2.tar" .
		try "import with $file a FIFO" soon 2 "$ZONECTL" template import -q "$box/d2.tar" --name fifo
		try "create with $file a FIFO" soon 2 "$ZONECTL" create -q v -t fifo
		try "boot with $file a FIFO" soon 3 "$ZONECTL" boot -q v
		try "info with $file a FIFO" soon 2 "$ZONECTL" template info fifo
		z destroy -q --force -y v >/dev/null 2>&1
		z template remove -q fifo >/dev/null 2>&1
	done
	mkfifo "$box/fifo"
	timeout 1 "$naive" read "$box" fifo 2>/dev/null
	[ $? -eq 124 ] && control=caught
	rm -rf "$stage" "$box/d2.tar" "$box/fifo"
	score D2 "a FIFO where a file is expected holds nobody up"
}

d3() {
	local f target

	for target in "$canary/file" "$canary/new"; do
		for f in console.log console.log.1; do
			canary_take
			installed v
			rm -f "$zones/v/$f"
			ln -s "$target" "$zones/v/$f"
			z boot -q v 2>/dev/null
			z exec v -- sh -c 'echo said >/dev/console' 2>/dev/null
			z log v >"$box/said" 2>&1
			! grep -q precious "$box/said"
			attempt "log reads through $f" $?
			z reboot -q v --timeout 1 2>/dev/null
			try "$f -> $target" canary_same
			z destroy -q --force -y v
			try "destroyed, $f -> $target" canary_same
		done
	done
	installed v
	try "no other user enters the zone's directory" test "$(stat -c %a "$zones" "$zones/v" | tr '\n' ' ')" = "700 700 "
	z destroy -q --force -y v
	ln -s "$canary/file" "$box/link"
	canary_take
	"$naive" write "$box" link
	canary_same >/dev/null || control=caught
	echo precious >"$canary/file"
	touch -d @1000000000 "$canary/file"
	score D3 "a log that is a link is not written through"
}

# has_no_line: after a set, zone.json is whole and no value of it has a raw control byte.
has_no_line() {
	python3 - "$zones/v/zone.json" <<-'END'
		import json, sys
		text = open(sys.argv[1], encoding="utf-8", newline="").read()
		json.loads(text)
		sys.exit(any(ord(c) < 32 and c not in "\n\t" or ord(c) == 127 for c in text))
	END
}

d4() {
	local p c

	installed v
	for p in $properties; do
		for c in "${controls[@]}"; do
			# shellcheck disable=SC2086
			refused z set v "$p=a${c}uid-base=0" >"$box/said"
			attempt "set $p with $(printf %q "$c") $(<"$box/said")" $?
			try "zone.json after $p with $(printf %q "$c")" has_no_line
		done
		refused z create w -t minimal --"$p" $'a\nb' >"$box/said"
		attempt "create --$p with a newline" $?
	done
	for c in $'A=1\nlxc.x=y' $'A=\e]0;x' $'A\n=1' '=x' 'noequals'; do
		refused z set v "env=$c" >/dev/null
		attempt "env $(printf %q "$c")" $?
	done
	try "nothing was made" test ! -e "$zones/w"
	z destroy -q --force -y v
	printf 'hostname=%s\n' $'a\nuid-base=0' | grep -q '^uid-base=0$' && control=caught
	score D4 "no property takes a control byte"
}

d5() {
	local a b keeper

	running a && running b
	keeper=$(keeper_of b)
	for name in "zonekeeper" "zonectl: zone b" "zonectl"; do
		z exec a -- /inside named "$name" 60 >/dev/null 2>&1 &
	done
	wait_for 5 pgrep -x zonectl >/dev/null
	a=$(cat "/sys/fs/cgroup/unified/zonectl-$id/a/zone/"*/cgroup.procs "/sys/fs/cgroup/unified/zonectl-$id/a/zone/cgroup.procs" \
		2>/dev/null | wc -l)
	z shutdown -q b --timeout 1
	try "b ended" test ! -e "$ZONECTL_ROOT/run/zonectl/b"
	try "its keeper ended" test ! -e "/proc/$keeper"
	b=$(z exec a -- sh -c 'cat /proc/[0-9]*/comm' | grep -cE '^(zonekeeper|zonectl)')
	try "those who took its name live ($b)" test "$b" -eq 3
	try "a runs" test "$(z list -H -o state a)" = running
	try "a kept its processes ($a)" test "$a" -ge 4
	# By name there is more than one.
	[ "$(pgrep -f 'zonekeeper|zonectl: zone b' | wc -l)" -gt 1 ] && control=caught
	z destroy -q --force -y a b
	wait
	score D5 "processes are known by pidfd and group, not by name"
}

d6() {
	local v p

	canary_take
	installed v
	for v in ";touch $canary/x" "\$(touch $canary/x)" "\`touch $canary/x\`" "--checkpoint-action=exec=touch $canary/x" \
		"-oProxyCommand=touch $canary/x" "|touch $canary/x" "--use-compress-program=touch $canary/x" \
		"%(touch $canary/x)" $'x\ntouch '"$canary/x" "{{ open($canary/x) }}"; do
		for p in $properties; do
			z set -q v "$p=$v" >/dev/null 2>&1 </dev/null
			sane $?
			attempt "set $p=$v" $?
			z create -q w -t minimal --"$p" "$v" >/dev/null 2>&1 </dev/null
			[ ! -e "$zones/w" ] || { z boot -q w >/dev/null 2>&1 </dev/null; z destroy -q --force -y w; }
		done
		for p in "create $v -t minimal" "create w -t $v" "template import $v --name x" "template import $box/d.tar --name $v" \
			"exec v -w $v -- true" "exec v -u $v -- true" "log $v" "list -o $v" "list -s $v" "rename v $v" \
			"wait v --state $v" "run -t $v -- true" "boot v --init $v" "template build $v" "halt $v" "info $v"; do
			# shellcheck disable=SC2086,SC2090	# an attacker's words may split: more options to try
			LIMIT=10 z $p >/dev/null 2>&1 </dev/null
			sane $?
			attempt "$p" $?
		done
		LIMIT=10 z exec v -e "A=$v" -w "$v" -u "$v" -- "$v" >/dev/null 2>&1 </dev/null
		LIMIT=10 z template build minimal --name six --include "$v" --mirror "$v" >/dev/null 2>&1 </dev/null
		LIMIT=10 z template build debian-12 --name six --include "$v" --mirror "$v" >/dev/null 2>&1 </dev/null
		z halt -q v >/dev/null 2>&1
		try "canary after $v" canary_same
	done
	z destroy -q --force -y --all >/dev/null 2>&1
	sh -c "echo x ;touch $canary/x" >/dev/null
	canary_same >/dev/null || control=caught
	rm -f "$canary/x"
	touch -d @1000000000 "$canary"
	score D6 "no option's value is run, expanded or taken for an option"
}

d7() {
	local i swapper status copy=$box/sacrifice

	installed v
	"$inside" deep "$zones/v/data/upper" "${1:-100000}"
	canary_take
	LIMIT=600 z destroy -q -y v
	attempt "a tree of ${1:-100000} levels" $?
	try "is gone" test ! -e "$zones/v"
	for i in upper upper/tmp lower .; do
		installed v
		mkdir -p "$zones/v/data/$i/bind"
		mount --bind "$canary" "$zones/v/data/$i/bind"
		canary_take
		try "a bind of the canary in $i is not entered" refused z destroy -q -y v
		try "canary behind the bind in $i" canary_same
		umount "$zones/v/data/$i/bind" 2>/dev/null || umount "$zones/.old-v/data/$i/bind"
		z destroy -q -y v
		attempt "destroyed after that" $?
		try "is gone" test ! -e "$zones/v" -a ! -e "$zones/.old-v"
	done
	canary_take
	for ((i = 0; i < races; i++)); do
		installed v
		mkdir -p "$zones/v/data/upper"/a/{b,c,d,e,f}/{1,2,3,4,5}/{x,y}
		ln -s "$canary" "$zones/v/data/upper/a/z"
		"$inside" swap "$zones/v/data/upper/a" c z 0 >"$box/swaps" 2>&1 &
		swapper=$!
		z destroy -q -y v
		status=$?
		kill "$swapper"
		wait "$swapper"
		[ "$status" -eq 0 ] || z destroy -q -y v || z repair -q v
		try "canary after race $i" canary_same
		try "is gone after race $i" test ! -e "$zones/v" -a ! -e "$zones/.old-v"
	done
	mkdir -p "$copy/zone" "$copy/host" && echo x >"$copy/host/file" && ln -s "$copy/host" "$copy/zone/link"
	"$naive" rm "$copy/zone"
	[ ! -e "$copy/host/file" ] && control=caught
	score D7 "destroy follows no link, enters no mount, has no depth"
}

store_open
case $mode in
quick)
	d2
	d3
	d4
	d7 5000
	;;
*)
	d2
	d3
	d4
	d5
	d6
	d7
	;;
esac
done_scores
