#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Podman with zone-oci as its runtime: a Debian with its systemd, made of the template debian-12.

load ../lib/zone
load engine
load podman

setup_file() {
	podman_open || return
	[ -n "${ENGINE:-}" ] || return 0
	command -v mmdebstrap >/dev/null || skip "needs mmdebstrap"
	if ! outside "$ZONECTL" template build -q debian-12 >"$ENGINE/build.log" 2>&1 3>&- 4>&-; then
		cat "$ENGINE/build.log" >&2
		return 1
	fi
	zonectl template export debian-12 >"$ENGINE/debian.tar"
	podman import -q -c 'CMD ["/sbin/init"]' -c 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' "$ENGINE/debian.tar" debian
	podman run -d --network none --name deb --systemd=always debian >/dev/null
	deadline 60 is_up
}

teardown_file() { podman_close; }

is_up() {
	podman exec deb systemctl is-system-running 2>/dev/null | grep -E 'running|degraded' >/dev/null
}

@test "systemd boots, on the control groups of this host as it is" {
	prints systemd podman exec deb cat /proc/1/comm
	podman exec deb systemctl is-active multi-user.target
	podman exec deb systemctl is-active systemd-journald
	podman exec deb test -S /run/systemd/private
}

@test "a service of its own gets a group of its own" {
	podman exec deb systemd-run -q --unit mine sleep 1000
	podman exec deb sh -c 'cat /proc/$(systemctl show -P MainPID mine)/cgroup' | grep mine.service
	podman exec deb systemctl stop mine
}

@test "exec is that of any container: users, terminals, output" {
	prints "nobody" podman exec -u nobody deb id -un
	podman exec -t deb tty | grep -F /dev/pts/0
	podman exec deb journalctl -q --no-pager | grep -i systemd
}

@test "stop is a shutdown, and start boots it again" {
	local id

	podman stop -t 60 deb >/dev/null
	[ "$(podman inspect -f '{{.State.ExitCode}}' deb)" -ne 137 ]
	podman start deb
	deadline 60 is_up
	id=$(podman inspect -f '{{.Id}}' deb)
	podman rm -f -t 0 deb
	deadline 10 no_trace "$id"
}
