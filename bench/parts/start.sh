#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one /bin/true in a fresh container costs: the bare limit, zonectl and what people would use
# instead, in turn, on one root filesystem.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/limit.bash"

ROUNDS=${BENCH_ROUNDS:-30}
WARMUPS=3

commands=()	# for timer
words=()	# "NAME|what it makes, or why it did not run"
rootfs=

# add NAME "what it makes" COMMAND...: runs it once, and times it only if that worked.
add() {
	local name=$1 what=$2 reason
	shift 2

	if reason=$("$@" 2>&1 >/dev/null); then
		words+=("$name|$what")
		commands+=("$name" "$@" :::)
	else
		words+=("$name|refused: $(tail -n 1 <<<"$reason" | sed 's/.*level=error msg=//')")
	fi
}

# program NAME: it is installed; else the table says so.
program() {
	command -v "$1" >/dev/null && return
	words+=("$1|not installed (bench/setup)")
	return 1
}

hold_cgroup2() {
	coproc unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && echo ready && exec sleep 3600'
	bench_pids+=("$COPROC_PID")
	read -r -u "${COPROC[0]}" _
}

# crun refuses a host where cgroup v1 and v2 have controllers each. There it is shown cgroup2 alone,
# and told to leave cgroups alone.
add_crun() {
	local run=("$(command -v crun)" --root "$work/crun")

	if [ "$(cgroup_layout)" = v2 ]; then
		add crun 'crun spec: no user namespace, no filter' "${run[@]}" run -b "$work/bundle" b
		return
	fi
	hold_cgroup2
	run+=(--cgroup-manager=disabled run -b "$work/bundle" b)
	if nsenter --mount=/proc/"$COPROC_PID"/ns/mnt "${run[@]}" >/dev/null 2>&1; then
		words+=("crun|crun spec: no user namespace, no filter; no cgroup, as it refuses hybrid hosts")
		commands+=(crun "@/proc/$COPROC_PID/ns/mnt" "${run[@]}" :::)
	else
		words+=("crun|refused: hybrid cgroups")
	fi
}

# The runtimes' own default configuration, with this root and this command.
make_bundle() {
	mkdir "$work/bundle"
	(cd "$work/bundle" && "$(command -v runc crun | head -n 1)" spec)
	sed -i -e 's/"terminal": true/"terminal": false/' -e 's|"sh"|"/bin/true"|' \
		-e "s|\"path\": \"rootfs\"|\"path\": \"$rootfs\"|" "$work/bundle/config.json"
}

add_lxc() {
	mkdir "$work/lxc"
	after lxc_close
	cat >"$work/lxc.conf" <<-END
		lxc.rootfs.path = dir:$rootfs
		lxc.uts.name = bench
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.mount.auto = proc:mixed sys:ro
		lxc.pty.max = 0
		lxc.tty.max = 0
	END
	add lxc-start 'the tree writable: no user namespace, no overlay' "$(command -v lxc-start)" -F \
		-n bench -P "$work/lxc" -f "$work/lxc.conf" -- /bin/true
}

# Asks for an os-release, so that it has a tree of its own.
add_nspawn() {
	cp -a "$rootfs" "$work/tree"
	mkdir -p "$work/tree/etc"
	echo ID=minimal >"$work/tree/etc/os-release"
	add systemd-nspawn 'its own cgroup and filter, the tree writable: no user namespace, no overlay' \
		"$(command -v systemd-nspawn)" -q --register=no --keep-unit --private-network \
		-D "$work/tree" /bin/true
}

podman_close() {
	! mountpoint -q "$work/podman/overlay" || umount "$work/podman/overlay"
	find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null
}

# Its default limits are more than root has where CAP_SYS_RESOURCE is missing.
add_podman() {
	after podman_close
	add podman 'with runc; conmon, a database; no user namespace' "$(command -v podman)" --root "$work/podman" \
		--runroot "$work/podrun" --tmpdir "$work/podtmp" --cgroup-manager=cgroupfs --runtime runc run \
		--ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --rm --network=none --rootfs "$rootfs" /bin/true
}

add_rivals() {
	! program bwrap ||
		add bwrap 'all namespaces, the tree bound writable: no ids of its own, no overlay, no cgroup, no filter' \
			"$(command -v bwrap)" --unshare-all --bind "$rootfs" / --proc /proc --dev /dev /bin/true
	! command -v runc crun >/dev/null || make_bundle
	! program crun || add_crun
	! program runc ||
		add runc 'runc spec: no user namespace, no filter' "$(command -v runc)" --root "$work/runc" \
			run -b "$work/bundle" b
	! program lxc-start || add_lxc
	! program systemd-nspawn || add_nspawn
	! program podman || add_podman
}

add_all() {
	local run=("$ZONECTL" --root "$store" run -t minimal --rm)

	add 'limit, routed' 'the same as zonectl, nothing checked or recorded' "${limit_routed[@]}" /bin/true
	add 'zonectl, routed' 'user namespace, idmapped template and overlay, cgroup, filter, masks, network' \
		"${run[@]}" -- /bin/true
	add 'limit, net=none' 'the same without a network' "${limit_none[@]}" /bin/true
	add 'zonectl, net=none' 'the same without a network' "${run[@]}" --net none -- /bin/true
	add_rivals
	add exec 'fork and exec of the host'"'"'s own, for comparison' "$(type -P true)"
}

claim() {
	figure "$1" "$(ratio "$(column "$work/times" "$2" 3)" "$(column "$work/times" "$3" 3)")" "$4" \
		"CPU: $(ratio "$(column "$work/times" "$2" 5)" "$(column "$work/times" "$3" 5)")"
}

report() {
	local name

	printf '## One /bin/true in a fresh container\n\n%s\n' "From fork to reaped, $ROUNDS rounds in turn; CPU is user \
and system time of the command and what it waited for."
	"$tools/timer" "$ROUNDS" "$WARMUPS" "${commands[@]}" >"$work/times"
	times "$work/times" "${words[@]}"
	figures 'Ratios of medians.'
	claim 'run, routed, to the limit' 'zonectl, routed' 'limit, routed' '<= 1.5'
	claim 'run, net=none, to bubblewrap' 'zonectl, net=none' bwrap '<= 1'
	claim 'run, net=none, to the limit' 'zonectl, net=none' 'limit, net=none' -
	while IFS=$'\t' read -r name _; do
		point start "$name" 0 "$(column "$work/times" "$name" 3)"
	done <"$work/times"
}

bench_open
limit_open
rootfs=${limit_tail[0]}
add_all
part start
