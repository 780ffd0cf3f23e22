#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpoint and restore: what criu is asked for, and what is left when it can't. That it does is
# shown in a guest whose kernel it knows, tests/vm/oci-checkpoint.sh.

load ../lib/zone
load ../lib/oci

setup_file() {
	oci_setup_file
	export CRIU=$BATS_FILE_TMPDIR/criu
	mkdir "$CRIU"
	install -m 755 "$ZONE_SRCDIR/tests/lib/criu.py" "$CRIU/criu"
	mkdir "$BATS_FILE_TMPDIR/volume"
	ln -s /mnt "$BUNDLE/rootfs/link"
	config "p['args'] = ['sleep', '1000']" "mount('/link/here', '$BATS_FILE_TMPDIR/volume', options=['rbind'])"
	oci run -d --bundle "$BUNDLE" "box-$$" </dev/null >/dev/null 2>&1
	export BOX=box-$$
}

teardown_file() {
	oci delete --force "$BOX"
	store_close
}

setup() {
	IMAGES=$BATS_TEST_TMPDIR/images
	answer refuses
}

answer() {
	echo "$1" >"$CRIU/answer"
}

by_fake() {
	oci --criu "$CRIU/criu" "$@"
}

# asked EXPRESSION: about "d", the request, is true.
asked() {
	holds "$1" <"$CRIU/request.json"
}

holds() {
	python3 -c "import json, re, sys; d = json.load(sys.stdin); assert $1, d"
}

# refuses TEXT COMMAND...: it fails, and this is part of what it says.
refuses() {
	local words=$1

	shift
	exits 1 "$@"
	[[ $output == *"$words"* ]] || { printf '%s\n' "$output" "-- want:" "$words"; return 1; }
}

runs_on() {
	oci state "$BOX" | grep -q '"status": "running"'
}

@test "without criu the verbs say so, and features does not name it" {
	refuses "criu, which checkpoints and restores, is not on this host: /nonesuch" \
		oci --criu /nonesuch checkpoint --image-path "$IMAGES" "$BOX"
	[ ! -e "$IMAGES" ]
	refuses "is not on this host" oci --criu ./criu restore -d --image-path "$IMAGES" new
	oci --criu /nonesuch features | holds "'org.criu.version' not in d['annotations']"
	by_fake features | holds "d['annotations']['org.criu.version'] == '4.1.2'"
	oci features | holds "d['annotations']['org.opencontainers.runc.checkpoint.enabled'] == 'true'"
	runs_on
}

@test "engines find the verbs by their help" {
	oci checkpoint --help | grep -q -- --leave-running
	refuses "flag needs an argument: -lsm-mount-context" oci restore --lsm-mount-context
}

@test "what can't be asked for is refused by name, and the container runs on" {
	refuses "Invalid manage cgroups mode: 'some'" by_fake checkpoint --manage-cgroups-mode some "$BOX"
	refuses "namespace 'ipc' is not supported" by_fake checkpoint --empty-ns ipc "$BOX"
	refuses "--lazy-pages is not supported" by_fake checkpoint --lazy-pages "$BOX"
	refuses "--page-server is not supported" by_fake checkpoint --page-server 127.0.0.1:1 "$BOX"
	refuses "--status-fd is not supported" by_fake checkpoint --status-fd 3 "$BOX"
	refuses "is not relative to the images" by_fake checkpoint --image-path "$IMAGES" --parent-path /x "$BOX"
	refuses "No such file" by_fake checkpoint --image-path "$IMAGES" --parent-path ../x "$BOX"
	refuses "No such file" by_fake checkpoint --image-path "$IMAGES/no/where" "$BOX"
	refuses "does not exist" by_fake checkpoint --image-path "$IMAGES" nonesuch
	runs_on
}

@test "only what runs or is paused is written down" {
	local id=made-$$

	config
	oci create --bundle "$BUNDLE" "$id" </dev/null >/dev/null
	refuses "Container cannot be checkpointed in created state" by_fake checkpoint --image-path "$IMAGES" "$id"
	oci kill "$id" KILL
	until oci state "$id" | grep -q stopped; do :; done
	refuses "Container cannot be checkpointed in stopped state" by_fake checkpoint --image-path "$IMAGES" "$id"
	oci delete "$id"
	[ ! -e "$IMAGES" ]
}

@test "what would not be as it was is refused" {
	local id=odd-$$

	config "p['args'] = ['sleep', '1000']" "mount('/we[i]rd', '$BATS_FILE_TMPDIR/volume', options=['bind'])"
	oci run -d --bundle "$BUNDLE" "$id" </dev/null >/dev/null 2>&1
	refuses "criu takes no ']' in the path" by_fake checkpoint --image-path "$IMAGES" "$id"
	oci delete --force "$id"
	config "p['args'] = ['sleep', '1000']" "without('pid')"
	oci run -d --bundle "$BUNDLE" "$id" </dev/null >/dev/null 2>&1
	refuses "shares the host's mount or pid namespace" by_fake checkpoint --image-path "$IMAGES" "$id"
	oci delete --force "$id"
	config "p['args'] = ['sleep', '1000']" "l['namespaces'].append({'type': 'user'})" \
		"l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 0, 'size': 65536}]"
	oci run -d --bundle "$BUNDLE" "$id" </dev/null >/dev/null 2>&1
	refuses "a container with a user namespace" by_fake checkpoint --image-path "$IMAGES" "$id"
	oci delete --force "$id"
}

@test "criu is told of the container's own, and gets opaque names for the host's" {
	refuses "criu failed: type DUMP errno 3" by_fake checkpoint --image-path "$IMAGES" \
		--work-path "$BATS_TEST_TMPDIR/work" --tcp-established --file-locks --manage-cgroups-mode full "$BOX"
	asked "d['type'] == 1 and d['images'] == '$IMAGES' and d['work'] == '$BATS_TEST_TMPDIR/work'"
	asked "d['2'] == [$(oci ps -f json "$BOX" | tr -d '[]')] and d['3'] == [0] and d['10'] == ['dump.log']"
	asked "d['5'] == [1] and d['8'] == [1] and '4' not in d and d['34'][-1] == 4"
	asked "d['13'] == ['$BUNDLE/rootfs'] and d['44'][0].endswith('/$BOX')"
	asked "any(re.fullmatch(r'mnt\[/mnt/here\]:m[0-9a-f]{16}', e) for e in d['37'])"
	asked "any(re.fullmatch(r'mnt\[/proc/version\]:m[0-9a-f]{16}', e) for e in d['37'])"
	by_fake checkpoint --pre-dump --image-path "$IMAGES" "$BOX" 2>/dev/null || :
	asked "d['type'] == 4 and d['3'] == [1] and d['15'] == [1] and d['10'] == ['pre-dump.log']"
	runs_on
}

@test "a dump that fails leaves the container running, no images, and says why and where the log is" {
	refuses "type DUMP errno 3: Error (criu/here.c:1): cause: it is \\x1b[1mso (log file: $IMAGES/dump.log)" \
		by_fake checkpoint --image-path "$IMAGES" "$BOX"
	prints "dump.log" ls "$IMAGES"
	runs_on
	answer explains
	refuses "Error (criu/there.c:1): first" by_fake checkpoint --image-path "$IMAGES" "$BOX"
	answer garbage
	refuses "no message of its kind" by_fake checkpoint --image-path "$IMAGES" "$BOX"
	answer another
	refuses "criu failed: type unknown" by_fake checkpoint --image-path "$IMAGES" "$BOX"
	answer killed
	refuses "criu ended without an answer" by_fake checkpoint --image-path "$IMAGES" "$BOX"
	runs_on
}

@test "an image directory that was there keeps what it had" {
	mkdir "$IMAGES"
	echo mine >"$IMAGES/mine.img"
	refuses "criu failed" by_fake checkpoint --image-path "$IMAGES" "$BOX"
	prints mine cat "$IMAGES/mine.img"
}

images_are_there() {
	mkdir -p "$IMAGES"
	echo '["/dev/null","pipe:[77]","pipe:[78]"]' >"$IMAGES/descriptors.json"
}

@test "a restore gets groups, a root and mounts of its own configuration, and its caller's streams" {
	local id=again-$$

	images_are_there
	rm -rf "$BUNDLE/rootfs/mnt/here"
	config "mount('/link/here', '$BATS_FILE_TMPDIR/volume', options=['rbind'])"
	refuses "criu failed: type RESTORE" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES" --tcp-close "$id"
	asked "d['type'] == 2 and d['13'] == ['$BUNDLE/rootfs'] and d['26'] == [1] and d['52'] == [1]"
	asked "'/$id' in d['cgroup'] and ' $BUNDLE/rootfs rw' in d['mounts']"
	asked "any(re.fullmatch(r'mnt\[m[0-9a-f]{16}\]:$BATS_FILE_TMPDIR/volume', e) for e in d['37'])"
	asked "[e[2:11] for e in d['27']] == ['pipe:[77]', 'pipe:[78]'] and [ord(e[-1]) for e in d['27']] == [1, 2]"
	[ -d "$BUNDLE/rootfs/mnt/here" ]
	not grep -q "$BUNDLE/rootfs" /proc/self/mountinfo
	prints "$BOX" oci list -q
}

@test "a restore that fails leaves nothing, whatever criu does" {
	local id=none-$$ said

	images_are_there
	config "c['hooks'] = {'prestart': [{'path': '/bin/false'}]}"
	for said in garbage another killed refuses; do
		answer "$said"
		refuses "criu" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES" "$id"
	done
	answer notices
	refuses "error running prestart hook #0 '/bin/false'" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES" "$id"
	echo '{}' >"$IMAGES/descriptors.json"
	refuses "descriptors.json" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES" "$id"
	ln -sf /etc/passwd "$IMAGES/descriptors.json"
	refuses "the images: open 'descriptors.json'" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES" "$id"
	refuses "No such file" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES/nonesuch" "$id"
	refuses "already exists" by_fake restore -d --bundle "$BUNDLE" --image-path "$IMAGES" "$BOX"
	prints "$BOX" oci list -q
	prints "" find /sys/fs/cgroup -name "$id"
	runs_on
}
