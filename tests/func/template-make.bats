#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template make
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

teardown() {
	[ "$EUID" -ne 0 ] || ! zonectl template info -q golden >/dev/null 2>&1 || zonectl template remove golden
}

golden() {
	echo "$ZONECTL_ROOT/var/lib/zonectl/templates/golden/rootfs/$1"
}

# inside NAME COMMAND: in the zone, which is running.
inside() {
	zonectl exec "$1" -- sh -c "$2"
}

@test "template make turns a stopped zone into a template that zones are made from" {
	running m1
	inside m1 'mkdir -p /srv/app && echo hello >/srv/app/file && rm /etc/issue && chmod 751 /srv'
	zonectl halt m1
	run --separate-stderr zonectl template make m1 --name golden
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^golden\ [0-9a-f]{12}$ ]]
	[ "$(zonectl template info golden --json | json "d['source']")" = "zone m1" ]
	[ ! -e "$(golden etc/issue)" ]
	zonectl create m2 -t golden --boot
	prints hello zonectl exec m2 -- cat /srv/app/file
	prints 751 zonectl exec m2 -- stat -c %a /srv
	zonectl destroy --force -y m1 m2
}

@test "template make keeps owners, modes, hard links, xattrs, ACLs and capabilities, without the zone's ids" {
	for storage in overlay copy; do
		zonectl create "o-$storage" -t minimal --storage "$storage" --boot
		inside "o-$storage" 'cd /srv && echo a >a && chown 1000:1001 a && chmod 4750 a && ln a b && ln -s a link &&
			chown -h 7:8 link && mkfifo -m 640 pipe && mkdir -m 1777 dir && chown 12:13 dir'
		zonectl halt "o-$storage"
		rootfs=$(find "$ZONECTL_ROOT/var/lib/zonectl/zones/o-$storage/data" -maxdepth 1 \( -name upper -o -name root \))
		setfattr -n user.color -v blue "$rootfs/srv/a"
		zonectl template make "o-$storage" --name golden -q
		[ "$(stat -c '%u:%g %a %h' "$(golden srv/a)")" = "1000:1001 4750 2" ]
		[ "$(golden srv/a)" -ef "$(golden srv/b)" ]
		[ "$(stat -c '%u:%g %F' "$(golden srv/link)")" = "7:8 symbolic link" ]
		[ "$(stat -c '%a %F' "$(golden srv/pipe)")" = "640 fifo" ]
		[ "$(stat -c '%u:%g %a' "$(golden srv/dir)")" = "12:13 1777" ]
		[ "$(getfattr --only-values -n user.color "$(golden srv/b)")" = blue ]
		[ -z "$(find "$(golden '')" -uid +65535 -o -gid +65535)" ]
		zonectl destroy -y "o-$storage"
		zonectl template remove golden
	done
}

@test "template make brings file capabilities and ACLs back to the ids of a template" {
	command -v setcap >/dev/null && command -v setfacl >/dev/null || skip "needs setcap and setfacl"
	installed c1
	base=$(fact c1 uid_base)
	upper=$ZONECTL_ROOT/var/lib/zonectl/zones/c1/data/upper
	mkdir -p "$upper/opt"
	cp "$(command -v busybox)" "$upper/opt/ping"
	echo x >"$upper/opt/acl"
	chown -R "$base:$base" "$upper/opt"
	setcap -n "$base" cap_net_raw=ep "$upper/opt/ping"
	setfacl -m "u:$((base + 1000)):r" "$upper/opt/acl"
	zonectl template make c1 --name golden -q
	getcap -n "$(golden opt/ping)" | grep -q 'cap_net_raw=ep$'
	getfacl -n -p "$(golden opt/acl)" | grep -qx 'user:1000:r--'
	zonectl destroy -y c1
}

@test "template make leaves accounts without a password, unless their file is kept" {
	running p1
	inside p1 'printf "%s\n" "root:\$6\$salt\$hash:19000:0:99999:7:::" "ann:!\$y\$j9T\$x:1::::::" "old:abJnggxhB/yWI:1::::::" "bin:*:1::::::" "sys:!!:1::::::" "free::1::::::" "tail:\$1\$x" >/etc/shadow
		chmod 640 /etc/shadow'
	zonectl halt p1
	run zonectl template make p1 --name golden
	[ "$status" -eq 0 ]
	grep -qx 'removed /etc/shadow (passwords)' <<<"$output"
	[ "$(cat "$(golden etc/shadow)")" = "$(printf '%s\n' root:*:19000:0:99999:7::: ann:*:1:::::: old:*:1:::::: bin:*:1:::::: 'sys:!!:1::::::' free::1:::::: 'tail:*')" ]
	[ "$(stat -c %a "$(golden etc/shadow)")" = 640 ]
	zonectl template make p1 --name golden --keep /etc/shadow
	grep -qF 'root:$6$salt$hash:' "$(golden etc/shadow)"
	zonectl destroy -y p1
}

@test "template make takes the names of other zones out of /etc/hosts, and leaves the other lines" {
	running other
	running h1
	inside h1 'grep -q "other.zone\$" /etc/hosts && { echo "# mine"; cat /etc/hosts; echo "192.0.2.9 printer"; } >/etc/h && mv /etc/h /etc/hosts'
	zonectl halt h1
	run zonectl template make h1 --name golden
	[ "$status" -eq 0 ]
	grep -qx 'removed /etc/hosts (names of zones)' <<<"$output"
	[ "$(cat "$(golden etc/hosts)")" = "# mine
127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
192.0.2.9 printer" ]
	zonectl destroy -y --force h1 other
}

@test "template make takes identity, keys, logs, caches and what lies about out, and says so" {
	running w1
	inside w1 'mkdir -p /root/.ssh /home/ann/.ssh /etc/ssh /var/lib/systemd /var/lib/dhcp /var/log/app /var/cache/apt/archives/partial \
			/var/lib/apt/lists /var/lib/cloud/instances/i-1 /var/lib/dbus /var/tmp &&
		echo k >/root/.ssh/authorized_keys; echo k >/home/ann/.ssh/id; echo k >/etc/ssh/ssh_host_rsa_key; echo c >/etc/ssh/sshd_config
		echo s >/var/lib/systemd/random-seed; echo l >/var/lib/dhcp/dhclient.eth0.leases; echo l >/var/log/app/log; echo l >/var/log/wtmp
		echo d >/var/cache/apt/archives/x.deb; echo p >/var/lib/apt/lists/deb; ln -s instances/i-1 /var/lib/cloud/instance
		echo 0123456789abcdef0123456789abcdef >/etc/machine-id; echo h >/root/.ash_history; echo t >/var/tmp/t; echo x >/etc/shadow-; ln -s /etc/machine-id /var/lib/dbus/machine-id
		mkdir -p /srv/tmp; echo keep >/srv/tmp/me'
	zonectl halt w1
	run zonectl template make w1 --name golden
	[ "$status" -eq 0 ]
	for path in root/.ssh home/ann/.ssh etc/ssh/ssh_host_rsa_key var/lib/systemd/random-seed var/lib/dhcp/dhclient.eth0.leases \
		var/log/app/log var/cache/apt/archives/x.deb var/lib/apt/lists/deb var/lib/cloud/instance var/lib/cloud/instances/i-1 \
		root/.ash_history var/tmp/t etc/shadow-; do
		[ ! -e "$(golden $path)" ] && [ ! -L "$(golden $path)" ] || { echo "left: $path"; return 1; }
		grep -qx "removed /$path" <<<"$output" || { echo "not told: $path"; return 1; }
	done
	for path in etc/ssh/sshd_config var/log/app var/cache/apt/archives/partial srv/tmp/me var/log/wtmp home/ann; do
		[ -e "$(golden $path)" ] || { echo "gone: $path"; return 1; }
	done
	[ -L "$(golden var/lib/dbus/machine-id)" ]
	[ ! -s "$(golden var/log/wtmp)" ]
	[ -e "$(golden etc/machine-id)" ] && [ ! -s "$(golden etc/machine-id)" ]
	grep -qx 'removed /etc/machine-id' <<<"$output"
	zonectl destroy -y w1
}

@test "template make --keep and --as-is leave things in; --json lists what went" {
	running k1
	inside k1 'mkdir -p /var/log/app /root/.ssh; echo 1 >/var/log/app/one; echo 2 >/var/log/app/two; echo k >/root/.ssh/authorized_keys'
	zonectl halt k1
	run --separate-stderr zonectl template make k1 --name golden --keep /var/log/app/one --keep root/.ssh/ --json
	[ "$(json "'/var/log/app/two' in d['removed'], '/var/log/app/one' in d['removed'], d['name']" <<<"$output")" = "(True, False, 'golden')" ]
	[ -e "$(golden var/log/app/one)" ] && [ -e "$(golden root/.ssh/authorized_keys)" ] && [ ! -e "$(golden var/log/app/two)" ]
	zonectl template make k1 --name golden --as-is -q
	[ -e "$(golden var/log/app/two)" ]
	[ "$(zonectl template info golden --json | json "d['version']")" = 2 ]
	zonectl destroy -y k1
}

@test "template make of the same zone twice is one version" {
	running t1
	inside t1 'echo l >/var/log/log; echo t >/var/tmp/t'
	zonectl halt t1
	zonectl template make t1 --name golden -q
	run --separate-stderr zonectl template make t1 --name golden -q --json
	[ "$(json "d['version']" <<<"$output")" = 1 ]
	zonectl destroy -y t1
}

@test "template make leaves devices and sockets out and follows no link of the zone" {
	running h1
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary"
	echo whole >"$canary/file"
	inside h1 "rm -rf /var/log /var/tmp; ln -s $canary /var/log; ln -s / /var/tmp; mkdir -p /root; rm -rf /root/.ssh
		ln -s $canary /root/.ssh; rm -f /etc/machine-id; ln -s $canary/file /etc/machine-id; mkdir -p /etc/ssh
		ln -s $canary/file /etc/ssh/ssh_host_x_key; mkdir -p /home/a; mkfifo /home/a/.bash_history"
	zonectl halt h1
	upper=$ZONECTL_ROOT/var/lib/zonectl/zones/h1/data/upper
	mknod "$upper/null" c 1 3
	python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$upper/sock')" || skip "needs python3"
	zonectl template make h1 --name golden -q
	[ "$(cat "$canary/file")" = whole ]
	[ ! -e "$(golden null)" ] && [ ! -e "$(golden sock)" ]
	[ -e "$(golden bin/busybox)" ]
	[ ! -L "$(golden root/.ssh)" ]
	zonectl destroy -y h1
}

@test "template make refuses a zone that runs, an unknown zone and a bad name" {
	running r1
	exits 4 zonectl template make r1 --name golden
	holds "zonectl: template make r1: is running"
	zonectl halt r1
	fails 3 "zonectl: template make nosuch: no zone \"nosuch\"
  try: zonectl list -a" zonectl template make nosuch
	exits 2 zonectl template make r1 --name Bad
	prints "would template make r1" zonectl template make -n r1 --name golden
	zonectl destroy -y r1
}

@test "template make refuses files of more bytes than unpack-limits allows, and leaves nothing" {
	running b1
	inside b1 'dd if=/dev/zero of=/huge bs=1 count=1 seek=1099511627776 2>/dev/null'
	zonectl halt b1
	run --separate-stderr timeout 20 "$ZONECTL" template make b1 --name golden
	[ "$status" -eq 2 ]
	[[ $stderr == *"'huge': the files are more than 68719476736 bytes"* ]]
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.*' ! -name .objects)" ]
	exits 3 zonectl template info golden
	zonectl destroy -y b1
}

@test "template make that is killed leaves no mount and nothing that the next import does not sweep" {
	installed q1 --storage copy
	dd if=/dev/urandom of="$ZONECTL_ROOT/var/lib/zonectl/zones/q1/data/root/big" bs=1M count=40 status=none
	for moment in 0.02 0.1 0.3; do
		timeout -s KILL "$moment" "$ZONECTL" template make q1 --name golden -q || :
		exits 1 grep -F "$ZONECTL_ROOT" /proc/self/mountinfo
	done
	deadline 5 [ -z "$(pids_of zonectl)" ]
	zonectl template make q1 --name golden -q
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.*' ! -name .objects)" ]
	zonectl destroy -y q1
}
