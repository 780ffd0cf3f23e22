#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The OCI front: a configuration to begin with, what may stand in one, and what of it is between
# the host and a container: hooks, interfaces, terminals, names.

load ../lib/zone
load ../lib/oci

setup_file() { oci_setup_file; }

teardown_file() { store_close; }

setup() { ID=ocic-$BATS_TEST_NUMBER-$$; }

teardown() { oci delete --force "$ID"; }

# valid SCHEMA FILE: the specification's own schema takes it.
valid() {
	python3 -W ignore - "$ZONE_SRCDIR/tests/oci/schema/" "$@" <<-'PYTHON'
	import json, sys
	from jsonschema import Draft4Validator, RefResolver
	dir, name, file = sys.argv[1:]
	schema = json.load(open(dir + name))
	Draft4Validator(schema, resolver=RefResolver("file://" + dir + name, schema)).validate(json.load(open(file)))
	PYTHON
}

@test "spec writes a configuration that is valid and runs" {
	mkdir "$BATS_TEST_TMPDIR/bundle"
	oci spec --bundle "$BATS_TEST_TMPDIR/bundle"
	valid config-schema.json "$BATS_TEST_TMPDIR/bundle/config.json"
	fails 1 "File config.json exists. Remove it first" oci spec --bundle "$BATS_TEST_TMPDIR/bundle"
	ln -s "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/bundle/rootfs"
	python3 - "$BATS_TEST_TMPDIR/bundle/config.json" <<-'PYTHON'
	import json, sys
	c = json.load(open(sys.argv[1]))
	assert c["process"]["terminal"] and c["root"]["readonly"] and c["process"]["args"] == ["sh"], c
	c["process"].update(terminal=False, args=["sh", "-c", "echo $(hostname) $$; : >/x"])
	json.dump(c, open(sys.argv[1], "w"))
	PYTHON
	not oci run --bundle "$BATS_TEST_TMPDIR/bundle" "$ID" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1
	grep -qx "zone-oci 1" "$BATS_TEST_TMPDIR/said"
	grep -q "Read-only file system" "$BATS_TEST_TMPDIR/said"
	rm "$BATS_TEST_TMPDIR/bundle/config.json"
	(cd "$BATS_TEST_TMPDIR/bundle" && oci spec --rootless)
	valid config-schema.json "$BATS_TEST_TMPDIR/bundle/config.json"
	grep -q uidMappings "$BATS_TEST_TMPDIR/bundle/config.json"
}

@test "features and state are valid, and features says what is so" {
	oci features >"$BATS_TEST_TMPDIR/features"
	valid features-schema.json "$BATS_TEST_TMPDIR/features"
	python3 - "$BATS_TEST_TMPDIR/features" <<-'PYTHON'
	import json, os, sys
	f = json.load(open(sys.argv[1]))
	l = f["linux"]
	assert f["ociVersionMin"] == "1.0.0" and f["ociVersionMax"] == "1.3.0", f
	assert f["hooks"] == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"], f
	assert {"rro", "idmap", "ridmap", "tmpcopyup", "bind", "rshared"} <= set(f["mountOptions"]), f
	assert set(l["namespaces"]) == {"mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time"}, l
	last = int(open("/proc/sys/kernel/cap_last_cap").read())
	assert len(l["capabilities"]) == last + 1 and "CAP_CHECKPOINT_RESTORE" in l["capabilities"], l
	assert len(l["seccomp"]["actions"]) == 9 and len(l["seccomp"]["operators"]) == 7, l
	assert "SECCOMP_FILTER_FLAG_LOG" in l["seccomp"]["supportedFlags"], l
	assert "SCMP_ARCH_X86_64" in l["seccomp"]["archs"], l
	for name in ("apparmor", "selinux", "intelRdt", "netDevices"):
	    assert l[name]["enabled"], l
	assert l["mountExtensions"]["idmap"]["enabled"] and "MPOL_BIND" in l["memoryPolicy"]["modes"], l
	PYTHON
	config "p['args'] = ['sleep', '1000']" "c['annotations'] = {'a.b': 'c'}"
	oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	oci state "$ID" >"$BATS_TEST_TMPDIR/state"
	valid state-schema.json "$BATS_TEST_TMPDIR/state"
	grep -q '"a.b": "c"' "$BATS_TEST_TMPDIR/state"
}

@test "what is unknown is passed over, and null is nothing" {
	prints "here" inside 'echo here' "c['future'] = {'a': [1]}" "p['future'] = True" "l['future'] = 'x'" \
		"c['hooks'] = None" "l['timeOffsets'] = None" "p['rlimits'] = None"
}

# Which hook it is, the state's status, whether it runs in the host's namespaces, and what it may see.
hook() {
	cat >"$1" <<-EOF
	#!/bin/sh
	state=\$(cat)
	status=\${state#*'"status":"'}
	ns=inside
	[ "\$(readlink /proc/self/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ] || ns=host
	net=inside
	[ "\$(readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ] || net=host
	echo "\$1 \${status%%'"'*} \$ns \$net \$WHO" >>$2
	EOF
	chmod +x "$1"
}

@test "each kind of hook runs when, where and with what the specification says" {
	local netns=zo$$

	hook "$BATS_TEST_TMPDIR/hook" "$BATS_TEST_TMPDIR/said"
	hook "$BUNDLE/rootfs/hook" /said/inside
	mkdir "$BATS_TEST_TMPDIR/inside"
	ip netns add "$netns"
	config "p['args'] = ['sh', '-c', 'echo program >>/said/inside; exec sleep 1000']" "mount('/said', '$BATS_TEST_TMPDIR/inside', options=['bind'])" \
		"without('network')" "l['namespaces'].append({'type': 'network', 'path': '/run/netns/$netns'})" "c['mounts'].pop(-2)" \
		"c['hooks'] = {n: [{'path': '$BATS_TEST_TMPDIR/hook', 'args': ['hook', n], 'env': ['WHO=me', 'PATH=/bin:/usr/bin']}] for n in ('prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop')}" \
		"c['hooks']['startContainer'] = [{'path': '/hook', 'args': ['hook', 'startContainer'], 'env': ['PATH=/bin:/usr/bin']}]"
	oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	printf '%s\n' "prestart creating host host me" "createRuntime creating host host me" \
		"createContainer creating inside inside me" | diff - "$BATS_TEST_TMPDIR/said"
	[ ! -e "$BATS_TEST_TMPDIR/inside/inside" ]
	oci start "$ID"
	deadline 10 grep -q program "$BATS_TEST_TMPDIR/inside/inside"
	printf '%s\n' "startContainer created inside inside " program | diff - "$BATS_TEST_TMPDIR/inside/inside"
	oci delete --force "$ID"
	printf '%s\n' "poststart running host host me" "poststop stopped host host me" |
		diff - <(tail -n +4 "$BATS_TEST_TMPDIR/said")
	ip netns delete "$netns"
	rm "$BUNDLE/rootfs/hook"
}

@test "a hook that fails or takes too long ends what it belongs to" {
	fails 1 "error running startContainer hook #0 '/bin/false': exit status 1" inside true \
		"c['hooks'] = {'startContainer': [{'path': '/bin/false'}]}"
	fails 1 "error running createRuntime hook #1 '/bin/sleep': not done after 1 s" inside true \
		"c['hooks'] = {'createRuntime': [{'path': '/bin/true'}, {'path': '/bin/sleep', 'args': ['sleep', '1000'], 'timeout': 1}]}"
	prints "" oci list -q
}

@test "interfaces of the host become the container's, with their addresses" {
	ip link add zo-a type veth peer name zo-a-peer
	ip link add zo-b type veth peer name zo-b-peer
	ip link set zo-a mtu 1400 address 02:00:00:00:00:0a
	ip address add 192.0.2.7/24 dev zo-a
	ip address add 2001:db8::7/64 dev zo-a nodad
	inside 'cat /sys/class/net/eth7/address /sys/class/net/eth7/mtu /sys/class/net/eth7/flags; ls /sys/class/net; cat /proc/net/fib_trie /proc/net/if_inet6' \
		"l['netDevices'] = {'zo-a': {'name': 'eth7'}, 'zo-b': {}}" >"$BATS_TEST_TMPDIR/said"
	head -5 "$BATS_TEST_TMPDIR/said" | tr '\n' ' ' >"$BATS_TEST_TMPDIR/head"
	grep -q "^02:00:00:00:00:0a 1400 0x1003 eth7 lo" "$BATS_TEST_TMPDIR/head"
	grep -q "^zo-b$" "$BATS_TEST_TMPDIR/said"
	grep -q "192.0.2.7" "$BATS_TEST_TMPDIR/said"
	grep -q "20010db8000000000000000000000007 .*eth7" "$BATS_TEST_TMPDIR/said"
	not ip link show zo-a 2>/dev/null
	fails 1 "linux.netDevices: unable to move network devices without a private NET namespace" inside true \
		"without('network')" "l['netDevices'] = {'zo-b-peer': {}}"
	fails 1 "linux.netDevices: no interface 'zo-none'" inside true "l['netDevices'] = {'zo-none': {}}"
}

@test "a namespace that others have is given interfaces, too" {
	local netns=zp$$

	ip netns add "$netns"
	ip link add zo-c type veth peer name zo-c-peer
	ip address add 192.0.2.8/24 dev zo-c
	config "without('network')" "l['namespaces'].append({'type': 'network', 'path': '/run/netns/$netns'})" "c['mounts'].pop()" \
		"l['netDevices'] = {'zo-c': {}}"
	oci run --bundle "$BUNDLE" "$ID" </dev/null
	ip -n "$netns" -4 -o address show dev zo-c | grep -q 192.0.2.8/24
	ip netns delete "$netns"
}

@test "a time namespace is entered by its path" {
	unshare --time --boottime 1000000 sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local other=$! up

	deadline 5 test "$(readlink /proc/self/ns/time)" != "$(readlink /proc/$other/ns/time_for_children)"
	up=$(inside 'cut -d. -f1 /proc/uptime' "l['namespaces'].append({'type': 'time', 'path': '/proc/$other/ns/time_for_children'})")
	kill "$other"
	[ "$up" -ge $(($(cut -d. -f1 /proc/uptime) + 999990)) ]
}

@test "Intel RDT that the kernel has not is refused" {
	[ "$(stat -f -c %t /sys/fs/resctrl 2>/dev/null)" != 7655821 ] || skip "kernel: it has resctrl"
	fails 1 "linux.intelRdt: intelRdt is specified in config, but Intel RDT is not supported or enabled (where the processor has it: mount -t resctrl resctrl /sys/fs/resctrl)" \
		inside true "l['intelRdt'] = {'closID': 'gold', 'schemata': ['L3:0=f']}"
}

@test "hostname, domainname and sysctls are the container's own" {
	prints "box example.org 4097 1" inside 'echo $(hostname) $(cat /proc/sys/kernel/domainname /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward)' \
		"c['domainname'] = 'example.org'" "l['sysctl'] = {'kernel.shmmni': '4097', 'net/ipv4/ip_forward': '1'}"
	fails 1 "linux.sysctl: write '/proc/sys/net/ipv4/none': No such file or directory" inside true "l['sysctl'] = {'net.ipv4.none': '1'}"
}

@test "devices are made as asked, beside the usual ones" {
	prints "a e5 600 7:8" inside 'stat -c "%t %T %a %u:%g" /dev/fuse' \
		"l['devices'] = [{'path': '/dev/fuse', 'type': 'c', 'major': 10, 'minor': 229, 'fileMode': 0o600, 'uid': 7, 'gid': 8}]"
	prints "full null ptmx random tty urandom zero /proc/self/fd" inside 'echo $(cd /dev; ls -d full null ptmx random tty urandom zero) $(readlink /dev/fd)'
	prints "prw-r--r--" inside 'ls -l /dev/pipe | cut -c1-10' "l['devices'] = [{'path': '/dev/pipe', 'type': 'p', 'fileMode': 0o644}]"
}

@test "a terminal has the size asked for" {
	python3 - "$BATS_TEST_TMPDIR/console" >"$BATS_TEST_TMPDIR/size" 2>&1 </dev/null 3>&- 4>&- <<-'PYTHON' &
	import array, fcntl, socket, struct, sys, termios
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen(1)
	c = s.accept()[0]
	name, control, _, _ = c.recvmsg(64, 64)
	fd = array.array("i", control[0][2])[0]
	print(struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8)))[:2])
	PYTHON
	deadline 10 test -S "$BATS_TEST_TMPDIR/console"
	config "p['args'] = ['sleep', '1000']" "p['terminal'] = True" "p['consoleSize'] = {'height': 31, 'width': 99}"
	oci create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/console" "$ID" </dev/null >/dev/null 2>&1
	wait
	grep -qF "(31, 99)" "$BATS_TEST_TMPDIR/size"
}
