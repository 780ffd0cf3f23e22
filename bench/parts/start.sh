#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one /bin/true in a fresh container costs: the bare limit, zonectl and what people would use
# instead, in turn, on one root filesystem. Prints a table and writes it to RESULTS.md.
# "make bench-boot" sets ZONECTL, ZONE_SRCDIR and ZONE_BUILDDIR; bench/setup installs the rivals.
set -euo pipefail

# In a mount namespace of its own, for the tmpfs below, and a network namespace, for the zones' links.
[ -n "${BENCH_IS_PRIVATE:-}" ] || BENCH_IS_PRIVATE=1 exec unshare -m -n bash "$0"

ROUNDS=${BENCH_ROUNDS:-40}
WARMUPS=3
FILTER_HEADER=40	# struct cache_header of runtime/filter.c
results=$ZONE_SRCDIR/bench/RESULTS.md
tools=$ZONE_BUILDDIR/bench

work=$(mktemp -d /var/tmp/zone-bench.XXXXXX)
holder=
commands=()	# for timer
notes=()	# "NAME|what it makes, or why it did not run"
pivots=$(compgen -G '/sys/fs/cgroup/*/lxc.pivot' || true)

cleanup() {
	[ -z "$holder" ] || kill "$holder"
	# lxc-start leaves these behind.
	[ -n "$pivots" ] || rmdir /sys/fs/cgroup/lxc.pivot /sys/fs/cgroup/*/lxc.pivot 2>/dev/null || :
	! mountpoint -q "$work/store/run" || umount "$work/store/run"
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

die() {
	echo "bench: $*" >&2
	exit 1
}

zonectl() {
	"$ZONECTL" --root "$work/store" "$@"
}

# The first mount of a cgroup hierarchy: of type $1, with option $2 ("" for any).
cgroup_mount() {
	awk -v type="$1" -v option="$2" '$3 == type && (option == "" || index("," $4 ",", "," option ",")) \
		{ print $2; exit }' /proc/self/mounts
}

# add NAME "what it makes" COMMAND...: runs it once, and times it only if that worked.
add() {
	local name=$1 what=$2 reason
	shift 2

	if reason=$("$@" 2>&1 >/dev/null); then
		notes+=("$name|$what")
		commands+=("$name" "$@" :::)
	else
		notes+=("$name|refused: $(tail -n 1 <<<"$reason" | sed 's/.*level=error msg=//')")
	fi
}

# As under the default root: /run is a tmpfs, the rest lies on a disk.
prepare_store() {
	mkdir "$work/limit" "$work/store" "$work/store/run"
	mount -t tmpfs -o mode=755 tmpfs "$work/store/run"
	zonectl template build minimal >/dev/null
	zonectl run -t minimal --rm -- /bin/true
	rootfs=$(find "$work/store" -path '*/templates/*' -type d -name rootfs -print -quit)
	tail -c +$((FILTER_HEADER + 1)) "$(find "$work/store" -path '*/.filters/*' -print -quit)" \
		>"$work/filter"
}

limit() {
	local v2 v1 controllers=
	v2=$(cgroup_mount cgroup2 '')
	v1=$(cgroup_mount cgroup memory):$(cgroup_mount cgroup pids)
	v1=${v1#:}
	v1=${v1%:}
	[ -n "$v1" ] || controllers=$(sed 's/\</+/g' "$v2/cgroup.subtree_control")
	limit=("$tools/limit" "$rootfs" "$work/filter" "$work/limit" "$v2" "$controllers" "$v1")
}

mounts_of() {
	"$@" /bin/cat /proc/self/mountinfo | awk '{ print $4, $5, $6, $9 }' | sort
}

rights_of() {
	"$@" /bin/grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status
}

# The limit checks nothing, so it is checked here that it makes what zonectl makes.
check_limit() {
	local run=("$ZONECTL" --root "$work/store" run -t minimal --rm --)
	diff <(mounts_of "${limit[@]}") <(mounts_of "${run[@]}") ||
		die "the limit and zonectl do not make the same mounts"
	diff <(rights_of "${limit[@]}") <(rights_of "${run[@]}") ||
		die "the limit and zonectl do not confine alike"
}

layout() {
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		echo 'v2'
	elif [ -n "$(cgroup_mount cgroup2 '')" ]; then
		echo 'hybrid (controllers on v1)'
	else
		echo 'v1'
	fi
}

hold_cgroup2() {
	coproc unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && echo ready && exec sleep 3600'
	holder=$COPROC_PID
	read -r -u "${COPROC[0]}" _
}

# crun refuses a host where cgroup v1 and v2 have controllers each. There it is shown cgroup2 alone,
# and told to leave cgroups alone.
add_crun() {
	local run=("$(command -v crun)" --root "$work/crun")
	if [ "$(layout)" = v2 ]; then
		add crun 'crun spec: no user namespace, no filter' "${run[@]}" run -b "$work/bundle" b
		return
	fi
	hold_cgroup2
	run+=(--cgroup-manager=disabled run -b "$work/bundle" b)
	if nsenter --mount=/proc/"$holder"/ns/mnt "${run[@]}" >/dev/null 2>&1; then
		notes+=("crun|crun spec: no user namespace, no filter; no cgroup, as it refuses hybrid hosts")
		commands+=(crun "@/proc/$holder/ns/mnt" "${run[@]}" :::)
	else
		notes+=("crun|refused: hybrid cgroups")
	fi
}

# The runtimes' own default configuration, with this root and this command.
make_bundle() {
	local spec
	mkdir "$work/bundle"
	spec=$(command -v runc crun | head -n 1)
	(cd "$work/bundle" && "$spec" spec)
	sed -i -e 's/"terminal": true/"terminal": false/' -e 's|"sh"|"/bin/true"|' \
		-e "s|\"path\": \"rootfs\"|\"path\": \"$rootfs\"|" "$work/bundle/config.json"
}

make_lxc() {
	mkdir "$work/lxc"
	cat >"$work/lxc.conf" <<-END
		lxc.rootfs.path = dir:$rootfs
		lxc.uts.name = bench
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.mount.auto = proc:mixed sys:ro
		lxc.pty.max = 0
		lxc.tty.max = 0
	END
}

add_rivals() {
	local program
	for program in bwrap crun runc lxc-start; do
		command -v "$program" >/dev/null || notes+=("$program|not installed (bench/setup)")
	done
	! command -v bwrap >/dev/null ||
		add bwrap 'all namespaces, the tree bound writable: no ids of its own, no overlay, no cgroup, no filter' \
			"$(command -v bwrap)" --unshare-all --bind "$rootfs" / --proc /proc --dev /dev /bin/true
	if command -v runc crun >/dev/null; then
		make_bundle
	fi
	! command -v crun >/dev/null || add_crun
	! command -v runc >/dev/null ||
		add runc 'runc spec: no user namespace, no filter' "$(command -v runc)" --root "$work/runc" \
			run -b "$work/bundle" b
	if command -v lxc-start >/dev/null; then
		make_lxc
		add lxc-start 'the tree writable: no user namespace, no overlay' "$(command -v lxc-start)" -F \
			-n bench -P "$work/lxc" -f "$work/lxc.conf" -- /bin/true
	fi
}

row() {
	local name=$1 figures
	figures=$(awk -F '\t' -v name="$name" '$1 == name' "$work/times")
	if [ -z "$figures" ] || [[ $figures == *failed* ]]; then
		printf '| %s | - | - | - | - | - | - | %s |\n' "$name" "$2"
	else
		awk -F '\t' -v what="$2" '{ printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", \
			$1, $3, $2, $4, $6, $5, $7, what }' <<<"$figures"
	fi
}

report() {
	cat <<-END
		# One /bin/true in a fresh container

		Written by \`make bench-boot\` (bench/README.md says how to read it).

		Linux $(uname -r | cut -d. -f1-2), $(nproc) processors, cgroups $(layout), $ROUNDS rounds in turn
		after $WARMUPS that do not count, load $(cut -d' ' -f1 /proc/loadavg) at the end. Milliseconds from
		fork to reaped; CPU is user and system time of the command and what it waited for.

		| | median | min | max | ratio | CPU median | CPU ratio | what it makes |
		|---|---|---|---|---|---|---|---|
	END
	local note
	for note in "${notes[@]}"; do
		row "${note%%|*}" "${note#*|}"
	done
}

[ "$(id -u)" -eq 0 ] || die "needs root"
prepare_store
limit
check_limit
add limit 'the same as zonectl, nothing checked or recorded' "${limit[@]}" /bin/true
add zonectl 'user namespace, idmapped template and overlay, cgroup, filter, masks' \
	"$ZONECTL" --root "$work/store" run -t minimal --rm -- /bin/true
add_rivals
add exec 'fork and exec of the host'"'"'s own, for comparison' "$(type -P true)"
"$tools/timer" "$ROUNDS" "$WARMUPS" "${commands[@]}" >"$work/times"
report | tee "$work/report"
[ ! -w "$ZONE_SRCDIR/bench" ] || cp "$work/report" "$results"
