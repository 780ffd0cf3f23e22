#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 12 as somebody else packed it, with all that a machine has and a zone must not have. Nothing
# was adjusted before the import, so all that makes it boot clean is done inside, at its first boot.

export RECIPE=plain
export KIND=systemd
load ../lib/debian

packages=systemd-sysv,dbus,openssh-server,ifupdown,libpam-systemd,udev,kmod,e2fsprogs,cron,iproute2
packages=$packages,popularity-contest

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	export TAR=$BATS_FILE_TMPDIR/plain.tar
	if ! outside mmdebstrap --quiet --variant=minbase --include="$packages" bookworm "$TAR" \
		>"$BATS_FILE_TMPDIR/build" 2>&1 3>&- 4>&-; then
		cat "$BATS_FILE_TMPDIR/build" >&2
		return 1
	fi
	zonectl template import -q "$TAR" --name plain
	zonectl create deb -t plain --ip 10.55.0.3 --nameserver 10.55.0.1
}

teardown_file() { store_close; }
setup() { debian_setup; }

@test "a Debian that nobody prepared boots to a clean state" {
	claim_boots_clean
}

@test "its host key is its own, and it has none of the archive" {
	local public=etc/ssh/ssh_host_ed25519_key.pub

	deadline 30 ssh_banner
	prints "/$public" zonectl exec deb -- sh -c 'ls /etc/ssh/ssh_host_*_key.pub'
	zonectl exec deb -- cat "/$public" >"$BATS_TEST_TMPDIR/own"
	tar -xOf "$TAR" "./$public" >"$BATS_TEST_TMPDIR/others"
	not cmp "$BATS_TEST_TMPDIR/own" "$BATS_TEST_TMPDIR/others"
}

@test "its machine-id and its id for popularity-contest are its own" {
	claim_has_own_identity
	[ "$(zonectl exec deb -- cat /etc/machine-id)" = "$(fact deb uuid | tr -d -)" ]
	not diff <(zonectl exec deb -- grep MY_HOSTID /etc/popularity-contest.conf) \
		<(tar -xOf "$TAR" ./etc/popularity-contest.conf | grep MY_HOSTID)
}

@test "its ifupdown agrees with the host, and brings the network back" {
	exits 0 zonectl exec deb -- systemctl is-active networking
	exits 0 zonectl exec deb -- sh -c 'ifdown eth0 && ! ip -4 addr show eth0 | grep inet'
	exits 0 zonectl exec deb -- ifup eth0
	run zonectl exec deb -- sh -c 'ip -4 addr show eth0; ip route'
	holds "inet 10.55.0.3/32"
	holds "default via 169.254.1.1 dev eth0"
	prints "nameserver 10.55.0.1" zonectl exec deb -- grep nameserver /etc/resolv.conf
}

@test "its networkd agrees with the host, has nothing to wait for, and takes nothing away" {
	zonectl exec deb -- sh -c 'systemctl disable -q networking; systemctl enable -q systemd-networkd systemd-networkd-wait-online'
	zonectl shutdown -q deb
	zonectl boot deb --wait=90
	exits 0 zonectl exec deb -- timeout 5 /lib/systemd/systemd-networkd-wait-online
	zonectl exec deb -- networkctl --no-legend | grep -qE 'eth0 +ether +routable +configured'
	zonectl exec deb -- systemctl stop systemd-networkd.socket systemd-networkd
	run zonectl exec deb -- sh -c 'ip -4 addr show eth0; ip route'
	holds "inet 10.55.0.3/32"
	holds "default via 169.254.1.1 dev eth0"
}
