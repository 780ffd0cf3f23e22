#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# features open what they name, and nothing else does

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

# with WORD COMMAND, without COMMAND: in a zone with and without that feature
with() { zonectl run -t minimal --rm --features "$1" -- sh -c "$2"; }
without() { zonectl run -t minimal --rm --features firewall -- sh -c "$1"; }

@test "nesting allows user namespaces" {
	exits 0 with nesting 'unshare -U true'
	not without 'unshare -U true'
}

@test "fuse gives /dev/fuse" {
	exits 0 with fuse 'test -c /dev/fuse'
	exits 1 without 'test -e /dev/fuse'
	[ -c /dev/fuse ] || skip "kernel: no fuse"
	exits 0 with fuse 'exec 5<>/dev/fuse'
}

@test "tun gives /dev/net/tun" {
	exits 0 with tun 'test -c /dev/net/tun'
	exits 1 without 'test -e /dev/net/tun'
}

@test "mknod makes the harmless device nodes, and no others" {
	exits 0 with mknod 'mknod /tmp/null c 1 3 && test -c /tmp/null'
	exits 0 with mknod 'mknod /dev/nothing c 1 3 && echo x >/dev/nothing'
	not with mknod 'mknod /tmp/sda b 8 0'
	not with mknod 'mknod /tmp/mem c 1 1'
	not without 'mknod /tmp/null c 1 3'
}

@test "keyctl opens the system calls of keyrings" {
	static_program "$BATS_TEST_TMPDIR/keyctl" <<-'END'
	#include <errno.h>
	#include <sys/syscall.h>
	#include <unistd.h>
	/* KEYCTL_GET_KEYRING_ID of the session's keyring, made if there is none */
	int main(void) { return syscall(SYS_keyctl, 0, -3, 1) < 0 ? errno : 0; }
	END
	for words in keyctl firewall; do
		zonectl create "f-$words" -t minimal --features "$words" --boot
		put "f-$words" "$BATS_TEST_TMPDIR/keyctl" /tmp/k
	done
	exits 0 zonectl exec f-keyctl -- /tmp/k
	exits 1 zonectl exec f-firewall -- /tmp/k	# EPERM
}

@test "features are words that there are" {
	fails 2 "zonectl: create f1: features: no 'magic' (there are firewall, nesting, fuse, tun, keyctl, mknod, io_uring, compat32)" \
		zonectl create f1 -t minimal --features magic
}

@test "features of several words are all opened" {
	exits 0 with tun,fuse 'test -c /dev/fuse && test -c /dev/net/tun'
}

@test "mknod makes nodes that are the caller's, with its umask, also with storage=copy" {
	for storage in overlay copy; do
		run zonectl run -t minimal --rm --storage $storage --features mknod -- \
			sh -c 'umask 027; mknod /tmp/null c 1 3 && stat -c "%u %g %a" /tmp/null'
		[ "$output" = "0 0 640" ]
	done
}
