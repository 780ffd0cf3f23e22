#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# J: names, many commands at once, a host that was booted again, descriptors that are closed.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

listing() {
	(cd "$box" && find . -not -path './root/run/*' -printf '%p %y\n' | sort)
}

# Names at the door of every verb; the million of names is tests/unit/test_name_fuzz.
j1() {
	local was name verb

	was=$(listing)
	for name in .. . -x --x / ../x a/../b a/b ./a 'a b' A $'a\nb' $'\n' é "$(printf 'a%.0s' {1..64})" "$(printf 'a%.0s' {1..300})" \
		'.new-a' '.old-a' '~' '$HOME' '@' '*x/..' 'x{1..99999999}' 'a{b' '[' '\' ''; do
		for verb in create boot halt destroy exec login log set rename info repair verify wait freeze shutdown console; do
			case $verb in
			create) set -- create -t minimal -- "$name" ;;
			exec)   set -- exec "$name" -- true ;;
			set)    set -- set "$name" description=x ;;
			rename) set -- rename "$name" other ;;
			wait)   set -- wait --timeout 1 -- "$name" ;;
			*)      set -- "$verb" -y -- "$name" ;;
			esac
			refused z "$@" >"$box.said" || { [ "$verb" = exec ] && grep -q 'status 125' "$box.said"; }
			attempt "$verb '$name': $(<"$box.said")" $?
		done
		refused z template import "$0" --name "$name" >/dev/null
		attempt "template import --name '$name'" $?
	done
	z create -q a -t minimal
	for name in .. ../b a/b -b B ''; do
		refused z rename a -- "$name" >/dev/null
		attempt "rename to '$name'" $?
	done
	z destroy -q -y a
	rm -f "$box.said"
	try "no file was made" test "$was" = "$(listing)"
	# A naive tool joins the name to its directory.
	mkdir -p "$zones/../x" && [ "$was" != "$(listing)" ] && control=caught
	rmdir "$zones/../x"
	score J1 "a name is refused by every verb before anything is touched"
}

# Two owners of one range, in what the zones say of themselves.
doubled_uids() {
	grep -ho '"uid-base": *[0-9]*' "$zones"/*/zone.json 2>/dev/null | sort | uniq -d
}

states_are_nameable() {
	! z list -a -H -o state 2>&1 | grep -vE '^(incomplete|installed|configured|ready|running|frozen|shutting_down|down)( \(no keeper\))?$'
}

worker() {
	local n=$1 i verb name status

	RANDOM=$n
	for ((i = 0; i < rounds; i++)); do
		name=z$((RANDOM % 5))
		case $((RANDOM % 10)) in
		0|1) verb="create $name -t minimal" ;;
		2|3) verb="boot $name" ;;
		4)   verb="halt $name" ;;
		5)   verb="destroy --force -y $name" ;;
		6)   verb="set $name description=$n-$i" ;;
		7)   verb="exec $name -- true" ;;
		8)   verb="repair $name" ;;
		9)   verb="list -a" ;;
		esac
		# shellcheck disable=SC2086
		timeout -k 1 60 "$ZONECTL" -q $verb >/dev/null 2>"$box/worker.$n.err" </dev/null
		status=$?
		case $verb:$status in
		exec*:125|exec*:0|*:0|*:3|*:4|*:5|*:6) echo ok ;;
		*) echo "$verb: $status $(tr '\n' ' ' <"$box/worker.$n.err")" ;;
		esac
	done
}

j3() {
	local n round

	rounds=40
	[ "$mode" = quick ] && rounds=8
	for ((round = 0; round < 5; round++)); do
		for ((n = 1; n <= 12; n++)); do
			worker $((n + 100 * round)) >"$box/worker.$n" &
		done
		wait
		while IFS= read -r said; do
			[ "$said" = ok ]
			attempt "round $round: $said" $?
		done < <(cat "$box"/worker.*[0-9])
		try "round $round: no range has two owners $(doubled_uids)" test -z "$(doubled_uids)"
		try "round $round: every state has a name" states_are_nameable
		[ "$mode" = quick ] && break
	done
	z destroy -q --force -y --all 2>"$box/said"
	attempt "all destroyed: $(<"$box/said")" $?
	try "nothing is left" test -z "$(find "$zones" "$ZONECTL_ROOT/var/lib/zonectl/uids" -mindepth 1)"
	try "no process" bash -c '! pgrep -x zonekeeper'
	z create -q 'a{1..2}' -t minimal
	cp "$zones/a1/zone.json" "$zones/a2/zone.json"
	[ -n "$(doubled_uids)" ] && control=caught
	rm -rf "$zones/a2" && z destroy -q -y --all
	score J3 "many commands at once: no range twice, no deadlock, no nameless state"
}

j6() {
	local id_now

	id_now=$(cat /proc/sys/kernel/random/boot_id)
	running v
	try "the record has the boot" grep -q "$id_now" "$ZONECTL_ROOT/run/zonectl/v/state.json"
	cp "$ZONECTL_ROOT/run/zonectl/v/state.json" "$box/record"
	z halt -q v
	mkdir -p "$ZONECTL_ROOT/run/zonectl/v"
	# The same pids are there again, alive: only the boot tells.
	sed -E "s/$id_now/00000000-1111-2222-3333-444444444444/g; s/\"pid\": ?[0-9]+/\"pid\":$$/g" "$box/record" \
		>"$ZONECTL_ROOT/run/zonectl/v/state.json"
	try "list shows it installed" test "$(z list -a -H -o state v)" = installed
	try "boots" z boot -q v
	try "runs" test "$(z list -H -o state v)" = running
	z destroy -q --force -y v
	try "is gone" nothing_left v
	# Without the boot id a pid that is alive would be enough.
	kill -0 $$ && control=caught
	for damage in '' '{' '{}' '[]' 'null' '{"version":99}' "$(head -c 100 "$box/record")" '{"init":{"pid":-1}}' '{"init":{"pid":1e99}}'; do
		installed v
		mkdir -p "$ZONECTL_ROOT/run/zonectl/v"
		printf %s "$damage" >"$ZONECTL_ROOT/run/zonectl/v/state.json"
		try "list with record '$damage'" states_are_nameable
		z repair -q v >/dev/null 2>&1
		try "boots after repair, record '$damage'" z boot -q v
		z destroy -q --force -y v
		try "destroyed, record '$damage'" nothing_left v
	done
	score J6 "a record of another boot, or a torn one, holds nothing"
}

j9() {
	local verb way

	for way in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-' '>/dev/full' '2>/dev/full'; do
		installed v
		for verb in "boot v" "list -a" "info v" "exec v -- true" "exec v -- cat /proc/self/status" "set v description=x" \
			"log v" "template list" "features" "halt v" "help" "create w -t minimal" "destroy -y w"; do
			eval "timeout 20 \"\$ZONECTL\" $verb $way" 3>&- 2>/dev/null >/dev/null
			sane $?
			attempt "$verb $way" $?
		done
		# In a zone's own files it marks what it wrote.
		! grep -rE 'NAME|zonectl:' "$zones" 2>/dev/null | grep -vE ':# zonectl: (begin|end|zones)' | grep .
		attempt "no message went into a file of the store, $way" $?
		python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$zones/v/zone.json"
		attempt "zone.json is whole, $way" $?
		z destroy -q --force -y v
	done
	# A tool that opens its file as descriptor 1 and then prints.
	bash -c 'exec >&-; exec 5>"$1"; exec 1>&5; echo NAME' _ "$zones/naive" && grep -q NAME "$zones/naive" && control=caught
	rm -f "$zones/naive"
	score J9 "closed descriptors are not files of the store"
}

store_open
j1
j3
j6
j9
done_scores
