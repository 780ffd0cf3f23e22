#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front: a container's life on its command line, without an engine.

load ../lib/zone
load ../lib/oci

setup_file() { oci_setup_file; }
teardown_file() { store_close; }

setup() { ID=oci-$BATS_TEST_NUMBER-$$; }

teardown() { oci delete --force "$ID"; }

status_is() {
	[ "$(oci state "$ID" | sed -n 's/.*"status": "\(.*\)".*/\1/p')" = "$1" ]
}

@test "a program runs, and its exit code is ours" {
	local status=0

	config "p['args'] = ['sh', '-c', 'exit 7']"
	oci run --bundle "$BUNDLE" "$ID" </dev/null || status=$?
	[ "$status" -eq 7 ]
	prints "" oci list -q
}

@test "what the configuration says is so inside" {
	prints "box" inside hostname
	prints "5:6 0022" inside 'echo $(id -u):$(id -g) $(umask)' "p['user'] = {'uid': 5, 'gid': 6, 'umask': 18}"
	prints "/tmp" inside pwd "p['cwd'] = '/tmp'"
	prints "77" inside 'ulimit -n' \
		"p['rlimits'] = [{'type': 'RLIMIT_NOFILE', 'soft': 77, 'hard': 77}]"
	prints "value" inside 'echo $NAME' "p['env'].append('NAME=value')"
	prints "lo" inside 'ls /sys/class/net'
	prints "0" inside 'wc -c </proc/version'
}

@test "capabilities, no_new_privs and the filter are those asked for" {
	prints "CapEff:0000000000000400 NoNewPrivs:1 Seccomp:2" inside \
		'grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status | tr -d "\t" | tr "\n" " " | sed "s/ $//"' \
		"p['capabilities'] = {k: ['CAP_NET_BIND_SERVICE'] for k in ('bounding', 'permitted', 'effective', 'inheritable')}" \
		"p['noNewPrivileges'] = True" \
		"l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['chmod', 'fchmodat'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 28}]}"
	inside 'touch /dev/shm-x; chmod 600 /dev/shm-x 2>&1; true' \
		"l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['chmod', 'fchmodat', 'fchmodat2'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 28}]}" |
		grep -q "No space left"
}

@test "mounts are made as asked, and their targets where they are missing" {
	echo here >"$BATS_TEST_TMPDIR/file"
	prints "here" inside 'cat /made/for/it' \
		"c['mounts'].append({'destination': '/made/for/it', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/file', 'options': ['bind', 'ro']})"
	inside '(echo x >/ro/file) 2>&1; true' \
		"c['mounts'].append({'destination': '/ro', 'source': '$BATS_TEST_TMPDIR', 'options': ['rbind', 'rro']})" |
		grep -q "Read-only"
	inside 'touch /x 2>&1; true' "c['root']['readonly'] = True" | grep -q "Read-only"
}

@test "a link of the image leads no mount out of it" {
	local rootfs

	rootfs=$(own_rootfs)
	mkdir "$BATS_TEST_TMPDIR/outside"
	ln -s "$BATS_TEST_TMPDIR/outside" "$rootfs/out"
	not inside 'true' "c['root']['path'] = '$rootfs'" \
		"c['mounts'].append({'destination': '/out/made', 'type': 'tmpfs', 'source': 'tmpfs'})"
	prints "" ls "$BATS_TEST_TMPDIR/outside"
	rm "$rootfs/out"
	mv "$rootfs/proc" "$rootfs/real"
	ln -s real "$rootfs/proc"
	fails 1 "mount '/proc': '/proc' is not a plain directory" inside 'true' "c['root']['path'] = '$rootfs'"
}

@test "a container is created, started, entered, frozen, killed and deleted" {
	config "p['args'] = ['sleep', '1000']"
	oci create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" </dev/null >/dev/null 2>&1
	status_is created
	fails 1 "container with given ID already exists: '$ID'" oci create --bundle "$BUNDLE" "$ID" </dev/null
	oci start "$ID"
	status_is running
	fails 1 "cannot start an already running container" oci start "$ID"
	[ "$(oci ps -f json "$ID")" = "[$(cat "$BATS_TEST_TMPDIR/pid")]" ]
	prints "12" oci exec -e A=1 -e B=2 "$ID" sh -c 'echo $A$B'
	fails 255 'exec: "nonesuch": executable file not found in $PATH' oci exec "$ID" nonesuch
	oci pause "$ID"
	status_is paused
	fails 255 "cannot exec in a paused container (use --ignore-paused to override)" oci exec "$ID" true
	oci resume "$ID"
	fails 1 "cannot delete container $ID that is not stopped: running" oci delete "$ID"
	oci kill "$ID" KILL
	deadline 10 status_is stopped
	fails 1 "container not running" oci kill "$ID"
	oci delete "$ID"
	fails 1 "container does not exist: '$ID'" oci state "$ID"
	oci delete --force "$ID"
}

@test "a program that is not there is told at create, and nothing is left" {
	config "p['args'] = ['/none']"
	fails 1 'exec: "/none": stat /none: no such file or directory' \
		oci create --bundle "$BUNDLE" "$ID" </dev/null
	config "p['args'] = ['none']"
	fails 1 'exec: "none": executable file not found in $PATH' \
		oci create --bundle "$BUNDLE" "$ID" </dev/null
	config "p['args'] = ['true']" "p['env'] = ['HOME=/']"	# no PATH at all
	fails 1 'exec: "true": executable file not found in $PATH' \
		oci create --bundle "$BUNDLE" "$ID" </dev/null
	fails 1 'exec: "/etc/passwd": permission denied' inside 'true' "p['args'] = ['/etc/passwd']"
	prints "" oci list -q
	not ls -d /sys/fs/cgroup/*/"$ID"
}

@test "an error is a line of JSON in the log that was named" {
	config "p['cwd'] = 'tmp'"
	not oci --log "$BATS_TEST_TMPDIR/log" --log-format json create --bundle "$BUNDLE" "$ID" </dev/null
	python3 - "$BATS_TEST_TMPDIR/log" <<-'PYTHON'
	import json, sys
	line = json.loads(open(sys.argv[1]).readlines()[-1])
	assert line["level"] == "error" and "process.cwd" in line["msg"], line
	PYTHON
}

@test "hooks run in their order with the state on standard input" {
	cat >"$BATS_TEST_TMPDIR/hook" <<-EOF
	#!/bin/sh
	echo "\$1 \$(sed 's/.*"status":"\\([a-z]*\\)".*/\\1/')" >>$BATS_TEST_TMPDIR/said
	EOF
	chmod +x "$BATS_TEST_TMPDIR/hook"
	inside true "c['hooks'] = {n: [{'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', n]}] for n in ('prestart', 'createRuntime', 'createContainer', 'poststop')}"
	printf '%s\n' "prestart creating" "createRuntime creating" "createContainer creating" \
		"poststop stopped" | diff - "$BATS_TEST_TMPDIR/said"
	fails 1 "error running createRuntime hook #0 '/bin/false': exit status 1" inside true \
		"c['hooks'] = {'createRuntime': [{'path': '/bin/false'}]}"
}

@test "limits stand in the groups that the configuration names" {
	[ -d /sys/fs/cgroup/pids ] || skip "kernel: pids is not on cgroup v1 here"
	prints "33" inside 'cat /sys/fs/cgroup/pids/pids.max' \
		"c['mounts'].append({'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': ['ro']})" \
		"l['resources'] = {'pids': {'limit': 33}}" "l['cgroupsPath'] = '/$ID/deeper'"
	rmdir /sys/fs/cgroup/*/"$ID"
}

@test "a group that another container has is left alone" {
	config "p['args'] = ['sleep', '1000']" "l['cgroupsPath'] = '/$ID'"
	oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	oci start "$ID"
	not oci create --bundle "$BUNDLE" "$ID-2" </dev/null
	not oci create --bundle "$BUNDLE" "$ID-2" </dev/null	# and no directory is in the way
	status_is running
	prints "here" oci exec "$ID" echo here
	oci delete --force "$ID-2"
	status_is running
}

# The words of the containers that are waiting to be started.
waiting() { [ "$(pgrep -c -f -- "--root $OCI_ROOT create")" -eq "$1" ]; }

@test "a create that is killed at any moment leaves nothing that delete does not take" {
	config "p['args'] = ['sleep', '1000']"
	for ms in 01 02 03 04 05 06 08 10 14; do
		timeout -s KILL "0.0$ms" "$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" create \
			--bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || :
		oci delete --force "$ID"
		deadline 5 waiting 0
		not ls -d /sys/fs/cgroup/*/"$ID"
	done
	prints "" oci list -q
}

@test "devices that the rules deny do not open" {
	[ -d /sys/fs/cgroup/devices ] || skip "kernel: devices is not on cgroup v1 here"
	prints "denied" inside '(: </dev/fuse) 2>/dev/null || echo denied; : </dev/null' \
		"l['devices'] = [{'path': '/dev/fuse', 'type': 'c', 'major': 10, 'minor': 229, 'fileMode': 438}]" \
		"l['resources'] = {'devices': [{'allow': False, 'access': 'rwm'}]}"
	prints "open" inside ': </dev/fuse && echo open' \
		"l['devices'] = [{'path': '/dev/fuse', 'type': 'c', 'major': 10, 'minor': 229, 'fileMode': 438}]" \
		"l['resources'] = {'devices': [{'allow': False, 'access': 'rwm'}, {'allow': True, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw'}]}"
}

@test "a user namespace has the ids that were asked for" {
	chmod 755 "$BATS_FILE_TMPDIR" "$BUNDLE"
	prints "0 0 100000 65536" inside 'echo $(id -u) $(cat /proc/self/uid_map)' \
		"l['namespaces'].append({'type': 'user'})" \
		"l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]"
}

@test "features says what holds with a user namespace, and what without" {
	prints "zone runc" json '" ".join(d["annotations"]["zone-oci.assurance.%s-user-namespace" % w] for w in ("with", "without"))' \
		< <(oci features)
}
