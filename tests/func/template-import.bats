#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template import

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# A root filesystem of one program, with what archives can keep.
setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	tree=$BATS_FILE_TMPDIR/tree
	mkdir -p "$tree"/{bin,sbin,etc,proc,sys,dev,tmp,run}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	for applet in sh cat stat ls id getfattr sleep echo test mknod readlink; do ln -s busybox "$tree/bin/$applet"; done
	ln -s ../bin/busybox "$tree/sbin/init"
	echo root:x:0:0::/:/bin/sh >"$tree/etc/passwd"
	echo hard >"$tree/etc/one"
	ln "$tree/etc/one" "$tree/etc/two"
	echo setuid >"$tree/bin/suid"
	chown 7:8 "$tree/bin/suid"
	chmod 6751 "$tree/bin/suid"
	setfattr -n user.color -v blue "$tree/etc/one"
	setcap cap_net_raw=ep "$tree/bin/busybox"
	mknod "$tree/dev/sda" b 8 0
	tar -C "$tree" --xattrs --xattrs-include='*' --numeric-owner -cf "$BATS_FILE_TMPDIR/root.tar" .
}

@test "import takes plain, gzip, xz, zstd and bzip2 archives, told by their content, as one template" {
	cd "$BATS_FILE_TMPDIR"
	gzip -k root.tar && xz -1k root.tar && zstd -qk root.tar && bzip2 -k root.tar
	n=0
	for file in root.tar root.tar.gz root.tar.xz root.tar.zst root.tar.bz2; do
		n=$((n + 1))
		cp "$file" "archive-without-an-ending"
		exits 0 zonectl template import archive-without-an-ending --name "t$n"
	done
	[ "$(zonectl template list -H -o digest 't*' | sort -u | wc -l)" -eq 1 ]
	zonectl template remove t2 t3 t4 t5
}

@test "import keeps numeric owners, modes, hard links, xattrs and capabilities" {
	zonectl template import "$BATS_FILE_TMPDIR/root.tar" --name kept -q
	zonectl create k -t kept --boot
	prints "6751 7 8" zonectl exec k -- stat -c '%a %u %g' /bin/suid
	[ "$(zonectl exec k -- stat -c %i /etc/one)" = "$(zonectl exec k -- stat -c %i /etc/two)" ]
	rootfs=$ZONECTL_ROOT/var/lib/zonectl/templates/kept/rootfs
	[ "$(getfattr --only-values -n user.color "$rootfs/etc/two")" = blue ]
	[ "$(stat -c %u:%g "$rootfs/bin/suid")" = 7:8 ]
	getfattr -m - -d "$rootfs/bin/busybox" | grep -q security.capability
	zonectl destroy --force -y k
}

@test "import leaves device nodes out" {
	zonectl template import "$BATS_FILE_TMPDIR/root.tar" --name kept -q
	[ ! -e "$ZONECTL_ROOT/var/lib/zonectl/templates/kept/rootfs/dev/sda" ]
}

@test "import names a template after its file" {
	cp "$BATS_FILE_TMPDIR/root.tar" "$BATS_TEST_TMPDIR/My_Root-1.0.tar"
	zonectl template import "$BATS_TEST_TMPDIR/My_Root-1.0.tar" -q
	exits 0 zonectl template info my_root-1.0
	zonectl template remove my_root-1.0
}

@test "import reads standard input when it is told a name" {
	zonectl template import - --name piped -q <"$BATS_FILE_TMPDIR/root.tar"
	zonectl template remove piped
	zcat "$BATS_FILE_TMPDIR/root.tar.gz" | zonectl template import - --name piped -q
	exits 0 zonectl template info piped
	fails 2 "zonectl: template import -: standard input needs '--name'" \
		zonectl template import - <"$BATS_FILE_TMPDIR/root.tar"
}

@test "an Alpine root filesystem is imported, booted and shut down by its init" {
	alpine=$ZONE_SRCDIR/tests/data/alpine-minirootfs-3.19.4-x86_64.tar.gz
	[ -e "$alpine" ] || skip "needs $alpine"
	run --separate-stderr zonectl template import "$alpine" --name alpine
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(zonectl template info alpine --json | json "d['os_id'] + ' ' + d['init_kind']")" = "alpine busybox" ]
	zonectl create al -t alpine
	zonectl boot al --wait=30
	prints "3.19.4" zonectl exec al -- cat /etc/alpine-release
	prints al zonectl exec al -- hostname
	exits 0 zonectl exec al -- apk info
	zonectl exec al -- test -x /sbin/openrc || :
	prints "al: its init shut it down" zonectl shutdown al
	zonectl destroy -y al
	zonectl template remove alpine
}

@test "import works on a host whose mounts are shared, as systemd makes them" {
	exits 0 unshare -m --propagation shared "$ZONECTL" template import "$BATS_FILE_TMPDIR/root.tar" --name shared
}

# limits JSON: what an archive may hold, for the rest of the test.
limits() {
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	echo "{\"unpack-limits\": $1}" >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

unlimited() {
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "import ends what takes longer than the limit of seconds, a pipe that says nothing too" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 5<>"$BATS_TEST_TMPDIR/pipe"
	head -c 50000 "$BATS_FILE_TMPDIR/root.tar" >&5
	limits '{"seconds": 1}'
	run zonectl template import - --name slow <"$BATS_TEST_TMPDIR/pipe"
	unlimited
	exec 5>&-
	[ "$status" -eq 2 ]
	holds "unpacking took longer than its limit of 1 s"
	exits 3 zonectl template info slow
}

@test "import refuses a bad archive at once while its pipe stays open" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 5<>"$BATS_TEST_TMPDIR/pipe"
	{ echo "no archive"; head -c 70000 /dev/zero | tr '\0' x; } >&5 &
	run timeout 20 "$ZONECTL" template import - --name bad <"$BATS_TEST_TMPDIR/pipe"
	exec 5>&-
	wait
	[ "$status" -eq 2 ]
	holds "no archive"
}

@test "import tells how to pack anew what asks for too large a dictionary" {
	zstd -q --ultra -1 --long=27 <"$BATS_FILE_TMPDIR/root.tar" >"$BATS_TEST_TMPDIR/big.zst"
	run zonectl template import "$BATS_TEST_TMPDIR/big.zst" --name big
	[ "$status" -eq 2 ]
	holds "it needs more memory to unpack than is allowed"
	holds "pack it with a dictionary of at most 64 MiB, as by xz -9 or zstd -19"
}

@test "xz -9 is taken, whose dictionary has 64 MiB" {
	xz -9 -T1 <"$BATS_FILE_TMPDIR/root.tar" >"$BATS_TEST_TMPDIR/nine.xz"
	exits 0 zonectl template import "$BATS_TEST_TMPDIR/nine.xz" --name nine
	zonectl template remove nine
}
