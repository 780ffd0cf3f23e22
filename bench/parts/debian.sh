#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long Debian 12 takes to be up, by systemd's own word, in a zone, in systemd-nspawn and in LXC.
set -euo pipefail

. "$ZONE_SRCDIR/bench/lib.bash"
bench_alone "$@"
. "$ZONE_SRCDIR/bench/debian.bash"

ROUNDS=${BENCH_ROUNDS:-7}

# Each has a tree of its own, which it has booted once before. "boot_WHO" prints the time in ms.

make_tree() {
	mkdir -p "$work/$1"
	cp -a --reflink=auto "$debian_tree" "$work/$1/tree"
}

boot_zonectl() {
	local from

	from=$(now_ms)
	zonectl boot -q d --wait
	echo $(($(now_ms) - from))
}

end_zonectl() {
	zonectl halt d
}

open_zonectl() {
	zonectl create d -t debian
}

open_nspawn() {
	command -v systemd-nspawn >/dev/null && make_tree nspawn
}

boot_nspawn() {
	"$tools/ready" "$work/nspawn/sock" systemd-nspawn -q --register=no --keep-unit --notify-ready=yes \
		--private-network --link-journal=no -b -D "$work/nspawn/tree" --console=pipe >"$work/nspawn/out"
	cut -d' ' -f2 "$work/nspawn/out" >"$work/nspawn/pid"
	cut -d' ' -f1 "$work/nspawn/out"
}

# Asked a second time it does not wait for what is inside. It is nobody's child here.
end_nspawn() {
	local pid

	pid=$(cat "$work/nspawn/pid")
	while kill -TERM "$pid" 2>/dev/null; do sleep 0.05; done
}

# Its systemd writes to the socket itself.
open_lxc() {
	command -v lxc-start >/dev/null || return
	make_tree lxc
	mkdir "$work/lxc/notify"
	after lxc_close
	cat >"$work/lxc.conf" <<-END
		lxc.rootfs.path = dir:$work/lxc/tree
		lxc.uts.name = bench
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
		lxc.environment = NOTIFY_SOCKET=/notify/sock
		lxc.mount.entry = $work/lxc/notify notify none bind,create=dir 0 0
	END
}

boot_lxc() {
	"$tools/ready" "$work/lxc/notify/sock" lxc-start -d -n bench -P "$work/lxc" -f "$work/lxc.conf" -- /sbin/init |
		cut -d' ' -f1
}

end_lxc() {
	lxc-stop -k -n bench -P "$work/lxc"
}

measure() {
	local round who

	for ((round = 0; round <= ROUNDS; round++)); do
		for who in "${runners[@]}"; do
			"boot_$who" >"$work/ms" || echo >"$work/ms"
			[ "$round" -eq 0 ] || cat "$work/ms" >>"$work/$who.ms"
			"end_$who"
		done
	done
}

row() {
	local median='' min='' max=''

	[ ! -e "$work/$1.ms" ] || read -r median min max < <(three <"$work/$1.ms")
	printf '| %s | %s | %s | %s | %s |\n' "$2" "${median:--}" "${min:--}" "${max:--}" "$3"
	point debian "$2" 0 "$median"
}

claim() {
	local a b

	read -r a _ < <(three <"$work/zonectl.ms")
	read -r b _ < <(three <"$work/$1.ms" 2>/dev/null) || :
	figure "boot --wait of Debian 12 to $2" "$(ratio "$a" "${b:-}")" '<= 1' ''
}

report() {
	measure
	printf '## Booting Debian 12\n\n%s\n\n' "Until systemd inside says READY=1, $ROUNDS rounds in turn, each of a tree \
that was booted before."
	printf '| ms | median | min | max | |\n|---|---|---|---|---|\n'
	row zonectl zonectl 'routed network, user namespace, idmapped overlay'
	row nspawn systemd-nspawn 'no network, no user namespace, a tree of its own'
	row lxc LXC 'no network, no user namespace, a tree of its own'
	figures 'Ratios of medians.'
	claim nspawn systemd-nspawn
	claim lxc LXC
}

bench_open
debian_open
runners=()
for who in zonectl nspawn lxc; do
	! "open_$who" || runners+=("$who")
done
part debian
