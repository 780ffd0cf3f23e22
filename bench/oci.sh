#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# zone-oci beside runc and crun: one /bin/true, a life in three commands, exec, memory, and the next
# container of many. Every runtime is given the same bundle. Writes OCI.md and OCI.json. "make bench-oci"
# sets ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR; bench/setup installs the rivals.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"

ROUNDS=${BENCH_ROUNDS:-50}
MANY=${BENCH_ZONES:-500}
PARTS=${BENCH_PARTS:-runs lives execs memory many}
WARMUPS=3
MANY_ROUNDS=9			# of the next one, at 1 and at many
TRIES=3				# of a memory limit
LIMITS="1 1.5 2 2.5 3 4 5 6 8 12 16 24 32 64"	# MiB

# Who is measured: "NAME|BUNDLE|COMMAND...", the last one a row of words. The bundles differ by having
# cgroups or not.
runtimes=()
words=()			# "NAME|what it makes, or why it was not measured"
commands=()			# for timer

#
# Runtimes and bundles
#

# A bundle of what "runc spec" writes, with a command: bundle NAME KIND ARGUMENT...
bundle() {
	local dir=$work/bundles/$1 kind=$2
	shift 2
	mkdir -p "$dir"
	python3 - "$work/spec/config.json" "$dir/config.json" "$rootfs" "$kind" "$@" <<-'PYTHON'
		import json, sys
		config = json.load(open(sys.argv[1]))
		config["process"].update(terminal=False, args=sys.argv[5:])
		config["root"]["path"] = sys.argv[3]
		if sys.argv[4] == "without":
		    del config["linux"]["resources"]
		elif sys.argv[4] != "with":
		    config["linux"]["resources"]["memory"] = {"limit": int(float(sys.argv[4]) * 1048576)}
		json.dump(config, open(sys.argv[2], "w"))
	PYTHON
}

make_bundles() {
	mkdir "$work/spec"
	(cd "$work/spec" && "$(command -v runc crun | head -n 1)" spec)
	bundle true-with with /bin/true
	bundle true-without without /bin/true
	bundle sleep-with with /bin/sleep infinity
	bundle sleep-without without /bin/sleep infinity
}

# runtime NAME WITH|WITHOUT "what it makes" COMMAND...: is measured if it runs /bin/true.
runtime() {
	local name=$1 kind=$2 what=$3
	shift 3
	if in_place "$@" run -b "$work/bundles/true-$kind" try >/dev/null 2>"$work/reason" </dev/null; then
		runtimes+=("$name|$kind|$*")
		words+=("$name|$what")
	else
		words+=("$name|refused: $(tail -n 1 "$work/reason" | cut -c 1-160)")
	fi
}

# in_place [@NAMESPACE] COMMAND...: as timer runs it.
in_place() {
	if [[ $1 == @* ]]; then nsenter --mount="${1#@}" "${@:2}"; else "$@"; fi
}

# A mount namespace that shows cgroup2 alone. Every mount of cgroup2 has the options of the last one.
hold_cgroup2() {
	local option=${1:+-o $1}
	# shellcheck disable=SC2086	# none, or two words
	coproc exec unshare -m sh -c "mount -t cgroup2 $option none /sys/fs/cgroup && echo ready && exec sleep infinity"
	bench_pids+=("$COPROC_PID")
	read -r -u "${COPROC[0]}" _
}

# crun refuses a host where cgroup v1 and v2 have controllers each. There both it and zone-oci are also
# shown cgroup2 alone, and told to leave cgroups alone.
add_runtimes() {
	local oci=$ZONE_BUILDDIR/zone-oci place crun
	crun=$(command -v crun || :)

	runtime zone-oci with 'with its cgroups' "$oci" --root "$store/run/oci"
	if command -v runc >/dev/null; then
		runtime runc with 'with its cgroups' "$(command -v runc)" --root "$store/run/runc"
	fi
	[ -n "$crun" ] || { words+=("crun|not installed (bench/setup)"); return; }
	if [ "$(cgroup_layout)" = v2 ]; then
		runtime crun with 'with its cgroup' "$crun" --root "$store/run/crun"
		return
	fi
	hold_cgroup2 "$([ -z "$(cgroup_mount cgroup2 nsdelegate)" ] || echo nsdelegate)"
	place=@/proc/$COPROC_PID/ns/mnt
	runtime 'zone-oci, no cgroup' without 'none of its own' "$place" "$oci" --root "$store/run/oci-n" --cgroup-manager=disabled
	runtime 'crun, no cgroup' without 'none of its own, as it refuses hybrid hosts' "$place" "$crun" --root "$store/run/crun" \
		--cgroup-manager=disabled
}

# each FUNCTION: with name, kind and command of every runtime.
each() {
	local row name kind line argv
	for row in "${runtimes[@]}"; do
		IFS='|' read -r name kind line <<<"$row"
		read -r -a argv <<<"$line"
		"$1" "$name" "$kind" "${argv[@]}"
	done
}

# Containers that a failure left.
oci_close() {
	each close_one >/dev/null 2>&1
}

close_one() {
	local id
	shift 2
	for id in $(in_place "$@" list -q); do in_place "$@" delete -f "$id"; done
}

#
# Tables
#

# sum NAME COLUMN: of the three commands of a life, else of one.
sum() {
	awk -F '\t' -v name="$1" -v c="$2" '$1 == name || index($1, name ": ") == 1 {
		if ($2 == "failed") failed = 1; else total += $c }
		END { if (!failed && total) printf "%.2f", total }' "$work/times"
}

# rival: crun with or without cgroups, and who is compared with it.
against_crun() {
	if [ "$(cgroup_layout)" = v2 ]; then echo 'crun|zone-oci'; else echo 'crun, no cgroup|zone-oci, no cgroup'; fi
}

# claim WHAT ROW ROW LIMIT
claim() {
	figure "$1, $2 to $3" "$(ratio "$(sum "$2" 3)" "$(sum "$3" 3)")" "$4" "CPU: $(ratio "$(sum "$2" 5)" "$(sum "$3" 5)")"
}

claims() {
	local crun ours
	IFS='|' read -r crun ours < <(against_crun)
	figures 'Ratios of medians.'
	claim "$1" "$ours" "$crun" "<= 0.5"
	claim "$1" zone-oci runc "<= 0.2"
}

timed() {
	"$tools/timer" "$ROUNDS" "$WARMUPS" "${commands[@]}" >"$work/times"
	times "$work/times" "$@"
}

#
# Parts
#

add_run() {
	commands+=("$1" "${@:3}" run -b "$work/bundles/true-$2" run :::)
}

runs() {
	commands=()
	each add_run
	printf '\n## run\n\n/bin/true in a new container, from fork to reaped, %s rounds in turn.\n' "$ROUNDS"
	timed "${words[@]}"
	claims run
	peaks
}

# The processes of the runtime, by the kernel's account of the largest one.
peaks() {
	local crun ours
	IFS='|' read -r crun ours < <(against_crun)
	figure "most memory of one process, $ours to $crun" "$(ratio "$(column "$work/times" "$ours" 8)" "$(column "$work/times" "$crun" 8)")" \
		"<= 1" "$(column "$work/times" "$ours" 8), $(column "$work/times" "$crun" 8) KiB"
	figure "most memory of one process, zone-oci to runc" "$(ratio "$(column "$work/times" zone-oci 8)" "$(column "$work/times" runc 8)")" \
		- "$(column "$work/times" zone-oci 8), $(column "$work/times" runc 8) KiB"
}

# What ended is waited for between start and delete, outside what is timed.
add_life() {
	commands+=("$1: create" "${@:3}" create -b "$work/bundles/true-$2" --pid-file "$work/pid" life :::
		"$1: start" "${@:3}" start life :::
		- "$(type -P python3)" "$work/ended.py" "$work/pid" :::
		"$1: delete" "${@:3}" delete life :::)
}

lives() {
	commands=()
	cat >"$work/ended.py" <<-'PYTHON'
		import os, select, sys
		try:
		    poll = select.poll()
		    poll.register(os.pidfd_open(int(open(sys.argv[1]).read())), select.POLLIN)
		    poll.poll()
		except ProcessLookupError:
		    pass
	PYTHON
	each add_life
	printf '\n## create, start, delete\n\nThe same in three commands, %s rounds in turn; it has ended before it is deleted.\n' "$ROUNDS"
	timed
	claims 'the three'
}

add_exec() {
	in_place "${@:3}" run -d -b "$work/bundles/sleep-$2" exec </dev/null >/dev/null 2>&1
	commands+=("$1" "${@:3}" exec exec /bin/true :::)
}

execs() {
	commands=()
	each add_exec
	printf '\n## exec\n\n/bin/true in a container that runs, %s rounds in turn.\n' "$ROUNDS"
	timed
	claims exec
	oci_close
}

# The memory group of NAME, made anew, and its file of the most it had.
memory_group() {
	local top
	if [ "$(cgroup_layout)" = v2 ]; then
		top=$(cgroup_mount cgroup2 '')
		peak_file=memory.peak
	else
		top=$(cgroup_mount cgroup memory)
		peak_file=memory.max_usage_in_bytes
	fi
	group=$top/zone-bench-$$
	[ ! -d "$group" ] || rmdir "$group"
	mkdir "$group"
}

# Kernel memory is in it: namespaces, mounts, page tables.
peak_one() {
	local i group peak_file
	for ((i = 0; i < 5; i++)); do
		memory_group
		bash -c 'echo $$ >"$0/cgroup.procs"; place=$1; shift; case $place in
			@*) exec nsenter --mount="${place#@}" "$@";; *) exec "$place" "$@";; esac' "$group" "${@:3}" \
			run -b "$work/bundles/true-$2" peak </dev/null >/dev/null
		awk '{ printf "%.0f\n", $1 / 1024 }' "$group/$peak_file"
		rmdir "$group"
	done | three >"$work/peak.$1"
}

# With what memory limit in its configuration it still runs, MiB.
least_one() {
	local limit i
	[ "$2" = with ] || return 0
	for limit in $LIMITS; do
		bundle least "$limit" /bin/true
		for ((i = 0; i < TRIES; i++)); do
			in_place "${@:3}" run -b "$work/bundles/least" least </dev/null >/dev/null 2>&1 || break
		done
		in_place "${@:3}" delete -f least >/dev/null 2>&1 || :
		[ "$i" -lt "$TRIES" ] || break
	done
	[ "$i" -eq "$TRIES" ] && echo "$limit" >"$work/least.$1"
}

memory() {
	local crun ours most rival
	IFS='|' read -r crun ours < <(against_crun)
	each peak_one
	each least_one
	heading 'Memory' "The most that a memory group around the runtime and its container ever held, the kernel's memory in it, \
median (least to most) of five; then the smallest memory limit in config.json with which /bin/true runs."
	read -r -a most <"$work/peak.$ours"
	read -r -a rival < <(cat "$work/peak.$crun" 2>/dev/null || echo '')
	figure "peak, $ours to $crun" "$(ratio "${most[0]}" "${rival[0]:-}")" "<= 1" \
		"${most[0]} (${most[1]} to ${most[2]}), ${rival[0]:-} (${rival[1]:-} to ${rival[2]:-}) KiB"
	figure 'smallest limit, zone-oci' "$(cat "$work/least.zone-oci" || echo none)" "<= 4" MiB
	[ ! -e "$work/least.runc" ] || figure 'smallest limit, runc' "$(cat "$work/least.runc")" - MiB
	[ ! -e "$work/least.crun" ] || figure 'smallest limit, crun' "$(cat "$work/least.crun")" - MiB
}

# The bare limit is that of one more zone without a network, made and ended.
next_looks() {
	local oci=("$ZONE_BUILDDIR/zone-oci" --root "$store/run/many") boot end
	limit_boot '{}' none
	boot=("${limit_command[@]}")
	limit_end '{}' none
	end=("${limit_command[@]}")
	"$tools/timer" "$MANY_ROUNDS" 2 \
		limit "${boot[@]}" ::: - "${end[@]}" ::: \
		run "${oci[@]}" run -d -b "$work/bundles/sleep-with" next ::: \
		state "${oci[@]}" state next ::: \
		exec "${oci[@]}" exec next /bin/true ::: \
		delete "${oci[@]}" delete -f next :::
}

many_end() {
	local id
	for id in $("$ZONE_BUILDDIR/zone-oci" --root "$store/run/many" list -q 2>/dev/null); do
		"$ZONE_BUILDDIR/zone-oci" --root "$store/run/many" delete -f "$id"
	done
}

many() {
	local oci=("$ZONE_BUILDDIR/zone-oci" --root "$store/run/many") i name from
	limit_open
	after many_end
	"${oci[@]}" run -d -b "$work/bundles/sleep-with" m1 </dev/null >/dev/null
	next_looks >"$work/first"
	from=$(now_ms)
	for ((i = 2; i <= MANY; i++)); do
		"${oci[@]}" run -d -b "$work/bundles/sleep-with" "m$i" </dev/null >/dev/null
	done
	from=$(($(now_ms) - from))
	next_looks >"$work/last"
	heading 'The next one of many' "Medians of $MANY_ROUNDS, ms, at 1 and at $MANY containers that run; made one after the other in $from ms. \
The limit is the bare system calls of one more zone."
	for name in limit run exec state delete; do
		figure "$name" "$(ratio "$(column "$work/last" "$name" 3)" "$(column "$work/first" "$name" 3)")" - \
			"$(column "$work/first" "$name" 3), $(column "$work/last" "$name" 3) ms; CPU: $(column "$work/first" "$name" 5), $(column "$work/last" "$name" 5)"
	done
	for name in run exec; do
		figure "$name, growth to the limit's" "$(ratio \
			"$(ratio "$(column "$work/last" "$name" 3)" "$(column "$work/first" "$name" 3)")" \
			"$(ratio "$(column "$work/last" limit 3)" "$(column "$work/first" limit 3)")")" "<= 1.1" ""
	done
	many_end
}

report() {
	local part

	cat <<-END
		# An OCI runtime

		Written by \`make bench-oci\` (bench/README.md says how to read it).
		$(machine_line)
		zone-oci, $(runc --version 2>/dev/null | head -n 1), $(crun --version 2>/dev/null | head -n 1).
	END
	for part in $PARTS; do
		"$part"
	done
	printf '\nLoad %s at the end.\n' "$(load_now)"
}

bench_open
rootfs=$(realpath "$store/var/lib/zonectl/templates/minimal/rootfs")
make_bundles
add_runtimes
after oci_close
publish OCI
