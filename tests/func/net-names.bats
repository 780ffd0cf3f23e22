#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Zones find each other by name, and the host finds them

load ../lib/net

setup_file() {
	store_open && net_open || return
	[ "$EUID" -eq 0 ] || return 0
	zonectl create a b -t minimal --boot
}
teardown_file() {
	net_close
	[ -z "${ZONECTL_ROOT:-}" ] || rm -rf "${ZONECTL_ROOT:?}/etc" "$ZONECTL_ROOT/run/zonectl-hosts"
	store_close
}
setup() { zone_setup; }

# hosts ZONE: its /etc/hosts.
hosts() { zonectl exec "$1" -- cat /etc/hosts; }

# knows ZONE NAME: it has lines for both addresses that NAME has.
knows() {
	hosts "$1" >"$BATS_TEST_TMPDIR/hosts"
	grep -qxF "$(ip4 "$2")	$2 $2.zone" "$BATS_TEST_TMPDIR/hosts" &&
		grep -qxF "$(ip6 "$2")	$2 $2.zone" "$BATS_TEST_TMPDIR/hosts"
}

# forgot ZONE NAME: there is no line for NAME but of its own block.
forgot() {
	hosts "$1" >"$BATS_TEST_TMPDIR/hosts"
	! grep -q "[[:space:]]$2\.zone\$" "$BATS_TEST_TMPDIR/hosts"
}

# config JSON: zonectl.json of the store.
config() {
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	chmod 755 "$ZONECTL_ROOT/etc" "$ZONECTL_ROOT/etc/zonectl"
	printf '%s\n' "$1" >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

site_file() { cat "$ZONECTL_ROOT/run/zonectl-hosts/hosts"; }

is_settled() { not ls "$ZONECTL_ROOT/run/zonectl/.names"/.d* 2>/dev/null; }

@test "two zones ping each other by name, by IPv4 and IPv6, the older one too" {
	deadline 5 knows a b
	knows b a
	for name in a a.zone; do
		exits 0 zonectl exec b -- ping -4 -c 1 -W 2 $name
		exits 0 zonectl exec b -- ping -6 -c 1 -W 2 $name
	done
	for name in b b.zone; do
		exits 0 zonectl exec a -- ping -4 -c 1 -W 2 $name
		exits 0 zonectl exec a -- ping -6 -c 1 -W 2 $name
	done
}

@test "a zone that boots knows the others before its init runs" {
	zonectl create early -t minimal --init /bin/sh --init-args -c \
		--init-args 'grep -q a.zone /etc/hosts && grep -q early.zone /etc/hosts && echo knew >/knew; exec sleep 1000'
	zonectl boot early
	deadline 5 zonectl exec early -- cat /knew
	zonectl destroy --force -y early
}

@test "a name goes with a halt, with the zone's own end, and comes back with a boot" {
	deadline 5 knows a b
	zonectl halt b
	deadline 5 forgot a b
	not zonectl exec a -- ping -c 1 -W 1 b
	zonectl boot b
	deadline 5 knows a b
	zonectl exec b -- sh -c 'kill -9 -1' || :
	zonectl exec b -- poweroff -f || :
	deadline 5 forgot a b
	deadline 5 state_is b installed
	zonectl boot b
	deadline 5 knows a b
	zonectl reboot -q b --timeout 0s
	deadline 5 knows a b
	zonectl destroy --force -y b
	deadline 5 forgot a b
	zonectl create b -t minimal --boot
}

@test "a zone that was killed with its keeper has no name once it is repaired" {
	running c
	deadline 5 knows a c
	deadline 5 is_settled
	kill -9 "$(keeper_pids c)" "$(fact c init_pid)"
	exits 0 zonectl repair c
	deadline 5 forgot a c
	deadline 5 state_is c installed
	[ ! -L "$ZONECTL_ROOT/run/zonectl/.names/c" ]
	zonectl destroy -y c
}

@test "repair right after the kill of keeper and init cleans up, each time" {
	for _ in 1 2 3 4 5; do
		running c
		# Processes below it make its end take a while.
		zonectl exec c -- sh -c 'for i in $(seq 200); do sleep 1000 & done' >/dev/null
		keeper=$(keeper_pids c)
		kill -9 "$keeper" "$(fact c init_pid)"
		while kill -0 "$keeper" 2>/dev/null; do :; done
		exits 0 zonectl repair c
		# Caught before it has begun to die, it gets a keeper, which then cleans up.
		deadline 5 state_is c installed
	done
	zonectl destroy -y c
	nothing_left c
}

@test "a renamed zone is found by its new name, and one with another address by that" {
	running c
	deadline 5 knows a c
	zonectl halt c
	zonectl rename c d
	zonectl boot d
	deadline 5 knows a d
	forgot a c
	zonectl halt d
	zonectl set d ip=10.222.0.9
	zonectl boot d
	deadline 5 eval 'hosts a | grep -qx "10.222.0.9	d d.zone"'
	[ "$(hosts a | grep -c 'd\.zone$')" -eq 1 ]
	zonectl destroy --force -y d
}

@test "names=no is neither way" {
	zonectl create c -t minimal --names no --boot
	zonectl create d -t minimal --boot
	deadline 5 knows a d
	forgot a c
	[ "$(hosts c | grep -c '\.zone$')" -eq 0 ]
	# What it had before goes at the boot.
	zonectl halt d
	zonectl set d names=no
	zonectl boot d
	not eval 'hosts d | grep -e "\.zone\$" -e "zones that are up"'
	deadline 5 forgot a d
	exits 2 zonectl set d names=maybe
	holds "names: "
	zonectl destroy --force -y c d
}

@test "zones of a pool that isolates are not named, unless the pool says so; \"names\": false is for all" {
	config '{"address-pools": [{"name": "open", "ipv4": "10.30.0.0/24"},
		{"name": "apart", "ipv4": "10.31.0.0/24", "isolate": true},
		{"name": "told", "ipv4": "10.32.0.0/24", "isolate": true, "names": true},
		{"name": "mute", "ipv4": "10.33.0.0/24", "names": false}]}'
	for pool in open apart told mute; do
		zonectl create "in-$pool" -t minimal --ip "auto:$pool" --boot
	done
	deadline 5 eval 'hosts a | grep -q in-told.zone'
	hosts a | grep in-open.zone
	forgot a in-apart
	forgot a in-mute
	[ "$(hosts in-apart | grep -c '\.zone')" -eq 0 ]
	[ "$(hosts in-mute | grep -c '\.zone')" -eq 0 ]
	hosts in-told | grep in-open.zone
	config '{"names": false}'
	zonectl create silent -t minimal --boot
	[ "$(hosts silent | grep -c '\.zone')" -eq 0 ]
	forgot a silent
	config '{"names": "no"}'
	exits 2 zonectl list
	holds 'zonectl.json:1:11: names: expected true or false'
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	zonectl destroy --force -y silent in-open in-apart in-told in-mute
	deadline 5 forgot a in-open
}

@test "the administrator's lines stay, while the zone runs and over a reboot" {
	zonectl exec a -- sh -c 'echo "192.0.2.99 printer" >>/etc/hosts; sed -i "1i 192.0.2.98 scanner" /etc/hosts'
	running c
	deadline 5 knows a c
	zonectl reboot -q a --timeout 0s
	zonectl halt c
	deadline 5 forgot a c
	hosts a | grep -x "192.0.2.99 printer"
	[ "$(hosts a | head -n 1)" = "192.0.2.98 scanner" ]
	[ "$(hosts a | grep -c 'zonectl: zones')" -eq 1 ]
	zonectl destroy -y c
}

@test "what a hostile zone puts in the place of /etc/hosts is left alone, and the others get theirs" {
	deadline 5 is_settled
	echo "127.0.0.1 outside" >"$BATS_TEST_TMPDIR/outside"
	for trap in "ln -s $BATS_TEST_TMPDIR/outside /etc/hosts" "ln -s /proc/self/root/hosts /etc/hosts" \
		"mkdir /etc/hosts" "mkfifo /etc/hosts" "mkdir /x && mount -t tmpfs x /etc" \
		"mv /etc /etc2 && ln -s /proc/self/cwd /etc" "truncate -s 3000000 /etc/hosts"; do
		running bad
		zonectl exec bad -- sh -c "rm -f /etc/hosts; $trap"
		running witness
		deadline 5 knows a witness
		deadline 5 is_settled
		zonectl destroy -y --force witness
		deadline 5 forgot a witness
		[ "$(cat "$BATS_TEST_TMPDIR/outside")" = "127.0.0.1 outside" ]
		zonectl destroy -y --force bad
	done
}

@test "a zone that holds a lease on its file does not make the others wait" {
	static_program "$BATS_TEST_TMPDIR/lease" <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <signal.h>
		#include <unistd.h>
		int main(void)
		{
			int fd = open("/etc/hosts", O_RDWR);

			signal(SIGIO, SIG_IGN);
			if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
				return 1;
			write(1, "held\n", 5);
			for (;;)
				pause();
		}
	END
	running bad
	put bad "$BATS_TEST_TMPDIR/lease" /lease
	zonectl exec bad -- sh -c '/lease >/held & while ! [ -s /held ]; do :; done'
	running witness
	deadline 5 knows a witness
	zonectl destroy -y --force bad witness
}

@test "a file in .zonectl-keep, setup=none and features=fuse stay as they were while the zone runs" {
	zonectl create kept -t minimal --boot
	zonectl exec kept -- sh -c 'echo /etc/hosts >/etc/.zonectl-keep; echo mine >/etc/hosts'
	zonectl create none -t minimal --setup none --boot
	zonectl create fuse -t minimal --features firewall,fuse --boot
	[ "$(hosts fuse | grep -c 'kept.zone$')" -eq 2 ]
	running witness
	deadline 5 knows a witness
	deadline 5 is_settled
	[ "$(hosts kept)" = mine ]
	forgot none a
	forgot fuse witness
	# All are found by others.
	knows a kept
	knows a none
	knows a fuse
	zonectl destroy -y --force kept none fuse witness
}

@test "a zone is not named localhost to others" {
	zonectl create localhost -t minimal --boot
	deadline 5 eval 'hosts a | grep -q "	localhost\.zone$"'
	not eval 'hosts a | grep "$(ip4 localhost)" | grep "localhost "'
	zonectl destroy -y --force localhost
}

@test "hosts-file keeps a file for the host, readable by all, that goes when it is not wanted" {
	not ls "$ZONECTL_ROOT/run/zonectl-hosts" 2>/dev/null
	config '{"hosts-file": true}'
	running c
	deadline 5 eval 'site_file 2>/dev/null | grep -qxF "$(ip4 c)	c.zone"'
	site_file | grep -xF "$(ip6 c)	c.zone"
	site_file | grep -xF "$(ip4 a)	a.zone"
	[ "$(stat -c '%a %U' "$ZONECTL_ROOT/run/zonectl-hosts" "$ZONECTL_ROOT/run/zonectl-hosts/hosts")" = "755 root
644 root" ]
	deadline 5 is_settled
	zonectl create hidden -t minimal --names no --boot
	zonectl halt c
	deadline 5 eval '! site_file | grep -q "c.zone"'
	not eval 'site_file | grep hidden'
	not ls "$ZONECTL_ROOT/run/zonectl-hosts/".??* 2>/dev/null
	config '{"hosts-file": false}'
	zonectl boot c
	deadline 5 test ! -e "$ZONECTL_ROOT/run/zonectl-hosts"
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	zonectl destroy -y --force c hidden
}

@test "what a killed process left undone is done with the next change, and it is gone when all is done" {
	deadline 5 is_settled
	touch "$ZONECTL_ROOT/run/zonectl/.names/.doing"
	zonectl exec a -- sed -i '/b.zone$/d' /etc/hosts
	running c
	deadline 5 knows a c
	knows a b
	zonectl destroy -y --force c
	deadline 5 is_settled
	deadline 5 eval '[ -z "$(pids_of zonenames)" ]'
}
