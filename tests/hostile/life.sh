#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# G: pids that are others' by now, zones that do not want to end, zones that reboot.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

record() {
	echo "$ZONECTL_ROOT/run/zonectl/$1/state.json"
}

# forge NAME PID: its record says that a process which is another's is its init and its keeper.
forge() {
	sed -E -i "s/\"pid\": ?[0-9]+/\"pid\":$2/g" "$(record "$1")"
}

g1() {
	local decoy verb verbs keeper init

	sleep 1000 &
	decoy=$!
	verbs=("halt" "shutdown --timeout 1" "reboot --timeout 1" "repair" "destroy --force -y" "freeze" "exec" "boot" "wait --timeout 1")
	[ "$mode" != quick ] || verbs=(halt repair "destroy --force -y")
	for verb in "${verbs[@]}"; do
		running v
		keeper=$(keeper_of v) init=$(init_of v)
		kill -KILL "$keeper" "$init"
		wait_for 10 test ! -e "/proc/$init"
		forge v "$decoy"
		# shellcheck disable=SC2086
		if [ "$verb" = exec ]; then
			z exec v -- true >/dev/null 2>&1
		else
			z $verb v >/dev/null 2>&1 </dev/null
		fi
		sane $?
		attempt "$verb ended by itself" $?
		try "$verb: the decoy lives" kill -0 "$decoy"
		try "$verb: the decoy is not stopped" grep -q '^State:	S' "/proc/$decoy/status"
		z destroy -q --force -y v 2>/dev/null
		try "$verb: destroyed" test ! -e "$zones/v"
	done
	try "the decoy lives" kill -0 "$decoy"
	printf '{"init":{"pid":%d}}' "$decoy" >"$box/record"
	sed -i 's/ //' "$box/record"
	"$naive" kill "$box/record"
	wait "$decoy" 2>/dev/null
	[ -e "/proc/$decoy" ] || control=caught
	score G1 "a recycled pid is nobody's init"
}

in_zone_groups() {
	groups_of_store "/$1*" | while read -r group; do cat "$group/cgroup.procs" 2>/dev/null; done
}

halts_soon() {
	local start=$SECONDS

	LIMIT=30 z "$@" || return
	[ $((SECONDS - start)) -lt 10 ]
}

g2() {
	running v --pids 500
	z exec v -- /inside storm 20 >/dev/null 2>&1 &
	sleep 1
	try "storm: halt" halts_soon halt -q v
	try "storm: nothing is left ($(in_zone_groups v | wc -l))" test -z "$(in_zone_groups v)"
	try "storm: no process" bash -c '! pgrep -x inside'
	wait
	z boot -q v && z freeze -q v
	try "frozen: halt" halts_soon halt -q v
	try "frozen: nothing is left" test -z "$(in_zone_groups v)"
	z boot -q v
	z exec v -- sh -c 'mkdir -p /sys/fs/cgroup/a/b; (echo 0 >/sys/fs/cgroup/a/b/cgroup.procs; exec sleep 1000) &
		sleep 0.2; echo 1 >/sys/fs/cgroup/a/cgroup.freeze' </dev/null >/dev/null 2>&1
	try "froze itself: exec still works" z exec v -- true
	try "froze itself: halt" halts_soon halt -q v
	try "froze itself: nothing is left" test -z "$(in_zone_groups v)"
	z boot -q v
	z exec v -- /inside storm 10 >/dev/null 2>&1 &
	sleep 0.5
	try "storm: destroy --force" halts_soon destroy -q --force -y v
	try "storm: all gone" nothing_left v
	wait
	# Ended by name and pid, as a stop script would, some live on; not every time, so it tries.
	for _ in 1 2 3 4 5 6; do
		unshare --pid --fork --kill-child --mount-proc bash -c '"$0" storm 10 >/dev/null & sleep 0.3
			pkill -KILL -x inside; sleep 0.1; pgrep -x inside >/dev/null' "$inside" || continue
		control=caught
		break
	done
	score G2 "nothing outlives a halt"
}

namespaces() {
	find /proc/[0-9]*/ns -mindepth 1 -printf '%l\n' 2>/dev/null | sort -u | wc -l
}

g3() {
	local i keeper was n init limit

	running v --memory 200M --pids 123
	keeper=$(keeper_of v)
	limit=$(cat "/sys/fs/cgroup/memory/zonectl-$id/v/memory.limit_in_bytes" 2>/dev/null)
	for ((i = 0; i < 20; i++)); do
		init=$(init_of v)
		z exec v -- /inside reboot >/dev/null 2>&1 || z exec v -- reboot -f >/dev/null 2>&1
		wait_for 10 rebooted "$init"
		attempt "reboot $i" $?
		if [ "$i" -eq 1 ]; then
			was=$(namespaces) n=$(find "/proc/$keeper/fd" -mindepth 1 | wc -l)
		fi
	done
	wait_for 10 settled "$was"
	try "namespaces: $was before, $(namespaces) after" test "$(namespaces)" -eq "$was"
	try "descriptors of the keeper" test "$(find "/proc/$keeper/fd" -mindepth 1 | wc -l)" -eq "$n"
	try "the same keeper" test "$(keeper_of v)" = "$keeper"
	try "the same limit" test "$(cat "/sys/fs/cgroup/memory/zonectl-$id/v/memory.limit_in_bytes" 2>/dev/null)" = "$limit"
	unshare --net sleep 5 &
	sleep 0.2
	[ "$(namespaces)" -ne "$was" ] && control=caught
	kill %% && wait 2>/dev/null
	z destroy -q --force -y v
	try "nothing is left" nothing_left v
	score G3 "reboots inside leave nothing behind"
}

rebooted() {
	local now

	now=$(init_of v 2>/dev/null)
	[ -n "$now" ] && [ "$now" != "$1" ] && z exec v -- true 2>/dev/null
}

settled() {
	[ "$(namespaces)" -eq "$1" ]
}

is_through() {
	[ "$(z list -a -H -o state v 2>/dev/null)" != shutting_down ]
}

# Whatever state a killed command left has a name, and repair or destroy finish.
recovers() {
	local state

	state=$(z list -a -H -o state v 2>/dev/null)
	[[ " incomplete installed configured ready running frozen shutting_down down " == *" ${state:-installed} "* ]] ||
		{ echo "# state '$state'"; return 1; }
	z repair -q v >"$box/said" 2>&1 || grep -q 'no zone' "$box/said" || { echo "# repair: $(<"$box/said")"; return 1; }
	# A keeper that lives ends what it has begun by itself.
	wait_for 30 is_through
	state=$(z list -a -H -o state v 2>/dev/null)
	[[ " installed running frozen " == *" ${state:-installed} "* ]] || { echo "# repaired to '$state'"; return 1; }
}

g4() {
	local verb i pid init

	for ((i = 0; i < 20; i++)); do
		for verb in "create v -t minimal" "boot v" "reboot v --timeout 1" "set v description=$i" "halt v" "destroy v -y --force"; do
			# shellcheck disable=SC2086
			"$ZONECTL" -q $verb >/dev/null 2>&1 </dev/null &
			pid=$!
			sleep "0.00$((RANDOM % 10))"
			kill -KILL "$pid" 2>/dev/null
			wait "$pid" 2>/dev/null
			try "$verb killed, round $i" recovers
		done
	done
	z destroy -q --force -y v 2>/dev/null
	nothing_left v
	attempt "nothing is left" $?
	running v
	init=$(init_of v)
	kill -KILL "$(keeper_of v)"
	sleep 0.2
	try "a zone outlives its keeper" test "$(z list -a -H -o state v)" = "running (no keeper)"
	try "exec without a keeper" z exec v -- true
	try "repair gives it one" z repair -q v
	try "the same init" test "$(init_of v)" = "$init"
	try "and a keeper" test -e "/proc/$(keeper_of v)"
	try "halt" z halt -q v
	try "nothing is left" test -z "$(in_zone_groups v)"
	z destroy -q --force -y v
	# One that dies with who started it, as with PR_SET_PDEATHSIG.
	bash -c 'setpriv --pdeathsig KILL sleep 77 & echo started; wait' >/dev/null &
	wait_for 10 pgrep -xf 'sleep 77' >/dev/null
	kill -KILL $!
	wait $! 2>/dev/null
	wait_for 10 bash -c '! pgrep -xf "sleep 77"' >/dev/null && control=caught
	score G4 "whoever is killed, the zone has a state and a way on"
}

store_open
g1
g2
[ "$mode" = quick ] || g3
[ "$mode" = quick ] || g4
done_scores
