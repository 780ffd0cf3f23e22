#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Addresses of zones: pools, addresses as given, and what is no address

load ../lib/net

setup_file() {
	store_open && net_open
}
teardown_file() {
	net_close
	store_close
}
setup() { zone_setup; }

pools() {
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	printf '{"address-pools": %s}\n' "$1" >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "an address stays over reboots and a rename, and is free after destroy" {
	zonectl create a -t minimal
	was=$(fact a addresses)
	zonectl boot a
	[ "$(zonectl exec a -- ip -4 addr show dev eth0 | awk '/inet/ { print $2 }')" = "$(ip4 a)/32" ]
	zonectl reboot -q a --timeout 0s
	[ "$(fact a addresses)" = "$was" ]
	zonectl halt a
	zonectl rename a z
	[ "$(fact z addresses)" = "$was" ]
	[ "$(zonectl net info default --json | json "{h['zone'] for h in d[0]['holders']} == {'z'}")" = true ]
	zonectl boot z
	[ "$(fact z addresses)" = "$was" ]
	zonectl destroy --force -y z
	[ "$(zonectl net info default --json | json "d[0]['holders']")" = "[]" ]
}

@test "an exhausted pool is exit 7, and a destroyed zone's address is had by the next" {
	pools '[{"name": "tiny", "ipv4": "10.98.0.0/30"}]'
	zonectl create t1 t2 -t minimal
	fails 7 "zonectl: create t3: ip: no free address: the pool is exhausted
  see address-pools in zonectl.json" zonectl create t3 -t minimal
	nothing_left t3
	zonectl destroy -y t1
	zonectl create t3 -t minimal
	zonectl destroy -y t2 t3
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "commands at the same time take different addresses" {
	pools '[{"name": "small", "ipv4": "10.98.0.0/28"}]'
	for i in 1 2 3 4 5 6 7; do
		"$ZONECTL" create "c$i" -t minimal 3>&- 4>&- &
	done
	wait
	[ "$(zonectl list -a -H -o ip 'c*' | sort -u | wc -l)" -eq 7 ]
	zonectl destroy -y 'c*'
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "an address that is another zone's is refused, naming it" {
	zonectl create o -t minimal --ip 198.51.100.7
	fails 6 "zonectl: create p: ip: 198.51.100.7 is zone \"o\"'s" zonectl create p -t minimal --ip 198.51.100.7
	zonectl create p -t minimal
	fails 6 "zonectl: set p: ip: 198.51.100.7 is zone \"o\"'s" zonectl set p ip+=198.51.100.7
	[ "$(zonectl list -a -H -o ip p)" = "$(ip4 p),$(ip6 p)" ]
	zonectl set o ip=auto
	prints "" zonectl set p ip=198.51.100.7
	zonectl destroy -y o p
}

@test "what a running zone had is not given to others before it is down" {
	zonectl create r -t minimal --ip 198.51.100.8 --boot
	run zonectl set r ip=198.51.100.9
	holds "ip applies at the next boot"
	exits 6 zonectl create s -t minimal --ip 198.51.100.8
	zonectl reboot -q r --timeout 0s
	[ "$(zonectl exec r -- ip -4 addr show dev eth0 | awk '/inet/ { print $2 }')" = 198.51.100.9/32 ]
	zonectl create s -t minimal --ip 198.51.100.8
	zonectl destroy --force -y r s
}

@test "addresses that no zone can have, and what is no address, are refused" {
	while read -r value words; do
		fails 2 "zonectl: create bad: ip: $words" zonectl create bad -t minimal --ip "$value"
	done <<-'END'
	127.0.0.1 127.0.0.1 is of a loopback, which no zone can have
	169.254.9.9 169.254.9.9 is link-local, which no zone can have
	224.0.0.1 224.0.0.1 is multicast, which no zone can have
	0.0.0.0 0.0.0.0 is of this network, which no zone can have
	255.255.255.255 255.255.255.255 is reserved, which no zone can have
	10.1.0.0/24 10.1.0.0/24 is the first address of its network
	10.1.0.255/24 10.1.0.255/24 is the broadcast address of its network
	::1 ::1 is of a loopback, which no zone can have
	fe80::1 fe80::1 is link-local, which no zone can have
	10.1.0.256 '10.1.0.256' is no IP address (as 10.1.0.5 or 2001:db8::5)
	example.org 'example.org' is no IP address (as 10.1.0.5 or 2001:db8::5)
	10.1.0.5/33 '/33' is no prefix length (1 to 32)
	none net=routed needs an address
	192.0.2.1 192.0.2.1 is this host's own
	2001:db8::1 2001:db8::1 is this host's own
	END
	fails 2 "zonectl: create bad: ip: no pool \"nosuch\" of addresses for net=routed
  see address-pools in zonectl.json" zonectl create bad -t minimal --ip auto:nosuch
	not ls "$ZONECTL_ROOT/var/lib/zonectl/zones/bad" 2>/dev/null
}

@test "zones of an isolated pool reach the host and the world but not each other" {
	pools '[{"name": "apart", "ipv4": "10.97.0.0/24", "ipv6": "fd97::/64", "isolate": true}]'
	zonectl create i1 i2 -t minimal --boot
	exits 0 zonectl exec i1 -- ping -c 1 -W 2 192.0.2.2
	exits 0 zonectl exec i1 -- ping -c 1 -W 2 192.0.2.1
	not zonectl exec i1 -- ping -c 1 -W 1 "$(ip4 i2)"
	not zonectl exec i1 -- ping -c 1 -W 1 "$(ip6 i2)"
	zonectl destroy --force -y i1 i2
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "a pool that makes no sense is refused with its place in the file" {
	pools '[{"name": "a", "ipv4": "10.0.0.1/16"}]'
	fails 2 "zonectl: list: zonectl.json:1:42: address-pools[0].ipv4: has bits set behind its prefix" zonectl list
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "a store that was made before there were networks gets addresses at boot" {
	zonectl create old -t minimal
	python3 - "$ZONECTL_ROOT/var/lib/zonectl/zones/old/zone.json" <<-'END'
	import json, sys
	d = json.load(open(sys.argv[1]))
	del d["auto-ip"]
	json.dump(d, open(sys.argv[1], "w"))
	END
	rm -rf "$ZONECTL_ROOT"/var/lib/zonectl/{addresses,ports}
	zonectl boot old
	exits 0 zonectl exec old -- ping -c 1 -W 2 192.0.2.2
	[ -n "$(ip4 old)" ]
	zonectl destroy --force -y old
}

# from_5555: asks UDP port 9300 of the host from one and the same port of another machine.
from_5555() {
	peer world python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.2", 5555))
s.settimeout(1)
s.sendto(b"?", ("192.0.2.1", 9300))
print(s.recv(100).decode())'
}

@test "the flows of a zone do not go on to the next one with its address" {
	zonectl create before -t minimal --ip 10.77.0.5 --publish 9300:80/udp --boot
	serve before within before -- 80
	prints "before 192.0.2.2" from_5555
	# The zone's own flows outlast its reboot.
	stop before
	zonectl reboot -q before --timeout 0s
	serve before within before -- 80
	prints "before 192.0.2.2" from_5555
	stop before
	zonectl destroy -y --force before
	zonectl create after -t minimal --ip 10.77.0.5 --boot
	serve after within after -- 80
	not from_5555 2>/dev/null
	stop after
	zonectl destroy -y --force after
}
