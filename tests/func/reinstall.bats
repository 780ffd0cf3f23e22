#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl reinstall

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# A stopped zone with files of its own: fresh NAME [OPTION...].
fresh() {
	if [ -d "$ZONECTL_ROOT/var/lib/zonectl/zones/$1.old" ]; then
		zonectl destroy -q -y "$1.old" || return
	fi
	installed "$@"
	mkdir -p "$BATS_TEST_TMPDIR/srv/deep"
	echo mine >"$BATS_TEST_TMPDIR/srv/deep/file"
	zonectl push "$BATS_TEST_TMPDIR/srv" "$1:/"
	echo old >"$BATS_TEST_TMPDIR/mark"
	zonectl push "$BATS_TEST_TMPDIR/mark" "$1:/etc/mark"
}

has() {
	zonectl pull "$1:$2" - >/dev/null 2>&1
}

zones() {
	zonectl list -a -H -o name,state | tr -s ' ' | sed 's/ *$//'
}

@test "reinstall gives a zone a new root and keeps the old one as NAME.old" {
	fresh a
	prints "" zonectl reinstall a
	not has a /etc/mark
	not has a /srv/deep/file
	[ "$(zonectl pull a.old:/etc/mark -)" = old ]
	prints "a installed
a.old installed" zones
	prints "" zonectl verify a a.old
	prints "" zonectl repair a a.old
	[ "$(fact a.old kept)" = true ]
	zonectl boot a
	zonectl halt a
	nothing_left a a.old
}

@test "properties, uids, addresses, MACs, creation stay; uuid and disk are new" {
	fresh a --memory 64M --tags web,blue --publish 8080:80
	before=$(zonectl info a --json | json "[d['uid_base'], d['created'], d['properties'], d['addresses']]")
	uuid=$(fact a uuid)
	zonectl boot a
	mac=$(zonectl exec a -- cat /sys/class/net/eth0/address)
	zonectl halt a
	zonectl reinstall a
	[ "$(zonectl info a --json | json "[d['uid_base'], d['created'], d['properties'], d['addresses']]")" = "$before" ]
	not [ "$(fact a uuid)" = "$uuid" ]
	[ "$(fact a.old uuid)" = "$uuid" ]
	zonectl boot a
	[ "$(zonectl exec a -- cat /sys/class/net/eth0/address)" = "$mac" ]
	zonectl halt a
}

@test "the old root has nothing that only one zone can have" {
	fresh a --tags web --publish 8080:80 --autoboot yes --mount /etc:/host
	zonectl reinstall a
	run zonectl list -H -a -o name @web
	[ "$output" = a ]
	[ "$(zonectl info a.old --json | json "[d['addresses'], d['properties']['publish'], d['properties']['autoboot'],
		d['properties']['mount'], d['properties']['net']]")" = '[[], [], "no", [], "none"]' ]
	fails 4 'zonectl: boot a.old: is what a reinstall of "a" has kept, with the same uids
  zonectl reinstall a --back makes it that zone again' zonectl boot a.old
	fails 4 'zonectl: reinstall a.old: is what a reinstall has kept of another zone' zonectl reinstall a.old
}

@test "a pattern means the old root only where that can be worked on" {
	fresh a
	zonectl reinstall a
	prints "" zonectl boot 'a*'
	prints "" zonectl exec 'a*' -- true
	zonectl halt 'a*'
	prints "" zonectl boot --all
	prints "" zonectl set --all memory=96M
	zonectl halt --all
	run zonectl info 'a*' --json
	[ "$(json "[z['name'] for z in d]" <<<"$output")" = '["a", "a.old"]' ]
	prints "" zonectl destroy -y 'a*'
	prints "" zones
}

@test "--keep takes files along with owners, modes, times, links, xattrs, and replaces the template's" {
	fresh a
	zonectl boot a
	zonectl exec a -- sh -c 'cd /srv && chown 1000:100 deep/file && chmod 4750 deep/file && touch -d 2001-02-03 deep/file &&
		ln -s /etc/passwd link && ln deep/file hard && mkdir -m 1777 /srv/deep/tmp && mkfifo pipe &&
		chown 7:8 /srv && mkdir -p /opt/x/y && chown 33 /opt/x && chmod 711 /opt/x && echo y >/opt/x/y/z &&
		echo theirs >/etc/hostname && rm /bin/vi && echo mine >/bin/vi'
	zonectl halt a
	upper=$ZONECTL_ROOT/var/lib/zonectl/zones/a/data/upper
	setfattr -n user.colour -v blue "$upper/srv/deep/file"
	setcap cap_net_raw+ep "$upper/opt/x/y/z"
	zonectl reinstall a --keep /srv/ --keep /opt/x/y --keep /bin/vi
	zonectl boot a
	run zonectl exec a -- sh -c 'cd /srv && stat -c "%n %u:%g %a %h" . deep deep/file deep/tmp hard /opt/x; stat -c %y deep/file | cut -c1-10
		readlink link; cat /bin/vi; [ -p pipe ] && cat deep/file'
	[ "$output" = ". 7:8 755 3
deep 0:0 755 3
deep/file 1000:100 4750 2
deep/tmp 0:0 1777 2
hard 1000:100 4750 2
/opt/x 33:0 711 3
2001-02-03
/etc/passwd
mine
mine" ]
	not zonectl exec a -- test -e /etc/mark
	zonectl halt a
	upper=$ZONECTL_ROOT/var/lib/zonectl/zones/a/data/upper
	[ "$(getfattr --only-values -n user.colour "$upper/srv/deep/file")" = blue ]
	getcap "$upper/opt/x/y/z" | grep cap_net_raw
	prints "" zonectl verify a
}

@test "--keep follows no link of the zone, and what is not there is told before anything is done" {
	fresh a
	zonectl boot a
	zonectl exec a -- sh -c 'rm -rf /srv && ln -s /etc /srv && ln -s / /root/all'
	zonectl halt a
	uuid=$(fact a uuid)
	exits 1 zonectl reinstall a --keep /srv/mark
	exits 1 zonectl reinstall a --keep /root/all/etc
	fails 3 "zonectl: reinstall a: keep '/nosuch/file': the zone has none" zonectl reinstall a --keep /nosuch/file
	fails 2 "zonectl: reinstall: option '--keep': 'srv' does not begin with '/'" zonectl reinstall a --keep srv
	fails 2 "zonectl: reinstall: option '--keep': '/srv/../etc' is no path of a zone" zonectl reinstall a --keep /srv/../etc
	exits 2 zonectl reinstall a --keep /
	[ "$(fact a uuid)" = "$uuid" ]
	prints "a installed" zones
	# The link itself is a file like others.
	zonectl reinstall a --keep /srv
	zonectl boot a
	[ "$(zonectl exec a -- readlink /srv)" = /etc ]
	zonectl halt a
}

@test "a running zone is shut down, gets its new root and is booted again" {
	fresh a
	zonectl boot a
	init=$(fact a init_pid)
	prints "" zonectl reinstall a --timeout 1ms
	state_is a running
	not [ "$(fact a init_pid)" = "$init" ]
	not zonectl exec a -- test -e /etc/mark
	# What can't be done stops no zone.
	init=$(fact a init_pid)
	exits 6 zonectl reinstall a
	exits 3 zonectl reinstall a -t nosuch
	[ "$(fact a init_pid)" = "$init" ]
	zonectl halt a
}

@test "--back and again --back change places, with the properties of now" {
	fresh a
	uuid=$(fact a uuid)
	zonectl reinstall a
	new=$(fact a uuid)
	zonectl set a memory=96M
	prints "" zonectl reinstall a --back
	[ "$(fact a uuid) $(fact a.old uuid)" = "$uuid $new" ]
	[ "$(fact a properties | json "d['memory']")" = "$((96 << 20))" ]
	has a /etc/mark
	zonectl boot a
	zonectl exec a -- grep old /etc/mark
	zonectl halt a
	zonectl reinstall a --back
	[ "$(fact a uuid) $(fact a.old uuid)" = "$new $uuid" ]
	prints "" zonectl verify a a.old
}

@test "--purge removes the old root, and then there is no way back" {
	fresh a
	zonectl reinstall a
	fails 6 'zonectl: reinstall a: zone "a.old" exists already
  try: zonectl reinstall a --purge' zonectl reinstall a
	prints "" zonectl reinstall a --purge
	prints "a installed" zones
	fails 3 'zonectl: reinstall a: there is no "a.old" of a reinstall' zonectl reinstall a --purge
	fails 3 'zonectl: reinstall a: there is no "a.old" of a reinstall' zonectl reinstall a --back
	exits 2 zonectl reinstall a --back --purge
	exits 2 zonectl reinstall a --back -t minimal
	prints "" zonectl reinstall a
	prints "" zonectl destroy -y a.old
	prints "a installed" zones
}

@test "a zone of the user's that is called NAME.old is neither taken nor removed" {
	fresh b
	installed b.old
	fails 6 'zonectl: reinstall b: zone "b.old" exists already
  the root of before would be called that' zonectl reinstall b
	exits 3 zonectl reinstall b --purge
	exits 3 zonectl reinstall b --back
	zonectl destroy -y b b.old
	name=$(printf 'n%.0s' {1..61})
	installed "$name"
	exits 2 zonectl reinstall "$name"
	zonectl destroy -y "$name"
}

@test "a zone with an old root can't be renamed; destroyed, it leaves its uids to that" {
	fresh c
	zonectl reinstall c
	fails 4 'zonectl: rename c: has "c.old" of a reinstall
  try: zonectl reinstall c --purge' zonectl rename c d
	fails 4 'zonectl: rename c.old: is what a reinstall of "c" has kept' zonectl rename c.old d
	base=$(fact c uid_base)
	zonectl destroy -y c
	prints "" zonectl verify c.old
	installed c
	not [ "$(fact c uid_base)" = "$base" ]
	exits 3 zonectl reinstall c --back
	# It is a zone like others now.
	zonectl boot c.old
	zonectl exec c.old -- grep old /etc/mark
	zonectl destroy --force -y c c.old
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/uids" -lname 'c*')" ]
}

@test "what was counted goes along" {
	fresh a
	zonectl boot a
	zonectl exec a -- ping -c 2 -W 1 "$(zonectl exec a -- ip route | sed -n 's/.*via \([0-9.]*\).*/\1/p')"
	zonectl halt a
	counted=$(<"$ZONECTL_ROOT/var/lib/zonectl/zones/a/counters.json")
	[[ $counted == *out4_packets* ]]
	zonectl reinstall a
	[ "$(<"$ZONECTL_ROOT/var/lib/zonectl/zones/a/counters.json")" = "$counted" ]
}

@test "reinstall works on every kind of storage, twice and back" {
	local options

	for options in "--storage copy" "--disk 32M"; do
		# shellcheck disable=SC2086	# options are words
		fresh k $options
		zonectl reinstall k --keep /srv
		[ "$(zonectl pull k:/srv/deep/file -)" = mine ]
		not has k /etc/mark
		has k.old /etc/mark
		zonectl reinstall k --purge
		zonectl reinstall k --keep /srv
		zonectl boot k
		zonectl exec k -- grep mine /srv/deep/file
		zonectl halt k
		zonectl reinstall k --back
		prints "" zonectl verify k k.old
		zonectl destroy -y k k.old
	done
}

@test "reinstall works in a btrfs pool" {
	command -v mkfs.btrfs >/dev/null || skip "needs btrfs-progs"
	zonectl pool create -q --size 256M
	fresh p --storage btrfs
	zonectl reinstall p --keep /srv
	[ "$(zonectl pull p:/srv/deep/file -)" = mine ]
	has p.old /etc/mark
	zonectl boot p
	zonectl exec p -- grep mine /srv/deep/file
	zonectl halt p
	zonectl reinstall p --back
	has p /etc/mark
	zonectl reinstall p --purge
	prints "" zonectl verify p
	zonectl destroy -y p
	[ -z "$(ls "$ZONECTL_ROOT/var/lib/zonectl/pool/zones")" ]
	zonectl pool remove -y
}

@test "on a terminal reinstall asks first" {
	fresh a
	on_terminal <(cat <<-'END'
		zonectl reinstall a --keep /srv
		see {reinstall a? [y/N] }
		type n
		see "zonectl: reinstall: nothing was changed"
		ends 1
	END
	)
	has a /etc/mark
	on_terminal <(cat <<-'END'
		zonectl reinstall a --keep /srv
		see {[y/N] }
		type y
		ends 0
	END
	)
	not has a /etc/mark
}

@test "a reinstall that was killed is one that never was, or is finished by repair" {
	local zones=$ZONECTL_ROOT/var/lib/zonectl/zones

	fresh a
	# Before the exchange: the new root is a rest.
	zonectl create -t minimal half
	cp -a "$zones/half" "$zones/.reinstall-a"
	zonectl destroy -y half
	run zonectl verify a
	[ "$output" = "a: reinstall: did not finish
zonectl: verify a: 1 fault found
  try: zonectl repair a" ]
	prints "a: finished a reinstall" zonectl repair a
	prints "a installed" zones
	has a /etc/mark
	# After it: the old root has no name yet.
	zonectl reinstall a
	mv "$zones/a.old" "$zones/.reinstall-a"
	prints "a: finished a reinstall" zonectl repair a
	has a.old /etc/mark
	mv "$zones/a.old" "$zones/.reinstall-a"
	zonectl reinstall a --back
	has a /etc/mark
	mv "$zones/a.old" "$zones/.reinstall-a"
	zonectl destroy -y a
	[ -z "$(ls -A "$zones")" ]
}

