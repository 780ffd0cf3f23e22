#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front: bad input is refused with its reason, and nothing is left.
# shellcheck disable=SC2016	# what is in single quotes runs in a container

load ../lib/zone
load ../lib/oci

setup_file() { oci_setup_file; }

teardown_file() { store_close; }

setup() { ID=ocib-$BATS_TEST_NUMBER-$$; }

teardown() {
	oci delete --force "$ID"
	nothing_is_left
}

# No directory, no group and no mount of a container of this file's.
nothing_is_left() {
	[ -z "$(ls -A "$OCI_ROOT" 2>/dev/null)" ] || { echo "left: $(ls "$OCI_ROOT")"; return 1; }
	not ls -d /sys/fs/cgroup/*/"$ID"* 2>/dev/null
	not grep -F "$BATS_FILE_TMPDIR" /proc/self/mountinfo
}

# refuses MESSAGE LINE...: what becomes of a container with this configuration.
refuses() {
	config "${@:2}"
	fails 1 "$1" oci run --bundle "$BUNDLE" "$ID" </dev/null
}

# refuses_text MESSAGE TEXT: and of one whose config.json is this.
refuses_text() {
	printf '%s' "$2" >"$BUNDLE/config.json"
	fails 1 "$1" oci run --bundle "$BUNDLE" "$ID" </dev/null
}

@test "what is no configuration is refused by line and column" {
	refuses_text "config.json:1:1: the text ends too early" ''
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	printf '{"ociVersion": "1.0.2", ' >"$BUNDLE/config.json"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "config.json:1:"
	head -c 1000000 /dev/urandom >"$BUNDLE/config.json"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	printf '[%.0s' {1..100000} >"$BUNDLE/config.json"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	rm "$BUNDLE/config.json"
	fails 1 "open '$BUNDLE/config.json': No such file or directory ('zone-oci spec' writes one)" oci run --bundle "$BUNDLE" "$ID"
	mkdir "$BUNDLE/config.json"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	rmdir "$BUNDLE/config.json"
	fails 1 "open bundle '/nonesuch': No such file or directory" oci run --bundle /nonesuch "$ID"
}

@test "a configuration of wrong types, or without what it must have, is refused by its key" {
	exits 1 refuses "" "c['process'] = 'sh'"
	holds "process"
	config "p['args'] = 'true'"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "process.args"
	config "del c['process']"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "process property must be specified"
	config "del c['root']"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "root must be specified"
	config "p['args'] = []"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "args"
	config "c['ociVersion'] = '2.0.0'"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "ociVersion"
	config "p['cwd'] = 'relative'"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "process.cwd"
}

@test "a program that is not there or can't be executed is told as runc tells it" {
	refuses 'exec: "none": executable file not found in $PATH' "p['args'] = ['none']"
	refuses 'exec: "": executable file not found in $PATH' "p['args'] = ['']"
	refuses 'exec: "/none": stat /none: no such file or directory' "p['args'] = ['/none']"
	refuses 'exec: "/etc/passwd": permission denied' "p['args'] = ['/etc/passwd']"
}

@test "a root filesystem that is missing, no directory, or relative to nothing is refused" {
	refuses "invalid rootfs: open '$BUNDLE/none': No such file or directory" "c['root']['path'] = 'none'"
	exits 1 refuses "" "c['root']['path'] = ''"
	refuses "root filesystem '$BUNDLE/config.json': open '$BUNDLE/config.json': Not a directory" \
		"c['root']['path'] = 'config.json'" || holds "config.json"
}

@test "ids that lead elsewhere are refused before anything is made" {
	config
	for id in a/b ../a .. . '' "$(printf 'x%.0s' {1..1025})" $'a\nb' 'a b' 'ä'; do
		exits 1 oci run --bundle "$BUNDLE" "$id"
		[[ $output == "invalid container ID format"* || $output == "container id cannot be empty" ]]
		exits 1 oci delete --force "$id"
	done
	prints "" oci list -q
}

@test "a bundle may lie in a directory of any name" {
	local dir

	dir="$BATS_TEST_TMPDIR/a bündle 'with' \"quotes\"	and $(printf '\xff')"
	mkdir "$dir"
	config "c['root']['path'] = '$BUNDLE/rootfs'"
	mv "$BUNDLE/config.json" "$dir/"
	oci run --bundle "$dir" "$ID" </dev/null
	(cd "$dir" && oci create "$ID" </dev/null >/dev/null 2>&1)
	oci state "$ID" | python3 -c 'import sys; sys.stdin.buffer.read()'
	oci start "$ID"
}

@test "a console socket that is missing, or that nobody reads, stops nobody for ever" {
	config "p['terminal'] = True"
	fails 1 "connect to console socket '/nonesuch': No such file or directory" \
		oci create --console-socket /nonesuch --bundle "$BUNDLE" "$ID"
	python3 - "$BATS_TEST_TMPDIR/sock" >"$BATS_TEST_TMPDIR/ready" 3>&- 4>&- <<-'PYTHON' &
	import socket, sys, time
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen(0)
	waiting = [socket.socket(socket.AF_UNIX)]
	waiting[0].connect(sys.argv[1])		# the queue is full now
	print("ready", flush=True)
	sys.stdin = None
	time.sleep(60)
	PYTHON
	deadline 10 grep -q ready "$BATS_TEST_TMPDIR/ready"
	fails 1 "console socket '$BATS_TEST_TMPDIR/sock': nobody accepts" \
		oci create --console-socket "$BATS_TEST_TMPDIR/sock" --bundle "$BUNDLE" "$ID"
	kill $!
	wait $! || :
}

@test "a hook that hangs, fails or is missing ends the container, and one that writes much does not" {
	hook() { echo "c['hooks'] = {'$1': [{'path': '/bin/sh', 'args': ['sh', '-c', '$2'], 'timeout': 1}]}"; }

	refuses "error running createRuntime hook #0 '/bin/sh': not done after 1 s" "$(hook createRuntime 'exec sleep 100')"
	refuses "error running createRuntime hook #0 '/bin/sh': exit status 3, stderr: why" \
		"$(hook createRuntime 'echo why >&2; exit 3')"
	refuses "error running prestart hook #0 '/bin/sh': exit status 137" "$(hook prestart 'kill -9 $$')"
	config "c['hooks'] = {'createRuntime': [{'path': '/nonesuch'}]}"
	exits 1 oci run --bundle "$BUNDLE" "$ID"
	holds "/nonesuch"
	config "$(hook createRuntime 'head -c 20000000 /dev/zero; head -c 2000000 /dev/zero >&2')"
	oci run --bundle "$BUNDLE" "$ID" </dev/null
	# One that leaves a process behind which holds its output is not waited for.
	config "$(hook createRuntime "sleep 100 & echo \$! >$BATS_TEST_TMPDIR/pid")"
	oci run --bundle "$BUNDLE" "$ID" </dev/null
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "a full disk under the root of all containers is told, and nothing half-made stays" {
	config
	mkdir "$BATS_TEST_TMPDIR/full"
	run --separate-stderr unshare --mount sh -c '
		mount -t tmpfs -o size=16k,nr_inodes=3 tmpfs "$1" || exit 9
		"$2" --root "$1" run --bundle "$3" "$4" </dev/null && exit 8
		mount -o remount,size=4k,nr_inodes=100 "$1"
		head -c 4096 /dev/zero >"$1/filler"
		"$2" --root "$1" run --bundle "$3" "$4" </dev/null && exit 8
		ls "$1"' sh "$BATS_TEST_TMPDIR/full" "$ZONE_BUILDDIR/zone-oci" "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = filler ]
	[ "$(grep -c "No space left on device" <<<"${stderr:-}")" -eq 2 ]
}

# killed_after VERB...: is that with --root killed at some moments, after which "delete --force" has all.
killed_after() {
	local ms

	for ms in 001 002 004 006 010 016; do
		timeout -s KILL "0.$ms" "$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- || :
	done
}

created() {
	oci delete --force "$ID"
	oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
}

@test "a verb that is killed at any moment leaves nothing that delete does not take" {
	config "p['args'] = ['sleep', '1000']"
	for ms in 002 004 008 012 016 020; do
		timeout -s KILL "0.$ms" "$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" run -d --bundle "$BUNDLE" "$ID" \
			</dev/null >/dev/null 2>&1 3>&- 4>&- || :
		oci delete --force "$ID"
		nothing_is_left
	done
	created
	killed_after start "$ID"
	oci kill "$ID" 0
	killed_after exec "$ID" true
	killed_after pause "$ID"
	killed_after resume "$ID"
	killed_after ps "$ID"
	oci delete --force "$ID"
	nothing_is_left
	created
	killed_after delete --force "$ID"
	oci delete --force "$ID"
	nothing_is_left
}
