#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a zone's own files say after its boot. What is written for which distribution is claimed by
# tests/unit/test_setup*.c; here real zones boot.

load ../lib/zone

export HASH='$6$salt$OTmPLW7CtQ3QFwYxYvPbvKk0aRL3q6DkRnSgW3sVgQ4iAnXfFgDB/oCIHSXCKwxEGTdJ3bL9xUPhSdVoq5LBl.'
export KEY="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbM8pN0bYVY3UExk8CnLrL6yEXYyIl2HUyjAQHpS3vE me@here"

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	export TREES=$BATS_FILE_TMPDIR
	cp -a "$(echo "$ZONECTL_ROOT"/var/lib/zonectl/templates/.objects/*/rootfs)" "$TREES/minimal"
}
teardown_file() { store_close; }
setup() { zone_setup; }

# tree NAME [ID]: a copy of minimal, with the os-release of another system.
tree() {
	rm -rf --one-file-system "${TREES:?}/$1"
	cp -a "$TREES/minimal" "$TREES/$1"
	[ -z "${2:-}" ] || printf 'ID=%s\n' "$2" >"$TREES/$1/etc/os-release"
	top=$TREES/$1
}

# template NAME: what is in the tree of that name.
template() {
	tar -C "$TREES/$1" -cf - . | zonectl template import -q - --name "$1"
}

# An init that does nothing, and is taken for another.
fake_init() {
	rm -f "$top/sbin/init"
	printf '#!/bin/sh\n# %s\nexec sleep 100000\n' "$2" >"$top/$1"
	chmod 755 "$top/$1"
}

# inside NAME FILE...: as the zone sees them.
inside() {
	zonectl exec "$1" -- cat "${@:2}"
}

# runs NAME WORDS: a process of the zone was called so.
runs() {
	zonectl exec "$1" -- sh -c 'for f in /proc/[0-9]*/cmdline; do tr "\0" " " <$f; echo; done' 2>/dev/null | grep -q "$2"
}

again() {
	zonectl halt "$1"
	run --separate-stderr zonectl boot "$1"
	[ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
}

@test "users are made with homes, keys and ids of their own, once" {
	zonectl create -q u1 -t minimal --user ann,bob --ssh-key "$KEY" --boot
	prints "uid=1000(ann) gid=1000(ann) groups=1000(ann)" zonectl exec u1 -u ann -- id
	prints "uid=1001(bob) gid=1001(bob) groups=1001(bob)" zonectl exec u1 -u bob -- id
	zonectl exec u1 -u ann -- grep -qF "$KEY" /home/ann/.ssh/authorized_keys
	prints "700 ann" zonectl exec u1 -- stat -c '%a %U' /home/ann
	prints "700 ann" zonectl exec u1 -- stat -c '%a %U' /home/ann/.ssh
	prints "600 ann" zonectl exec u1 -- stat -c '%a %U' /home/ann/.ssh/authorized_keys
	zonectl passwd u1 -u ann --hash "$HASH"
	zonectl exec u1 -- sh -c 'echo mine >/home/ann/file; chown ann /home/ann/file'
	zonectl set -q u1 user+=carl:sudo
	run zonectl reboot u1
	holds "/etc/sudoers.d: is not there: install sudo for carl"
	prints "1002 carl sudo" zonectl exec u1 -- sh -c 'echo $(id -u carl) $(id -Gn carl)'
	prints "1" zonectl exec u1 -- grep -c ^ann: /etc/passwd
	prints "mine" zonectl exec u1 -u ann -- cat /home/ann/file
	zonectl exec u1 -- grep -qF "ann:$HASH:" /etc/shadow
	fails 2 "zonectl: create u2: user: 'Ann' is no NAME[:sudo] (a-z, 0-9, '_' and '-', at most 32)" \
		zonectl create u2 -t minimal --user Ann
	exits 2 zonectl create u2 -t minimal --user root
	zonectl destroy -y --force u1
}

@test "keys are of whom -u names, and of nobody else" {
	zonectl create -q u4 -t minimal --user ann,bob -u bob --ssh-key "$KEY" --boot
	[ "$(zonectl info u4 --json | json 'd["properties"]["ssh-key-user"]')" = bob ]
	zonectl exec u4 -u bob -- grep -qF "$KEY" /home/bob/.ssh/authorized_keys
	not zonectl exec u4 -- ls /home/ann/.ssh/authorized_keys /root/.ssh/authorized_keys
	exits 2 zonectl create u5 -t minimal -u 'no body' --ssh-key "$KEY"
	zonectl destroy -y --force u4
}

@test "a user that leads elsewhere is left alone" {
	zonectl create -q u3 -t minimal --boot
	zonectl exec u3 -- sh -c 'mkdir -p /home /tmp/away && ln -s /tmp/away /home/eve && mkdir -p /root/.ssh &&
		echo "eve:x:5000:5000::/root:/bin/sh" >>/etc/passwd && echo "eve:x:5000:" >>/etc/group'
	zonectl set -q u3 user=eve,dan "ssh-key=$KEY"
	zonectl exec u3 -- ln -s /tmp/away /home/dan
	zonectl reboot -q u3 || :
	# Nothing was written through a link, and what was there is nobody else's now.
	prints "" zonectl exec u3 -- ls -A /tmp/away
	prints "root" zonectl exec u3 -- stat -c %U /root/.ssh
	zonectl destroy -y --force u3
}

@test "keys come from files and standard input too, read once for several zones" {
	local dir=$BATS_TEST_TMPDIR

	printf '# team\n%s\n\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7 bob\n' "$KEY" >"$dir/team.pub"
	zonectl create -q 'k{1..2}' -t minimal --ssh-key "$dir/team.pub" --description x
	[ "$(zonectl info k2 --json | json 'len(d["properties"]["ssh-key"])')" -eq 2 ]
	zonectl set -q k1 ssh-key=- <<<"$KEY"
	[ "$(zonectl info k1 --json | json 'len(d["properties"]["ssh-key"])')" -eq 1 ]
	fails 2 "zonectl: create: --ssh-key: open '/no/such.pub': No such file or directory
  a key (ssh-ed25519 AAAA...), a file of keys, or -" zonectl create k3 -t minimal --ssh-key /no/such.pub
	ssh-keygen -q -t ed25519 -N '' -f "$dir/id"
	fails 2 "zonectl: create: --ssh-key: '$dir/id' is a private key
  give the public one, which ends in .pub" zonectl create k3 -t minimal --ssh-key "$dir/id"
	: >"$dir/empty"
	exits 2 zonectl create k3 -t minimal --ssh-key "$dir/empty"
	holds "holds no key"
	zonectl destroy -y k1 k2
}

@test "a zone writes its names at its first boot, create does not" {
	zonectl create n1 -t minimal --names no
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/zones/n1/data/upper" -type f)" ]
	prints "" zonectl boot n1
	prints n1 inside n1 /etc/hostname
	[ "$(inside n1 /etc/hosts | sed 's/^[0-9a-f.:]*\(\tn1\)$/ADDRESS\1/' | uniq)" = "127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
# zonectl: begin (rewritten when the zone's properties change)
ADDRESS	n1
# zonectl: end" ]
	prints "0 0 644" zonectl exec n1 -- stat -c '%u %g %a' /etc/hosts
}

@test "what is changed inside stays until a property says otherwise" {
	zonectl create n2 -t minimal --names no --boot
	zonectl exec n2 -- sh -c 'echo mine >/etc/hostname; echo 10.0.0.9 db >>/etc/hosts'
	again n2
	[ -z "$stderr" ]
	prints mine inside n2 /etc/hostname
	zonectl set -q n2 timezone=UTC
	again n2
	prints mine inside n2 /etc/hostname
	zonectl set -q n2 hostname=front.example
	again n2
	prints front.example inside n2 /etc/hostname
	run inside n2 /etc/hosts
	holds "	front.example front"
	holds "10.0.0.9 db"
	[[ $output != *n2* ]]
}

@test "a boot where nothing changed writes nothing" {
	zonectl create n3 -t minimal --ssh-key "$KEY" --boot
	zonectl halt n3
	zone=$ZONECTL_ROOT/var/lib/zonectl/zones/n3
	find "$zone/setup.json" "$zone/data/upper" ! -path '*/run*' -printf '%p %i %T@\n' | sort >"$BATS_TEST_TMPDIR/was"
	zonectl boot n3 --init /bin/sleep -- 1000
	zonectl halt n3
	find "$zone/setup.json" "$zone/data/upper" ! -path '*/run*' -printf '%p %i %T@\n' | sort |
		diff "$BATS_TEST_TMPDIR/was" -
}

@test "a zone that is renamed is called so at its next boot" {
	zonectl create n4 -t minimal --boot
	zonectl halt n4
	zonectl rename n4 n4b
	zonectl boot n4b
	prints n4b inside n4b /etc/hostname
	inside n4b /etc/hosts | grep -qE '^[0-9.]+	n4b$'
	not grep -q 'n4$' <(inside n4b /etc/hosts)
	zonectl destroy -y --force n4b
}

@test "a new name is written when the zone reboots from inside" {
	zonectl create n5 -t minimal --boot
	zonectl set -q n5 hostname=later
	init=$(fact n5 init_pid)
	zonectl exec n5 -- reboot || :	# may end with the zone
	is_new() { [ "$(zonectl exec n5 -- cat /etc/hostname 2>/dev/null)" = later ]; }
	deadline 20 is_new
	[ "$(fact n5 init_pid)" != "$init" ]
}

@test "time zone, locale, password and keys are as the properties say" {
	zonectl create p1 -t minimal --timezone Europe/Berlin --locale de_DE.UTF-8 --password-hash "$HASH" --ssh-key "$KEY" --boot
	prints /usr/share/zoneinfo/Europe/Berlin zonectl exec p1 -- readlink /etc/localtime
	prints de_DE.UTF-8 zonectl exec p1 -- sh -lc 'echo $LANG'
	inside p1 /etc/shadow | grep -qF "root:$HASH:"
	prints 600 zonectl exec p1 -- stat -c %a /etc/shadow
	inside p1 /root/.ssh/authorized_keys | grep -qxF "$KEY"
	prints "600 0
700 0" zonectl exec p1 -- stat -c '%a %u' /root/.ssh/authorized_keys /root/.ssh
	zonectl set -q p1 ssh-key= timezone=UTC
	again p1
	prints /usr/share/zoneinfo/UTC zonectl exec p1 -- readlink /etc/localtime
	not grep -q ssh-ed25519 <(inside p1 /root/.ssh/authorized_keys)
	inside p1 /etc/shadow | grep -qF "root:$HASH:"
}

@test "the password that was set opens the zone's console" {
	hash=$(openssl passwd -6 geheim) || skip "needs openssl"
	zonectl create p2 -t minimal --password-hash "$hash" --boot
	on_terminal <(cat <<-'END'
		zonectl console p2
		type ""
		see "login:"
		type root
		see "Password:"
		type geheim
		see "# "
		type {echo "i am $(id -un)"}
		see "i am root"
		send "\r~."
		expect eof
	END
	)
}

@test "info shows people only that there is a password" {
	installed p3 --password-hash "$HASH"
	run zonectl info p3
	holds "password-hash  set"
	[[ $output != *salt* ]]
	prints "$HASH" fact_property p3 password-hash
}

fact_property() {
	zonectl info "$1" --json | json "d['properties']['$2']"
}

@test "bad values are refused, and a password by mistake is not repeated" {
	installed p4
	fails 2 "zonectl: set p4: password-hash: no password hash that crypt(5) knows
  make one with: mkpasswd, or openssl passwd -6" zonectl set p4 password-hash=secret
	fails 2 "zonectl: set p4: ssh-key: no public key of OpenSSH (TYPE BASE64 [COMMENT], TYPE as ssh-ed25519)" \
		zonectl set p4 "ssh-key+=x y"
	fails 2 "zonectl: set p4: ssh-key: the data of the ssh-rsa key is damaged" \
		zonectl set p4 "ssh-key+=ssh-rsa ${KEY#* }"
	fails 2 "zonectl: set p4: locale: '../x' is no locale (such as de_DE.UTF-8)" zonectl set p4 locale=../x
	fails 2 "zonectl: set p4: setup: no 'some' (there are auto, none)" zonectl set p4 setup=some
}

@test "setup=none leaves every file alone, and secrets of the template are hidden all the same" {
	tree secret
	mkdir -p "$top/etc/ssh" "$top/var/lib/systemd" "$top/var/lib/dbus"
	echo 11111111111111111111111111111111 | tee "$top/etc/machine-id" >"$top/var/lib/dbus/machine-id"
	echo secret | tee "$top/etc/ssh/ssh_host_ed25519_key" >"$top/var/lib/systemd/random-seed"
	echo template >"$top/etc/hostname"
	template secret
	zonectl create s1 -t secret --setup none --locale C.UTF-8 --ssh-key "$KEY" --boot
	prints template inside s1 /etc/hostname
	not zonectl exec s1 -- sh -c 'ls -d /root/.ssh /etc/profile.d/00* 2>/dev/null'
	not zonectl exec s1 -- sh -c 'cat /etc/machine-id /var/lib/dbus/machine-id /etc/ssh/ssh_host* /var/lib/systemd/random-seed 2>/dev/null'
	zonectl set -q s1 setup=auto
	again s1
	prints s1 inside s1 /etc/hostname
}

@test "two zones of one template share no machine-id, host key or seed" {
	tree shared debian
	fake_init sbin/init /run/initctl
	mkdir -p "$top/etc/ssh" "$top/var/lib/urandom"
	echo 22222222222222222222222222222222 >"$top/etc/machine-id"
	for kind in rsa ecdsa ed25519; do
		echo secret | tee "$top/etc/ssh/ssh_host_${kind}_key" >"$top/etc/ssh/ssh_host_${kind}_key.pub"
	done
	echo seed >"$top/var/lib/urandom/random-seed"
	printf '17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n' >"$top/etc/crontab"
	template shared
	zonectl create t1 t2 t3 t4 -t shared --boot
	for zone in t1 t2 t3 t4; do
		[ "$(inside $zone /etc/machine-id)" = "$(fact $zone uuid | tr -d -)" ]
		not zonectl exec $zone -- sh -c 'cat /etc/ssh/ssh_host* /var/lib/urandom/* 2>/dev/null'
		inside $zone /etc/crontab | grep -qE '^[0-9]+ \*.* run-parts --report /etc/cron.hourly$'
	done
	[ "$(for zone in t1 t2 t3 t4; do inside $zone /etc/machine-id; done | sort -u | wc -l)" -eq 4 ]
	[ "$(for zone in t1 t2 t3 t4; do inside $zone /etc/crontab; done | sort -u | wc -l)" -gt 1 ]
	zonectl destroy -q -y --force t1 t2 t3 t4
}

@test "files that the zone wants to keep are left alone" {
	zonectl create k1 -t minimal
	zonectl boot k1
	zonectl exec k1 -- sh -c 'echo mine | tee /etc/hostname >/etc/hosts; printf "%s\n" /etc/hosts /etc/hostname >/etc/.zonectl-keep'
	zonectl set -q k1 hostname=other timezone=UTC
	again k1
	[ -z "$stderr" ]
	prints mine inside k1 /etc/hostname
	prints mine inside k1 /etc/hosts
	prints /usr/share/zoneinfo/UTC zonectl exec k1 -- readlink /etc/localtime
}

@test "what can't be written is warned of once, at each boot, until it can" {
	zonectl create w1 -t minimal
	zonectl boot w1
	zonectl exec w1 -- sh -c 'rm /etc/hosts; mkdir -p /etc/hosts/x'
	zonectl set -q w1 hostname=other
	again w1
	[ "$stderr" = "zonectl: warning: boot w1: /etc/hosts: is a directory" ]
	prints other inside w1 /etc/hostname
	again w1
	[ "$stderr" = "zonectl: warning: boot w1: /etc/hosts: is a directory" ]
	zonectl exec w1 -- rm -r /etc/hosts
	again w1
	[ -z "$stderr" ]
	inside w1 /etc/hosts | grep -qE '^[0-9.]+	other$'
}

@test "a password that could not be set is said clearly by create --boot" {
	tree rootless
	sed -i '/^root:/d' "$top/etc/shadow"
	template rootless
	run --separate-stderr zonectl create w2 -t rootless --password-hash "$HASH" --boot
	[ "$status" -eq 0 ]
	[ "$stderr" = "zonectl: warning: create w2: /etc/shadow: has no line for root
zonectl: warning: create w2: /etc/shadow: the password of root is NOT set" ]
}

@test "files of the host that a mount property puts there are not written to" {
	echo mine >"$BATS_TEST_TMPDIR/hosts"
	mkdir -p "$BATS_TEST_TMPDIR/ssh"
	zonectl create m1 -t minimal --mount "$BATS_TEST_TMPDIR/hosts:/etc/hosts" --mount "$BATS_TEST_TMPDIR/ssh:/root/.ssh" \
		--ssh-key "$KEY"
	prints "" zonectl boot m1
	prints mine inside m1 /etc/hosts
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/ssh")" ]
	[ "$(cat "$BATS_TEST_TMPDIR/hosts")" = mine ]
}

@test "sysvinit, runit and busybox answer on the console, and on no terminal of a machine" {
	tree sysv devuan
	fake_init sbin/init /run/initctl
	printf '%s\n' 'id:2:initdefault:' '1:2345:respawn:/sbin/getty 38400 tty1' >"$top/etc/inittab"
	template sysv
	zonectl create c1 -t sysv --boot
	run inside c1 /etc/inittab
	holds "#zonectl# 1:2345:respawn:/sbin/getty 38400 tty1"
	holds "co:2345:respawn:/sbin/getty 38400 console"
	tree runit void
	fake_init sbin/runit-init x
	ln -s runit-init "$top/sbin/init"
	mkdir -p "$top/etc/sv/agetty-console" "$top/etc/runit/runsvdir/default"
	ln -s /etc/sv/agetty-tty1 "$top/etc/runit/runsvdir/default/agetty-tty1"
	template runit
	zonectl create c2 -t runit --boot
	prints agetty-console zonectl exec c2 -- ls /etc/runit/runsvdir/default
	tree busy alpine
	printf '%s\n' '::sysinit:/bin/true' 'tty1::respawn:/sbin/getty 38400 tty1' >"$top/etc/inittab"
	template busy
	zonectl create c3 -t busy --boot
	deadline 10 runs c3 'getty 38400 console'
	not runs c3 'getty 38400 tty1'
	zonectl destroy -q -y --force c1 c2 c3
}

@test "units that can't work in a zone are masked for any template with systemd" {
	tree sysd fedora
	mkdir -p "$top/usr/lib/systemd/system" "$top/etc/systemd/system"
	fake_init usr/lib/systemd/systemd x
	ln -s ../usr/lib/systemd/systemd "$top/sbin/init"
	touch "$top/usr/lib/systemd/system/systemd-udevd.service"
	template sysd
	zonectl create u1 -t sysd --boot
	prints /dev/null zonectl exec u1 -- readlink /etc/systemd/system/systemd-udevd.service
	prints "$(fact u1 uuid | tr -d -)" inside u1 /etc/machine-id
}

@test "Alpine boots with its names, keys and a login on its console" {
	zonectl template import -q "$ZONE_SRCDIR/tests/data/alpine-minirootfs-3.19.4-x86_64.tar.gz" --name alpine
	prints "" zonectl create al -t alpine --ssh-key "$KEY" --locale de_DE.UTF-8 --password-hash "$HASH" --boot
	prints al inside al /etc/hostname
	prints de_DE.UTF-8 zonectl exec al -- sh -lc 'echo $LANG'
	inside al /root/.ssh/authorized_keys | grep -qxF "$KEY"
	inside al /etc/shadow | grep -qF "root:$HASH:"
	prints "root:shadow" zonectl exec al -- stat -c %U:%G /etc/shadow
	deadline 20 runs al 'getty 38400 console'
	not runs al 'getty.*tty1'
	inside al /etc/crontabs/root | grep -q 'run-parts /etc/periodic/hourly'
}

@test "run needs no file, and has what its properties say" {
	prints "r1
UTC" zonectl run -t minimal --rm --name r1 --timezone UTC -- sh -c 'hostname; readlink /etc/localtime | sed "s|.*/||"'
	prints "0" zonectl run -t minimal --rm -- sh -c 'grep -c zonectl /etc/hosts || :'
}

@test "the guest's files say the network that the host has set" {
	zonectl create g1 -t minimal --ip 10.55.0.7 --nameserver 10.55.0.1 --search example.org --boot
	prints "# Written by zonectl from the zone's properties.
search example.org
nameserver 10.55.0.1" inside g1 /etc/resolv.conf
	inside g1 /etc/hosts | grep -qx '10.55.0.7	g1'
	zonectl set -q g1 nameserver=10.55.0.2
	again g1
	inside g1 /etc/resolv.conf | grep -qx 'nameserver 10.55.0.2'
	zonectl set -q g1 net=none ip=
	again g1
	inside g1 /etc/hosts | grep -qx '127.0.1.1	g1'
}

@test "Alpine's ifup agrees with the host, brings the network back and ends nothing at boot" {
	[ -n "$(zonectl template list -H -o name | grep -x alpine)" ] ||
		zonectl template import -q "$ZONE_SRCDIR/tests/data/alpine-minirootfs-3.19.4-x86_64.tar.gz" --name alpine
	zonectl create ai -t alpine
	zonectl boot ai
	zonectl exec ai -- sh -c 'mkdir -p /etc/network; printf "auto eth0\niface eth0 inet dhcp\n" >/etc/network/interfaces'
	zonectl set -q ai ip=10.55.0.8
	again ai
	[ -z "$stderr" ]
	zonectl exec ai -- sh -c 'ifup eth0 && ifup -f eth0'
	addresses() { zonectl exec ai -- sh -c 'ip -4 addr show eth0 | grep -c "inet 10.55.0.8/32"; ip route'; }
	before=$(addresses)
	[[ $before == 1* && $before == *"default via 169.254.1.1 dev eth0"* ]]
	zonectl exec ai -- sh -c 'ifdown eth0; ip addr flush dev eth0; ip link set eth0 down; ifup eth0'
	[[ $(addresses) == 1*"default via 169.254.1.1 dev eth0"* ]]
}

@test "a zone of a template made of another has not the keys of that one" {
	zonectl create o1 -t minimal --ssh-key "$KEY" --boot
	zonectl exec o1 -- sh -c 'echo "ssh-ed25519 mine" >>/root/.ssh/authorized_keys'
	zonectl halt o1
	zonectl template make -q o1 --name golden
	zonectl create o2 -t golden --boot
	[ "$(inside o2 /root/.ssh/authorized_keys 2>/dev/null | grep -c "${KEY%% me*}")" = 0 ]
	not grep -q o1 <(inside o2 /etc/hosts)
	prints o2 inside o2 /etc/hostname
}

@test "a record that is damaged makes the next boot write everything again" {
	zonectl create d1 -t minimal --boot
	zonectl halt d1
	echo '{' >"$ZONECTL_ROOT/var/lib/zonectl/zones/d1/setup.json"
	prints "" zonectl boot d1
	zonectl halt d1		# waits until the boot has written it down
	json 'd["hostname"]' <"$ZONECTL_ROOT/var/lib/zonectl/zones/d1/setup.json" | grep -qE '^[0-9a-f]{16}$'
}
