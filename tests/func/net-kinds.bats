#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# net=bridge:, macvlan:, phys:, none and host, and further interfaces
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/net

setup_file() {
	store_open && net_open || return
	[ "$EUID" -eq 0 ] || return 0
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	cat >"$ZONECTL_ROOT/etc/zonectl/zonectl.json" <<-'END'
	{"address-pools": [
		{"name": "default", "ipv4": "10.99.0.0/16", "ipv6": "fd99::/64"},
		{"name": "lan", "ipv4": "10.98.0.0/24", "ipv6": "fd98::/64", "device": "zn-lan"},
		{"name": "open", "ipv4": "10.97.0.0/24", "device": "zn-open", "isolate": false},
		{"name": "wire", "ipv4": "10.96.0.0/24", "device": "up1", "gateway": ["10.96.0.1"]}]}
	END
	# A second machine, on a wire of its own.
	peer_open lan up1
	peer lan ip addr add 10.96.0.1/24 dev wire
	peer lan ip addr add 203.0.113.9/32 dev lo
}
teardown_file() {
	net_close
	store_close
}
setup() { zone_setup; }

@test "zones on a bridge of ours have addresses of its pool and reach each other where they may" {
	zonectl create o1 o2 -t minimal --net bridge:zn-open --boot
	[ "$(zonectl list -H -o ip o1)" != "$(zonectl list -H -o ip o2)" ]
	to=$(ip4 o2)
	exits 0 zonectl exec o1 -- ping -c 1 -W 2 "${to%/*}"
	zonectl destroy --force -y o1 o2
}

@test "zones on a bridge are kept apart by default, and the bridge goes with the last" {
	zonectl create l1 l2 -t minimal --net bridge:zn-lan --boot
	to=$(ip4 l2)
	not zonectl exec l1 -- ping -c 1 -W 1 "${to%/*}"
	ip link show zn-lan
	zonectl destroy --force -y l1 l2
	not ip link show zn-lan
}

@test "a bridge that is there is joined, and stays" {
	ip link add upbr type bridge
	ip link set upbr up
	ip addr add 10.95.0.1/24 dev upbr
	zonectl create j -t minimal --net bridge:upbr --ip 10.95.0.7/24 --gateway 10.95.0.1 --boot
	exits 0 zonectl exec j -- ping -c 1 -W 2 10.95.0.1
	[ "$(zonectl exec j -- ip route show default)" != "" ]
	zonectl destroy --force -y j
	ip link show upbr
	ip link del upbr
}

@test "a guest on a bridge without a pool gets its address from the DHCP server there, and is held to its MAC" {
	ip link add upbr type bridge
	ip link set upbr up
	ip addr add 10.93.0.1/24 dev upbr
	printf '%s\n' 'start 10.93.0.10' 'end 10.93.0.20' 'interface upbr' \
		"lease_file $BATS_TEST_TMPDIR/leases" "pidfile $BATS_TEST_TMPDIR/pid" >"$BATS_TEST_TMPDIR/udhcpd"
	: >"$BATS_TEST_TMPDIR/leases"
	busybox udhcpd -f "$BATS_TEST_TMPDIR/udhcpd" 3>&- &
	server=$!
	zonectl create g -t minimal --net bridge:upbr --boot
	zonectl exec g -- sh -c 'printf "#!/bin/sh\n[ \$1 != bound ] || ip addr add \$ip/24 dev eth0\n" >/root/got
		chmod +x /root/got'
	exits 0 zonectl exec g -- udhcpc -i eth0 -f -q -n -T 1 -t 20 -s /root/got
	exits 0 zonectl exec g -- ping -c 1 -W 2 10.93.0.1
	before=$(zonectl net info g --json | json "d[0]['counters']['dropped_packets']")
	zonectl exec g -- ip link set eth0 down
	zonectl exec g -- ip link set eth0 address 02:00:00:00:00:99
	zonectl exec g -- ip link set eth0 up
	not zonectl exec g -- ping -c 1 -W 1 10.93.0.1
	[ "$(zonectl net info g --json | json "d[0]['counters']['dropped_packets']")" -gt "$before" ]
	kill "$server"
	wait "$server" || :
	zonectl destroy --force -y g
	ip link del upbr
}

@test "an address that a machine on the link has is refused, and a pool's next one taken" {
	peer lan ip -6 addr add fd96::9/64 dev wire nodad
	peer lan ip addr add 10.94.0.9/24 dev wire
	mac=$(peer lan ip -j link show wire | json "d[0]['address']")
	fails 6 "zonectl: create q: ip: 10.94.0.9 is had on up1, by $mac" \
		zonectl create q -t minimal --net macvlan:up1 --ip 10.94.0.9/24
	exits 6 zonectl create q -t minimal --net macvlan:up1 --ip fd96::9/64
	holds "fd96::9 is had on up1"
	zonectl create q -t minimal --net macvlan:up1
	mine=$(ip4 q)
	zonectl destroy -y q
	peer lan ip addr add "${mine%/*}/24" dev wire
	zonectl create q -t minimal --net macvlan:up1
	[ "$(ip4 q)" != "$mine" ]
	zonectl destroy -y q
	peer lan ip addr del "${mine%/*}/24" dev wire
}

@test "a macvlan reaches the machines on its wire" {
	zonectl create m -t minimal --net macvlan:up1 --boot
	exits 0 zonectl exec m -- ping -c 1 -W 2 10.96.0.1
	exits 0 zonectl exec m -- ping -c 1 -W 2 203.0.113.9
	zonectl destroy --force -y m
}

@test "a device moves in under the name it has inside, and comes back under its own" {
	ip link set up1 down
	zonectl create p -t minimal --net phys:up1 --boot
	not ip link show up1 2>/dev/null
	exits 0 zonectl exec p -- ping -c 1 -W 2 10.96.0.1
	zonectl halt p
	ip link show up1
	zonectl boot p
	zonectl exec p -- reboot -f || :
	deadline 10 zonectl exec p -- ping -c 1 -W 1 10.96.0.1
	zonectl destroy --force -y p
	ip link show up1
	ip link set up1 up
}

@test "a device that is in use, and one that is not there, are refused and nothing is left" {
	zonectl create x -t minimal --net phys:up0
	exits 5 zonectl boot x
	holds "interface 'up0' is in use"
	zonectl set x net=bridge:nosuch
	exits 3 zonectl boot x
	holds "no interface 'nosuch'"
	zonectl set x net=bridge:up0
	exits 5 zonectl boot x
	holds "'up0' is no bridge"
	state_is x installed
	nothing_left x
	zonectl destroy -y x
}

@test "a device that one zone has is not given to another" {
	ip link set up1 down
	zonectl create p1 p2 -t minimal --net phys:up1
	zonectl boot p1
	exits 3 zonectl boot p2
	zonectl destroy --force -y p1 p2
	ip link set up1 up
}

@test "further interfaces have networks of their own" {
	zonectl create n -t minimal --nic name=eth1,net=macvlan:up1,ip=10.96.0.77/24 --boot
	exits 0 zonectl exec n -- ping -c 1 -W 2 192.0.2.1
	exits 0 zonectl exec n -- ping -c 1 -W 2 -I eth1 10.96.0.1
	[ "$(zonectl net list -H -o interface n | xargs)" = "eth0 eth1" ]
	exits 0 zonectl set n nic-=eth1
	holds "nic applies at the next boot"
	zonectl reboot -q n --timeout 0s
	[ "$(zonectl exec n -- ls /sys/class/net | xargs)" = "eth0 lo" ]
	zonectl destroy --force -y n
}

@test "net=none has a loopback and no more" {
	zonectl create none -t minimal --net none --boot
	[ "$(zonectl exec none -- ls /sys/class/net)" = lo ]
	zonectl destroy --force -y none
}

@test "net=host is refused unless zonectl.json allows it, and gives no power over the host's network" {
	zonectl create hosted -t minimal --net host
	exits 8 zonectl boot hosted
	holds '"allow-net-host": true'
	sed -i '1s/^{/{"allow-net-host": true, /' "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	zonectl boot hosted
	zonectl exec hosted -- ip addr show dev up0 | grep 192.0.2.1
	not zonectl exec hosted -- ip link set up0 down
	not zonectl exec hosted -- sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	zonectl destroy --force -y hosted
	sed -i 's/"allow-net-host": true, //' "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "a host without IPv6 boots zones with IPv4 and says so, unless IPv6 was asked for" {
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	zonectl create four -t minimal
	run --separate-stderr zonectl boot four
	[ "$status" -eq 0 ]
	[ "$stderr" = "zonectl: warning: boot four: this host has no IPv6: the zone has IPv4 alone" ]
	exits 0 zonectl exec four -- ping -c 1 -W 2 192.0.2.1
	zonectl halt four
	zonectl set four ip+=2001:db8::77
	fails 8 "zonectl: boot four: ip: 2001:db8::77: this host has no IPv6" zonectl boot four
	zonectl destroy -y four
	sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
	ip addr add 2001:db8::1/64 dev up0 nodad
	ip route add default via 2001:db8::2
}
