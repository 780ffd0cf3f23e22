#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it costs to get into a running zone: exec beside the bare limit and beside what people would use
# instead, ssh beside plain ssh, ssh on demand beside a server that waits, what it holds while nobody
# comes, and whether everybody reaches the zone meant. Writes ACCESS.md and ACCESS.json. "make
# bench-access" sets ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR; bench/setup installs the rivals.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/debian.bash"

ROUNDS=${BENCH_ROUNDS:-100}		# of exec; a fifth of them of ssh
FIRSTS=${BENCH_FIRSTS:-5}		# zones of each kind that get a first connection
IDLE=${BENCH_IDLE:-500}
BATCHES=10				# that they are booted in
ZONES=${BENCH_ZONES:-50}		# that SESSIONS are spread over
SESSIONS=${BENCH_SESSIONS:-200}
PARTS=${BENCH_PARTS:-execs sshs firsts idles sessions}
WARMUPS=3
# An init that does nothing: what is measured is the way in.
IDLER=(--init /bin/sleep --init-args infinity)

holder=			# holds a mount namespace in which crun runs
commands=()		# for timer
words=()		# "NAME|why it was not measured"

#
# A command in a running zone
#

# add NAME COMMAND...: is timed if it works.
add() {
	local name=$1
	shift
	if [[ $1 == @* ]]; then
		nsenter --mount="${1#@}" "${@:2}" >/dev/null 2>"$work/reason" </dev/null || { refused "$name"; return; }
	else
		"$@" >/dev/null 2>"$work/reason" </dev/null || { refused "$name"; return; }
	fi
	commands+=("$name" "$@" :::)
}

refused() {
	words+=("$1|refused: $(tail -n 1 "$work/reason")")
}

# The limit, which is told the zone's groups, zonectl, and nsenter with a shell: one that only runs the
# command, and the login shell that it starts when it is given none.
add_entering() {
	local zone=$1 shell=/bin/sh pid v2 v1
	[ ! -e "$2/bin/bash" ] || shell=/bin/bash
	pid=$(zonectl info "$zone" --json | awk -F '[:,]' '$1 ~ /"init_pid"/ { print $2 + 0 }')
	v2=$(find /sys/fs/cgroup -type d -path "*/zonectl-$(store_id)*/$zone/zone" -print -quit)
	v1=$(find /sys/fs/cgroup -mindepth 3 -maxdepth 3 -type d -path "*/zonectl-$(store_id)/$zone" ! -path "${v2%/zone}" | paste -s -d :)
	add limit "$tools/access_limit" "$pid" "$v2" "$v1" /bin/true
	add zonectl "$ZONECTL" --root "$store" exec "$zone" -- /bin/true
	add 'nsenter, sh' /usr/bin/nsenter -a -t "$pid" /bin/sh -c true
	add 'nsenter, login shell' /usr/bin/nsenter -a -t "$pid" "$shell" -lc true
}

# A container of the runtime's own default configuration, with this root, that sleeps.
bundle() {
	mkdir "$1"
	(cd "$1" && runc spec)
	sed -i -e 's/"terminal": true/"terminal": false/' -e 's|"sh"|"/bin/sleep", "infinity"|' \
		-e "s|\"path\": \"rootfs\"|\"path\": \"$2\"|" "$1/config.json"
}

add_runc() {
	local run=("$(command -v runc)" --root "$work/runc")
	bundle "$work/runc-$1" "$2"
	"${run[@]}" run -d -b "$work/runc-$1" "$1" </dev/null >/dev/null 2>&1 || :
	add runc "${run[@]}" exec "$1" /bin/true
}

# crun refuses a host where cgroup v1 and v2 have controllers each. There it is shown cgroup2 alone, and
# told to leave cgroups alone.
add_crun() {
	local run=("$(command -v crun)" --root "$work/crun") where=()

	bundle "$work/crun-$1" "$2"
	if [ "$(cgroup_layout)" != v2 ]; then
		hold_cgroup2
		run+=(--cgroup-manager=disabled)
		where=("@/proc/$holder/ns/mnt")
		nsenter --mount="/proc/$holder/ns/mnt" "${run[@]}" run -d -b "$work/crun-$1" "$1" </dev/null >/dev/null 2>&1 || :
	else
		"${run[@]}" run -d -b "$work/crun-$1" "$1" </dev/null >/dev/null 2>&1 || :
	fi
	add crun "${where[@]}" "${run[@]}" exec "$1" /bin/true
}

hold_cgroup2() {
	[ -z "$holder" ] || return 0
	coproc exec unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && echo ready && exec sleep infinity'
	holder=$COPROC_PID
	bench_pids+=("$holder")
	read -r -u "${COPROC[0]}" _
}

add_lxc() {
	mkdir -p "$work/lxc"
	cat >"$work/lxc-$1.conf" <<-END
		lxc.rootfs.path = dir:$2
		lxc.uts.name = $1
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.mount.auto = proc:mixed sys:ro
		lxc.pty.max = 0
		lxc.tty.max = 0
		lxc.init.cmd = /bin/sleep infinity
	END
	lxc-start -n "$1" -P "$work/lxc" -f "$work/lxc-$1.conf" </dev/null >/dev/null 2>&1 || :
	add lxc-attach "$(command -v lxc-attach)" -n "$1" -P "$work/lxc" -- /bin/true
}

end_rivals() {
	local name
	for name in minimal debian; do
		! command -v runc || runc --root "$work/runc" delete -f "$name"
		[ -z "$holder" ] || nsenter --mount="/proc/$holder/ns/mnt" \
			crun --root "$work/crun" --cgroup-manager=disabled delete -f "$name"
		[ -n "$holder" ] || ! command -v crun || crun --root "$work/crun" delete -f "$name"
		! command -v lxc-stop || lxc-stop -k -n "$name" -P "$work/lxc"
		rmdir /sys/fs/cgroup/{,*/}lxc.{pivot,monitor."$name",payload."$name"}
	done >/dev/null 2>&1 || :
}

# to NAME LIMIT [CLAIM]: what zonectl takes, to what NAME does.
to() {
	figure "${3:-exec, to $1}" "$(ratio "$(column "$work/times" zonectl 3)" "$(column "$work/times" "$1" 3)")" "$2" \
		"CPU: $(ratio "$(column "$work/times" zonectl 5)" "$(column "$work/times" "$1" 5)")"
}

# exec_table TEMPLATE ROOTFS
exec_table() {
	local template=$1 rival

	commands=()
	words=()
	zonectl create -q "exec-$template" -t "$template" --net none "${IDLER[@]}" --boot
	add_entering "exec-$template" "$2"
	! command -v lxc-attach >/dev/null || add_lxc "$template" "$2"
	! command -v runc >/dev/null || add_runc "$template" "$2"
	! command -v crun >/dev/null || ! command -v runc >/dev/null || add_crun "$template" "$2"
	"$tools/timer" "$ROUNDS" "$WARMUPS" "${commands[@]}" >"$work/times"
	printf '\n## exec in a zone of %s\n\n/bin/true in a zone or container that runs, %s rounds in turn.\n' "$template" "$ROUNDS"
	times "$work/times" "${words[@]}"
	figures 'Ratios of medians.'
	to limit "<= 2"
	for rival in lxc-attach 'nsenter, sh' 'nsenter, login shell' runc crun; do
		to "$rival" "<= 0.5"
	done
	figure "the limit, to nsenter, sh" "$(ratio "$(column "$work/times" limit 3)" "$(column "$work/times" 'nsenter, sh' 3)")" - ""
	zonectl destroy -q --force -y "exec-$template"
}

execs() {
	after end_rivals
	exec_table minimal "$(realpath "$store/var/lib/zonectl/templates/minimal/rootfs")"
	exec_table debian "$debian_tree"
	end_rivals
}

#
# ssh
#

# debians SSH NAME...: zones of Debian with its systemd, up and at rest.
debians() {
	local kind=$1
	shift
	zonectl create -q "$@" -t debian --ssh "$kind" --ssh-key "$work/key.pub"
	zonectl boot -q --wait=300 "$@"
}

# plain ZONE: sets plain to a command that does with ssh alone what zonectl ssh does, to the same server.
plain() {
	zonectl ssh "$1" --host-keys >"$work/known-$1"
	plain=(/usr/bin/ssh -F none -oBatchMode=yes -oUserKnownHostsFile="$work/known-$1" -oGlobalKnownHostsFile=/dev/null
		-oStrictHostKeyChecking=yes -oUpdateHostKeys=no -oHostKeyAlias="$1.zone" -i "$work/key" -l root
		"$(zonectl list -H -o ip "$1" | cut -d, -f1)")
}

sshs() {
	local plain=() rounds=$((ROUNDS / 5))

	debians inside always
	plain always
	"$tools/timer" "$rounds" "$WARMUPS" ssh "${plain[@]}" true ::: \
		zonectl "$ZONECTL" --root "$store" ssh always -i "$work/key" -o BatchMode=yes true >"$work/times"
	printf '\n## ssh to a zone\n\nThe command "true", the same server and key, %s rounds in turn.\n' "$rounds"
	times "$work/times"
	figures 'Ratio of medians.'
	to ssh "<= 1.2" "zonectl ssh, to ssh"
	zonectl destroy -q --force -y always
}

# clocked FILE COMMAND...: adds how long it took, in ms.
clocked() {
	local file=$1 from=${EPOCHREALTIME/[^0-9]/}
	shift
	"$@" </dev/null >/dev/null || die "$*: failed"
	awk -v us=$((${EPOCHREALTIME/[^0-9]/} - from)) 'BEGIN { printf "%.1f\n", us / 1000 }' >>"$work/$file"
}

firsts() {
	local i

	debians inside "waiting{1..$FIRSTS}"
	debians on-demand "demand{1..$FIRSTS}"
	for ((i = 1; i <= FIRSTS; i++)); do
		clocked waiting "$ZONECTL" --root "$store" ssh "waiting$i" -i "$work/key" -o BatchMode=yes true
		clocked demand "$ZONECTL" --root "$store" ssh "demand$i" -i "$work/key" -o BatchMode=yes true
		clocked waiting2 "$ZONECTL" --root "$store" ssh "waiting$i" -i "$work/key" -o BatchMode=yes true
		clocked demand2 "$ZONECTL" --root "$store" ssh "demand$i" -i "$work/key" -o BatchMode=yes true
	done
	heading "The first connection" "\`zonectl ssh ZONE true\` to zones that nobody had connected to, $FIRSTS of each kind in turn, median (least to most), ms."
	first_row "first, on demand to a server that waits" demand waiting "<= 1.5"
	first_row "second, the same" demand2 waiting2 -
	zonectl destroy -q --force -y 'waiting*' 'demand*'
}

# first_row NAME ONE OTHER LIMIT
first_row() {
	local a b
	read -r -a a < <(three <"$work/$2")
	read -r -a b < <(three <"$work/$3")
	figure "$1" "$(ratio "${a[0]}" "${b[0]}")" "$4" \
		"${a[0]} (${a[1]} to ${a[2]}), ${b[0]} (${b[1]} to ${b[2]}) ms"
}

#
# While nobody comes
#

available() {
	awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo
}

# idle KIND FIRST LAST: these zones up; adds what each took, KiB.
idle() {
	local before after
	before=$(available)
	zonectl boot -q "$1{$2..$3}"
	after=$(available)
	awk -v a="$before" -v b="$after" -v n=$(($3 - $2 + 1)) 'BEGIN { printf "%.1f\n", (a - b) / n }' >>"$work/idle-$1"
}

# idle_row NAME LIMIT WITH WITHOUT: the difference of medians, each with least and most.
idle_row() {
	local with without
	read -r -a with <<<"$3"
	read -r -a without <<<"$4"
	figure "$1" "$(awk -v a="${with[0]}" -v b="${without[0]}" 'BEGIN { printf "%.1f", a - b }')" "$2" \
		"KiB: ${with[0]} (${with[1]} to ${with[2]}) with it, ${without[0]} (${without[1]} to ${without[2]}) with ssh=no"
}

# The first to boot grow the kernel's caches for the others, so they do not count.
idles() {
	local batch first last kinds
	zonectl create -q "none{1..$IDLE}" -t minimal --net none "${IDLER[@]}"
	# There is no server to be started, as it says: nobody comes.
	zonectl create -q "some{1..$IDLE}" -t minimal --net none "${IDLER[@]}" --ssh on-demand 2>"$work/warnings"
	for ((batch = 0; batch < BATCHES; batch++)); do
		first=$((batch * IDLE / BATCHES + 1))
		last=$(((batch + 1) * IDLE / BATCHES))
		kinds=(none some)
		[ $((batch % 2)) -eq 0 ] || kinds=(some none)
		idle "${kinds[0]}" "$first" "$last"
		idle "${kinds[1]}" "$first" "$last"
		[ "$batch" -gt 0 ] || rm "$work/idle-none" "$work/idle-some"
	done
	heading "While nobody comes" "KiB that one of $IDLE idle zones takes, by MemAvailable before and after $((IDLE / BATCHES)) at a time were booted, \
and by what its keeper alone has; ssh=on-demand and ssh=no in turn, median (least to most)."
	idle_row "ssh=on-demand, of memory" "<= 50" "$(three <"$work/idle-some")" "$(three <"$work/idle-none")"
	idle_row "the same, of keepers" - "$(keepers_kib 'some*')" "$(keepers_kib 'none*')"
	zonectl destroy -q --force -y 'none*' 'some*'
}

#
# Many at once
#

session() {
	zonectl ssh "many$1" -i "$work/key" -o BatchMode=yes "echo \$(hostname) session $2" </dev/null 2>>"$work/said.err" || :
}

sessions() {
	local i from pids=()

	zonectl create -q "many{1..$ZONES}" -t debian --ssh on-demand --ssh-key "$work/key.pub" "${IDLER[@]}" --boot
	from=$(now_ms)
	for ((i = 0; i < SESSIONS; i++)); do
		session $((i % ZONES + 1)) "$i" >"$work/said.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	from=$(($(now_ms) - from))
	heading "Many at once" "$SESSIONS sessions at once into $ZONES zones with ssh=on-demand, each asks who answers."
	figure "right answers" "$(right_answers)" ">= $SESSIONS" "in $from ms"
	zonectl destroy -q --force -y 'many*'
}

right_answers() {
	local i n=0
	for ((i = 0; i < SESSIONS; i++)); do
		[ "$(cat "$work/said.$i")" != "many$((i % ZONES + 1)) session $i" ] || n=$((n + 1))
	done
	echo "$n"
}

report() {
	local part

	cat <<-END
		# Into a running zone

		Written by \`make bench-access\` (bench/README.md says how to read it).
		$(machine_line)
	END
	for part in $PARTS; do
		"$part"
	done
	printf '\nLoad %s at the end.\n' "$(load_now)"
}

bench_open
debian_open
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
publish ACCESS
