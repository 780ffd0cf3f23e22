#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The network of zones as they have it without asking: net=routed, and published ports

load ../lib/net

setup_file() {
	store_open && net_open || return
	[ "$EUID" -eq 0 ] || return 0
	serve world peer world -- 80
	serve host -- 81
	zonectl create a b -t minimal --boot
	serve a within a -- 80
	serve b within b -- 80
}
teardown_file() {
	net_close
	store_close
}
setup() { zone_setup; }

@test "when boot returns a zone reaches its gateway, the host, another zone and the world" {
	running first
	for address in 169.254.1.1 192.0.2.1 "$(ip4 a)" 192.0.2.2; do
		exits 0 zonectl exec first -- ping -c 1 -W 2 "$address"
	done
	zonectl reboot -q first --timeout 0s
	for address in fe80::1%eth0 2001:db8::1 "$(ip6 a)" 2001:db8::2; do
		exits 0 zonectl exec first -- ping -c 1 -W 2 "$address"
	done
	zonectl destroy --force -y first
}

@test "a zone and the host reach each other over TCP and UDP, by IPv4 and IPv6" {
	prints "host $(ip4 a)" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.1 81 tcp
	prints "host $(ip6 a)" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 2001:db8::1 81 tcp
	# A server that is bound to no address answers from the one that the zone has for its gateway.
	prints "host $(ip4 a)" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 169.254.1.1 81 udp
	prints "host $(ip6 a)" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 2001:db8::1 81 udp
	for protocol in tcp udp; do
		prints "a 169.254.1.1" ask "$(ip4 a)" 80 $protocol
		exits 0 ask "$(ip6 a)" 80 $protocol
		[[ $output == "a "* ]]
	done
}

@test "two zones reach each other with their own addresses" {
	prints "b $(ip4 a)" within a "$ZONE_SRCDIR/tests/lib/net.py" ask "$(ip4 b)" 80 tcp
	prints "b $(ip6 a)" within a "$ZONE_SRCDIR/tests/lib/net.py" ask "$(ip6 b)" 80 tcp
	prints "a $(ip4 b)" within b "$ZONE_SRCDIR/tests/lib/net.py" ask "$(ip4 a)" 80 udp
	prints "a $(ip6 b)" within b "$ZONE_SRCDIR/tests/lib/net.py" ask "$(ip6 a)" 80 udp
}

@test "private addresses go out with the host's" {
	prints "world 192.0.2.1" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.2 80 tcp
	prints "world 192.0.2.1" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.2 80 udp
	prints "world 2001:db8::1" within a "$ZONE_SRCDIR/tests/lib/net.py" ask 2001:db8::2 80 tcp
}

@test "public addresses go out as they are, and the host answers for them on the uplink" {
	zonectl create public -t minimal --ip 192.0.2.50,2001:db8::50 --boot
	serve public within public -- 80
	prints "world 192.0.2.50" within public "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.2 80 tcp
	prints "world 2001:db8::50" within public "$ZONE_SRCDIR/tests/lib/net.py" ask 2001:db8::2 80 tcp
	prints "public 192.0.2.2" peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.50 80 tcp
	prints "public 2001:db8::2" peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 2001:db8::50 80 tcp
	stop public
	zonectl destroy --force -y public
	not grep . <(ip neigh show proxy)
}

@test "a zone can send from no address but its own" {
	zonectl exec a -- ip addr add 10.255.0.1/32 dev eth0
	not zonectl exec a -- ping -c 1 -W 1 -I 10.255.0.1 192.0.2.1
	zonectl exec a -- ping -c 1 -W 1 192.0.2.1
	zonectl exec a -- ip addr del 10.255.0.1/32 dev eth0
	[ "$(zonectl net info a --json | json "d[0]['counters']['dropped_packets'] > 0")" = true ]
}

@test "name servers are those of the host or of the property" {
	start dns peer world "$ZONE_SRCDIR/tests/lib/net.py" dns 53 www.example.org=192.0.2.2
	zonectl create names -t minimal --nameserver 192.0.2.2 --search example.org --boot
	run zonectl exec names -- cat /etc/resolv.conf
	holds "nameserver 192.0.2.2"
	holds "search example.org"
	exits 0 zonectl exec names -- nslookup www.example.org
	holds "192.0.2.2"
	stop dns
	zonectl destroy --force -y names
}

@test "a published port is reached from outside, from the host by each address, and from zones" {
	zonectl set a publish=8080:80,8053:80/udp
	for address in 192.0.2.1 2001:db8::1; do
		exits 0 peer world "$ZONE_SRCDIR/tests/lib/net.py" ask "$address" 8080 tcp
		[[ $output == "a "* ]]
		exits 0 peer world "$ZONE_SRCDIR/tests/lib/net.py" ask "$address" 8053 udp
		[[ $output == "a "* ]]
		exits 0 ask "$address" 8080
		[[ $output == "a "* ]]
		exits 0 within b "$ZONE_SRCDIR/tests/lib/net.py" ask "$address" 8080 tcp
		[[ $output == "a "* ]]
		exits 0 within a "$ZONE_SRCDIR/tests/lib/net.py" ask "$address" 8080 tcp
		[[ $output == "a "* ]]
	done
	exits 0 ask 127.0.0.1 8080
	holds "a "
	# Who asks from outside is known inside.
	prints "a 192.0.2.2" peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.1 8080 tcp
	zonectl set a publish=
	no_answer peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.1 8080 tcp
}

@test "ranges, one address alone, and a reboot" {
	serve b2 within b -- 90 91 92
	zonectl set b publish=9000-9002:90-92,192.0.2.1:9100:90
	exits 0 peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.1 9002 tcp
	holds "b2 "
	exits 0 peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.1 9100 tcp
	no_answer peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 2001:db8::1 9100 tcp
	stop b2
	stop b
	zonectl reboot -q b --timeout 0s
	serve b within b -- 80 90
	exits 0 peer world "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.1 9000 tcp
	holds "b "
	zonectl set b publish=
}

@test "a port that another zone has published is refused by set and create, naming it" {
	zonectl set a publish=8080:80
	fails 6 "zonectl: set b: publish: port 8080/tcp leads to zone \"a\"" zonectl set b publish=8080:80
	fails 6 "zonectl: set b: publish: port 8080/tcp leads to zone \"a\"" zonectl set b publish=8079-8081:1-3
	fails 6 "zonectl: create c: publish: port 8080/tcp leads to zone \"a\"" \
		zonectl create c -t minimal --publish 192.0.2.1:8080:80
	not ls "$ZONECTL_ROOT/var/lib/zonectl/zones/c" 2>/dev/null
	zonectl set a publish=
	prints "" zonectl set b publish=8080:80
	zonectl set b publish=
}

@test "a port that a program of the host has is refused, naming it" {
	for protocol in tcp udp; do
		start taken "$ZONE_SRCDIR/tests/lib/net.py" listen 0.0.0.0 7070 $protocol
		fails 6 "zonectl: set b: publish: port 7070/$protocol is taken by 'python3', process $(<"$BATS_FILE_TMPDIR/serving.taken") of this host" \
			zonectl set b publish=7069-7071:69-71/$protocol
		exits 6 zonectl create c -t minimal --publish 192.0.2.1:7070:80/$protocol
		stop taken
		deadline 5 zonectl set b publish=7070:80/$protocol
		# Its own, it may be set again.
		zonectl set b publish=7070:81/$protocol publish=
	done
	start taken "$ZONE_SRCDIR/tests/lib/net.py" listen 192.0.2.1 7070 tcp
	exits 6 zonectl set b publish=7070:80
	prints "" zonectl set b publish=127.0.0.2:7070:80
	zonectl set b publish=
	stop taken
}

@test "counters go on over a reboot and are the zone's own" {
	counted() { zonectl net info b --json | json "d[0]['counters']['$1']"; }
	before=$(counted out4_bytes)
	within b "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.2 80 tcp
	middle=$(counted out4_bytes)
	[ "$middle" -gt "$before" ]
	stop b
	zonectl shutdown -q b --timeout 0s
	[ "$(counted out4_bytes)" -ge "$middle" ]
	zonectl boot b
	serve b within b -- 80
	after=$(counted out4_bytes)
	[ "$after" -ge "$middle" ]
	within b "$ZONE_SRCDIR/tests/lib/net.py" ask 192.0.2.2 80 tcp
	[ "$(counted out4_bytes)" -gt "$after" ]
	[ "$(counted in4_packets)" -gt 0 ]
}

# rate COMMAND-OF-SENDER HOST PORT...: bytes a second that the sink "sink" saw.
sunk() {
	deadline 10 grep -qE '^[0-9]+$' "$BATS_FILE_TMPDIR/out.sink"
	grep -E '^[0-9]+$' "$BATS_FILE_TMPDIR/out.sink"
}

# is_near VALUE WANTED: within a fifth.
is_near() {
	[ "$1" -gt $(($2 * 8 / 10)) ] && [ "$1" -lt $(($2 * 12 / 10)) ] || { echo "$1, want $2"; return 1; }
}

@test "net-out and net-in hold at once, and are lifted at once" {
	zonectl set a net-out=40mbit net-in=80mbit
	start sink "$ZONE_SRCDIR/tests/lib/net.py" sink 5001
	within a "$ZONE_SRCDIR/tests/lib/net.py" flood 192.0.2.1 5001 8000000
	is_near "$(sunk)" 5000000
	start sink within a "$ZONE_SRCDIR/tests/lib/net.py" sink 5001
	"$ZONE_SRCDIR/tests/lib/net.py" flood "$(ip4 a)" 5001 16000000
	is_near "$(sunk)" 10000000
	zonectl set a net-out= net-in=
	start sink "$ZONE_SRCDIR/tests/lib/net.py" sink 5001
	within a "$ZONE_SRCDIR/tests/lib/net.py" flood 192.0.2.1 5001 60000000
	[ "$(sunk)" -gt 20000000 ]
	stop sink
}

network_is_as_before() { [ "$(network_census)" = "$before" ]; }

@test "an ephemeral zone has a network and leaves nothing of it" {
	before=$(network_census)
	exits 0 zonectl run -t minimal --rm -- ping -c 1 -W 2 192.0.2.2
	deadline 10 network_is_as_before
}

@test "net list and net info show what zones have" {
	zonectl set a publish=8080:80 net-in=80mbit
	run zonectl net list -H -o zone,interface,net,addresses,publish a
	[ "$output" = "a  eth0  routed  $(ip4 a),$(ip6 a)  8080:80/tcp" ]
	link=$(zonectl net list --json a | json "d[0]['host_link']")
	ip link show dev "$link"
	run zonectl net info a
	for word in "$(ip4 a)" "$(ip6 a)" 169.254.1.1 "$link" 80mbit 8080:80/tcp; do holds "$word"; done
	run zonectl net info default
	holds "$(ip4 a)"
	[ "$(zonectl net info default --json | json "[h['zone'] for h in d[0]['holders'] if h['address'] == '$(ip4 b)'][0]")" = b ]
	fails 3 "zonectl: net info nosuch: no zone and no pool \"nosuch\"
  try: zonectl list -a" zonectl net info nosuch
	[ "$(zonectl list -H -o ip a)" = "$(ip4 a),$(ip6 a)" ]
	zonectl set a publish= net-in=
}

@test "halting leaves no link, route, proxy or nft element, and the last zone takes the table" {
	zonectl create h1 -t minimal --publish 8081:1 --net-out 10mbit --boot
	zonectl create h2 -t minimal --ip 192.0.2.60 --boot
	zonectl halt h1 h2
	not grep -E '"h1"|"h2"' <(nft list ruleset)
	not grep . <(ip neigh show proxy)
	deadline 5 no_link_of h1
	deadline 5 no_link_of h2
	zonectl halt a b
	not grep . <(nft list tables)
	zonectl destroy -y h1 h2
}

no_link_of() {
	not grep -E "zonectl-$(store_id) $1\$" <(ip -o -d link 2>/dev/null)
}
