#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front without the host's root: as an ordinary user, and as root of a user namespace.
# shellcheck disable=SC2016	# what is in single quotes runs in a container

load ../lib/zone
load ../lib/oci

setup_file() {
	oci_setup_file
	export OCI=$BATS_FILE_TMPDIR/zone-oci
	install -m 755 "$ZONE_BUILDDIR/zone-oci" "$OCI"
	mkdir -p "$OCI_ROOT"
	chown -R 4242:4243 "$BUNDLE" "$OCI_ROOT"
	chmod 711 "$BATS_RUN_TMPDIR" "$(dirname "$BATS_FILE_TMPDIR")" "$BATS_FILE_TMPDIR"
}

teardown_file() { store_close; }

setup() { ID=ocir-$BATS_TEST_NUMBER-$$; }

teardown() { as_user oci delete --force "$ID"; }

# Nobody's number, in no group but its own.
as_user() {
	local command=$1

	shift
	[ "$command" != oci ] || set -- timeout 60 "$OCI" --root "$OCI_ROOT" "$@"
	[ "$command" = oci ] || set -- "$command" "$@"
	setpriv --reuid 4242 --regid 4243 --clear-groups -- "$@" 3>&- 4>&-
}

# What "spec --rootless" says of namespaces and ids.
users_config() {
	config "l['namespaces'] = [{'type': t} for t in ('pid', 'ipc', 'uts', 'mount', 'user')]" \
		"l['uidMappings'] = [{'containerID': 0, 'hostID': 4242, 'size': 1}]" \
		"l['gidMappings'] = [{'containerID': 0, 'hostID': 4243, 'size': 1}]" \
		"mount('/sys', '/sys', 'none', ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'])" "$@"
	chown 4242 "$BUNDLE/config.json"
}

runs() { as_user oci run --bundle "$BUNDLE" "$ID" </dev/null; }

@test "an ordinary user is root inside, and its files are the user's" {
	users_config "p['args'] = ['sh', '-c', 'echo \$(id -u):\$(id -g) \$(hostname) \$(cat /proc/self/uid_map); >/made; echo x >/dev/null']" \
		"c['hooks'] = {'createRuntime': [{'path': '/bin/true'}]}"
	prints "0:0 box 0 4242 1" runs
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/made")" = 4242:4243 ]
	prints "" as_user oci list -q
	prints "" ls "$OCI_ROOT"
}

@test "a user's container is created, started, entered, killed and deleted" {
	users_config "p['args'] = ['sleep', '1000']"
	as_user oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ "$(as_user oci state "$ID" | json "d['status'] + d['owner']")" = created4242 ]
	as_user oci start "$ID"
	prints "0 box" as_user oci exec "$ID" sh -c 'echo $(id -u) $(hostname)'
	[ "$(as_user oci ps -f json "$ID" | json 'len(d)')" -eq 1 ]
	fails 1 "container '$ID' has no cgroup" as_user oci pause "$ID"
	as_user oci kill --all "$ID" KILL
	deadline 10 eval '[ "$(as_user oci state "$ID" | json "d[\"status\"]")" = stopped ]'
	as_user oci delete "$ID"
	prints "" ls "$OCI_ROOT"
}

@test "more ids than the user's own are mapped by newuidmap and newgidmap" {
	command -v newuidmap >/dev/null || skip "needs uidmap"
	users_config "p['args'] = ['sh', '-c', 'chown 5:6 /tmp; stat -c %u:%g /tmp; id -G']" \
		"[l[k].append({'containerID': 1, 'hostID': 300000, 'size': 65536}) for k in ('uidMappings', 'gidMappings')]" \
		"p['user']['additionalGids'] = [7]" "capable('CHOWN', 'FOWNER')"
	fails 1 "newuidmap: Cannot determine your user name.
linux.uidMappings: newuidmap failed" runs
	fails 1 "linux.uidMappings: no program 'newuidmap' on this host (it comes with the package uidmap)" \
		unshare --mount bash -c "mount --bind /dev/null /usr/bin/newuidmap
		$(declare -f as_user runs); OCI=$OCI OCI_ROOT=$OCI_ROOT BUNDLE=$BUNDLE ID=$ID runs"
	{ cat /etc/passwd; echo "tester:x:4242:4243::/:/bin/sh"; } >"$BATS_TEST_TMPDIR/passwd"
	echo "tester:300000:65536" >"$BATS_TEST_TMPDIR/ids"
	# Only in a mount namespace of its own does the machine know that user.
	prints "5:6
0 7" unshare --mount bash -c "mount --bind $BATS_TEST_TMPDIR/passwd /etc/passwd
		mount --bind $BATS_TEST_TMPDIR/ids /etc/subuid; mount --bind $BATS_TEST_TMPDIR/ids /etc/subgid
		$(declare -f as_user runs); OCI=$OCI OCI_ROOT=$OCI_ROOT BUNDLE=$BUNDLE ID=$ID runs"
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/tmp")" = 300004:300005 ]
	chown 4242:4243 "$BUNDLE/rootfs/tmp"
}

@test "what an ordinary user can't have is refused" {
	users_config "l['uidMappings'][0]['hostID'] = 0"
	fails 1 "linux.uidMappings: without the host's root, 0 must be the caller (4242)" runs
	config
	fails 1 "rootless container requires user namespaces ('zone-oci spec --rootless' writes a config.json with one)" runs
	users_config "l['resources'] = {'pids': {'limit': 10}}"
	exits 1 runs
	holds "Permission denied"
	users_config "l['devices'] = [{'path': '/dev/null', 'type': 'c', 'major': 5, 'minor': 1}]"
	fails 1 "'/dev/null' of the host is another device" runs
	prints "" ls "$OCI_ROOT"
}

@test "a user without a directory for containers is told how to have one" {
	local remedy="other users than root need XDG_RUNTIME_DIR, or a --root of their own"

	mkdir -m 700 "$BATS_TEST_TMPDIR/roots"
	fails 1 "make '$BATS_TEST_TMPDIR/roots/mine': Permission denied ($remedy)" \
		as_user "$OCI" --root "$BATS_TEST_TMPDIR/roots/mine" run --bundle "$BUNDLE" "$ID" </dev/null
	chmod 711 "$BATS_TEST_TMPDIR"
	fails 1 "open '$BATS_TEST_TMPDIR/roots': Permission denied ($remedy)" \
		as_user "$OCI" --root "$BATS_TEST_TMPDIR/roots" list
}

@test "root of a user namespace has containers, as Podman's is" {
	config "p['args'] = ['sh', '-c', 'echo \$(id -u) \$(hostname) \$(ls /sys/class/net); echo x >/dev/full || echo full']" \
		"p['oomScoreAdj'] = -1000" "l['resources'] = {'devices': [{'allow': False, 'access': 'rwm'}]}" \
		"mount('/sys/fs/cgroup', 'cgroup', 'cgroup', ['ro', 'nosuid'])"
	run --separate-stderr as_user unshare --user --map-root-user "$OCI" --root "$OCI_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 0 ]
	[ "$output" = $'0 box lo\nfull' ]
	# Without a network of its own the host's sysfs stands in.
	config "without('network')" "p['args'] = ['test', '-d', '/sys/kernel']"
	as_user unshare --user --map-root-user "$OCI" --root "$OCI_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	# And a user namespace of the container's own below it.
	config "p['args'] = ['cat', '/proc/self/uid_map']" "l['namespaces'].append({'type': 'user'})" \
		"l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 0, 'size': 1}]"
	as_user unshare --user --map-root-user "$OCI" --root "$OCI_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null |
		grep -qE '^ +0 +0 +1$'
	prints "" ls "$OCI_ROOT"
}
