#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template export
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

teardown_file() { store_close; }
setup() { zone_setup; }

# A template with everything that one can hold.
setup_file() {
	local tree long

	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	tree=$BATS_FILE_TMPDIR/tree
	long=$(printf 'n%.0s' {1..120})
	mkdir -p "$tree/etc" "$tree/$long/$long" "$tree/empty"
	echo one >"$tree/etc/one"
	ln "$tree/etc/one" "$tree/zwei"
	ln -s "$long" "$tree/link"
	ln -s "/$long/$long" "$tree/longlink"
	ln "$tree/etc/one" "$tree/$long/$long/hard"
	echo x >"$tree/$long/$long/file"
	: >"$tree/null"
	head -c 1000 /dev/urandom >"$tree/random"
	echo u >"$tree/grüße"
	echo b >"$tree/$(printf 'latin\344')"
	echo b >"$tree/$(printf '%s\344' "$long")"
	mkfifo -m 620 "$tree/pipe"
	chown 1000:1001 "$tree/etc/one"
	chown -h 7:8 "$tree/link"
	chmod 6751 "$tree/random"
	chmod 1777 "$tree/empty"
	touch -h -d @-5 "$tree/link"
	touch -d @8589934592 "$tree/null"
	touch -d '2020-02-02 02:02:02.123456789' "$tree/random"
	setfattr -n user.color -v "$(printf 'b\nl=ue')" "$tree/random"
	setfattr -n user.empty "$tree/empty"
	setcap cap_net_raw=ep "$tree/random"
	setfacl -m u:1234:rx,g:77:r "$tree/etc/one"
	setfacl -d -m u:99:rwx "$tree/empty"
	touch -d @1000000000 "$tree/etc" "$tree/empty" "$tree/$long" "$tree/$long/$long" "$tree/etc/one" "$tree"
	tar -C "$tree" --numeric-owner --xattrs --xattrs-include='*' --acls -c . | zonectl template import - --name full -q
}

digest() {
	zonectl template info "$1" --json | json "d['digest']"
}

@test "export then import is the same template" {
	for name in minimal full; do
		zonectl template export "$name" -o "$BATS_TEST_TMPDIR/$name.tar"
		zonectl template import "$BATS_TEST_TMPDIR/$name.tar" --name again -q 2>/dev/null
		[ "$(digest again)" = "$(digest "$name")" ]
		zonectl template remove again
	done
}

@test "the same template is the same bytes, compressed or not, to a file or a pipe" {
	cd "$BATS_TEST_TMPDIR"
	for kind in none gzip zstd xz; do
		zonectl template export full --compress "$kind" -o "one.$kind"
		zonectl template export full --compress "$kind" | cat >"two.$kind"
		cmp "one.$kind" "two.$kind"
	done
	cmp one.none <(gzip -dc one.gzip)
	cmp one.none <(zstd -dcq one.zstd)
	cmp one.none <(xz -dc one.xz)
	[ $(($(stat -c %s one.none) % 10240)) -eq 0 ]
}

@test "another store writes the same bytes" {
	other=$(mktemp -d /var/tmp/zonectl-test.XXXXXX)
	zonectl template export full -o "$BATS_TEST_TMPDIR/full.tar"
	zonectl --root "$other" template import "$BATS_TEST_TMPDIR/full.tar" -q 2>/dev/null
	zonectl --root "$other" template export full | cmp - "$BATS_TEST_TMPDIR/full.tar"
	rm -rf "$other"
}

@test "the compression follows the ending of the file" {
	cd "$BATS_TEST_TMPDIR"
	for file in a.tar a.tar.gz a.tgz a.tar.zst a.tar.xz; do
		zonectl template export minimal -o "$file"
	done
	[ "$(head -c 2 a.tar.gz | od -An -tx1 | tr -d ' ')" = 1f8b ]
	cmp a.tar.gz a.tgz
	[ "$(head -c 4 a.tar.zst | od -An -tx1 | tr -d ' ')" = 28b52ffd ]
	[ "$(head -c 6 a.tar.xz | od -An -tx1 | tr -d ' ')" = fd377a585a00 ]
	[ "$(od -An -c -j 257 -N 5 a.tar | tr -d ' ')" = ustar ]
	zonectl template export minimal -o b.tar.gz --compress none
	cmp a.tar b.tar.gz
	exits 2 zonectl template export minimal -o c.tar --compress lzma
	[ ! -e c.tar ]
}

@test "GNU tar and bsdtar unpack it as it is" {
	zonectl template export full -o "$BATS_TEST_TMPDIR/full.tar"
	mkdir "$BATS_TEST_TMPDIR/gnu" "$BATS_TEST_TMPDIR/bsd"
	tar -C "$BATS_TEST_TMPDIR/gnu" --numeric-owner --xattrs --xattrs-include='*' --acls -xpf "$BATS_TEST_TMPDIR/full.tar" --warning=no-unknown-keyword
	same "$BATS_TEST_TMPDIR/gnu"
	command -v bsdtar >/dev/null || return 0
	bsdtar -C "$BATS_TEST_TMPDIR/bsd" --numeric-owner --xattrs --acls -xpf "$BATS_TEST_TMPDIR/full.tar"
	same "$BATS_TEST_TMPDIR/bsd"
}

# same DIRECTORY: its files are those of the template.
same() {
	listing "$ZONECTL_ROOT/var/lib/zonectl/templates/full/rootfs" >"$BATS_TEST_TMPDIR/want"
	listing "$1" | diff "$BATS_TEST_TMPDIR/want" -
}

listing() {
	(
		cd "$1" || exit
		find . -mindepth 1 -printf '%P %y %m %U:%G %Ts %n %l\n' | sort
		find . -type f -exec cksum {} + | sort
		getfattr -R -h -d -m '^user' . 2>/dev/null | grep .
		getfacl -R -n -s -p . 2>/dev/null | sed 's/#.*//' | grep .
		getcap -r . | sort
	)
}

@test "export refuses a terminal, an unknown template and a directory" {
	on_terminal /dev/stdin <<-'END'
		zonectl template export minimal
		see "an archive is not written to a terminal"
		ends 2
	END
	fails 3 "zonectl: template export nosuch: no template \"nosuch\"
  try: zonectl template list" zonectl template export nosuch
	exits 1 zonectl template export minimal -o "$BATS_TEST_TMPDIR"
	exits 1 zonectl template export minimal -o "$BATS_TEST_TMPDIR/no/file"
}

@test "export replaces a file whole, and leaves the old one when it fails" {
	file=$BATS_TEST_TMPDIR/out.tar
	echo old >"$file"
	chmod 000 "$file"
	zonectl template export minimal -o "$file"
	tar -tf "$file" >/dev/null
	echo old >"$file"
	(ulimit -f 64; exits 1 zonectl template export minimal -o "$file") || :
	[ "$(cat "$file")" = old ]
	[ "$(find "$BATS_TEST_TMPDIR" -name '.zonectl*')" = "" ]
}

@test "export of an older version, and to a device" {
	echo more >"$BATS_FILE_TMPDIR/tree/more"
	tar -C "$BATS_FILE_TMPDIR/tree" --numeric-owner -c . | zonectl template import - --name full -q
	zonectl template export full:1 | tar -t | grep -qx ./more && return 1
	zonectl template export full:2 | tar -t | grep -qx ./more
	zonectl template export full:1 -o /dev/null
	[ -c /dev/null ]
	zonectl template remove full:2
}
