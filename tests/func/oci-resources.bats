#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of containers: update, events, device rules, on the hierarchies that this host has.

load ../lib/zone
load ../lib/oci

setup_file() {
	oci_setup_file
	export ID=oci-resources-$$
	config "p['args'] = ['sleep', '1000']" "l['cgroupsPath'] = '/$ID/box'"
	oci run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
}

teardown_file() {
	oci delete --force "$ID"
	rmdir /sys/fs/cgroup/*/"$ID" /sys/fs/cgroup/"$ID" 2>/dev/null || :
	store_close
}

# in_group CONTROLLER V1-FILE V2-FILE: the text of the file of the container's group.
in_group() {
	if [ -e "/sys/fs/cgroup/$1/$ID/box/$2" ]; then
		cat "/sys/fs/cgroup/$1/$ID/box/$2"
	else
		cat "/sys/fs/cgroup/$ID/box/$3"
	fi
}

is_v1() { [ -d "/sys/fs/cgroup/$1/$ID" ]; }

@test "update changes what its options say and nothing else" {
	oci update --memory 64m --pids-limit 7 "$ID"
	prints 67108864 in_group memory memory.limit_in_bytes memory.max
	prints 7 in_group pids pids.max pids.max
	oci update --cpu-quota 20000 --cpu-period 50000 --cpuset-cpus 0 "$ID"
	prints 0 in_group cpuset cpuset.cpus cpuset.cpus
	prints 67108864 in_group memory memory.limit_in_bytes memory.max
	oci update --memory=-1 --pids-limit=-1 "$ID"
	prints max in_group pids pids.max pids.max
}

@test "update takes resources from a file and from standard input" {
	echo '{"pids": {"limit": 11}}' >"$BATS_TEST_TMPDIR/r.json"
	oci update --resources "$BATS_TEST_TMPDIR/r.json" "$ID"
	prints 11 in_group pids pids.max pids.max
	oci update -r - "$ID" <<<'{"pids": {"limit": 12}, "cpu": {"shares": 512}}'
	prints 12 in_group pids pids.max pids.max
}

# Every file of the group that says a limit, with what it says.
limits() {
	grep -r . --include='memory.*limit*' --include='memory.max' --include='memory.low' --include='memory.swap*' \
		--include='memory.oom_control' --include='cpu.*us' --include=cpu.max --include=cpu.shares --include=cpu.weight \
		--include='cpuset.cpus' --include=pids.max --include='blkio.throttle.*device' --include=io.max --include=devices.list \
		/sys/fs/cgroup/*/"$ID"/box /sys/fs/cgroup/"$ID"/box 2>/dev/null || :
}

@test "an update that fails at one limit has changed none" {
	local before=$BATS_TEST_TMPDIR/before what
	local all='"memory": {"limit": 100663296, "reservation": 50331648}, "cpu": {"shares": 300, "quota": 30000, "period": 60000, "cpus": "0"}'

	oci update --memory 80m --pids-limit 20 --cpu-quota 20000 --cpu-period 50000 --cpuset-cpus 0-1 "$ID"
	limits >"$before"
	grep -q . "$before"
	for what in '"pids": {"limit": 4194305000000000000}' '"unified": {"nonesuch.max": "1"}' \
		'"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]' '"rdma": {"none": {"hcaHandles": 1}}' \
		'"devices": [{"allow": true, "type": "x", "major": 5, "minor": 3, "access": "r"}]' \
		'"blockIO": {"throttleReadBpsDevice": [{"major": 7, "minor": 9999, "rate": 1}]}'; do
		not oci update -r - "$ID" <<<"{$all, $what}"
		limits | diff "$before" -
	done
	# Without what failed they are other limits.
	oci update -r - "$ID" <<<"{$all}"
	limits >"$before.now"
	not cmp -s "$before.now" "$before"
	oci update --memory=-1 --pids-limit=-1 --cpuset-cpus 0-1 "$ID"
}

@test "without groups, device rules are kept where no node can be made or opened, else refused" {
	local own=$ID-own tree deny="l['resources'] = {'devices': [{'allow': False, 'access': 'rwm'}]}"

	tree=$(own_rootfs)
	mknod "$tree/zero" c 1 5
	mkdir "$BATS_TEST_TMPDIR/vol"
	mknod "$BATS_TEST_TMPDIR/vol/zero" c 1 5
	config "c['root']['path'] = '$tree'" "$deny" "capable('CHOWN', 'MKNOD')" \
		"mount('/vol', '$BATS_TEST_TMPDIR/vol', options=['rbind', 'dev', 'rdev'])" \
		"p['args'] = ['sh', '-c', 'head -c 1 /zero; head -c 1 /vol/zero; mknod /dev/x c 1 5; head -c 1 /dev/x; echo >/dev/null && head -c 1 /dev/zero | wc -c; grep -c . /proc/self/cgroup']"
	"$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" --cgroup-manager disabled run --bundle "$BUNDLE" "$own" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said"
	prints "1 $(grep -c . /proc/self/cgroup)" xargs <"$BATS_TEST_TMPDIR/out"
	prints 3 grep -c "Permission denied" "$BATS_TEST_TMPDIR/said"
	config "$deny" "capable('SYS_ADMIN')"
	fails 1 "linux.resources.devices needs cgroups, where a container has CAP_SYS_ADMIN and no user namespace" \
		oci --cgroup-manager disabled run --bundle "$BUNDLE" "$own"
	config "$deny" "without('mount')" "c['mounts'] = []" "l['maskedPaths'] = l['readonlyPaths'] = []"
	fails 1 "linux.resources.devices needs cgroups, or a mount namespace of the container's own" \
		oci --cgroup-manager disabled run --bundle "$BUNDLE" "$own"
	config "$deny" "capable('SYS_ADMIN')" "l['namespaces'].append({'type': 'user'})" \
		"l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 0, 'size': 65536}]" \
		"c['root']['path'] = '$tree'" "p['args'] = ['sh', '-c', 'mount -o remount,bind,dev /; head -c 1 /zero']"
	exits 1 oci --cgroup-manager disabled run --bundle "$BUNDLE" "$own"
	holds "head: /zero: Permission denied"
}

@test "update refuses what is no limit, by name" {
	fails 1 "invalid value for memory: 'x' is no size" oci update --memory x "$ID"
	fails 1 "invalid value for l3-cache-schema: linux.intelRdt is not supported" oci update --l3-cache-schema 'L3:0=f' "$ID"
	fails 1 "resources:1:10: pids: expected an object" oci update -r - "$ID" <<<'{"pids": 3}'
	not oci update -r - "$ID" <<<'{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' 2>"$BATS_TEST_TMPDIR/said"
	grep "^linux.resources.memory.limit: 4096 is below the [0-9]* bytes in use" "$BATS_TEST_TMPDIR/said"
	fails 1 "linux.resources.unified: '../cpu.max' is no file of a cgroup" \
		oci update -r - "$ID" <<<'{"unified": {"../cpu.max": "1"}}'
	fails 1 "container does not exist: 'none'" oci update --pids-limit 3 none
}

@test "events --stats says what a container uses, in runc's form" {
	oci events --stats "$ID" >"$BATS_TEST_TMPDIR/line"
	prints 1 grep -c '' "$BATS_TEST_TMPDIR/line"
	python3 - "$ID" "$BATS_TEST_TMPDIR/line" <<-'PYTHON'
	import json, sys
	e = json.load(open(sys.argv[2]))
	assert (e["type"], e["id"]) == ("stats", sys.argv[1]), e
	d = e["data"]
	assert list(d) == ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"], list(d)
	assert d["pids"]["current"] == 1, d["pids"]
	assert d["cpu"]["usage"]["total"] > 0 and d["memory"]["usage"]["usage"] > 0
	assert set(d["memory"]) >= {"usage", "swap", "kernel", "kernelTCP", "raw"}
	PYTHON
	fails 1 "duration interval must be greater than 0" oci events --interval 0s "$ID"
}

# One that takes more than it may have, again and again, is killed for it.
greedy() {
	oci exec "$ID" sh -c 'dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null' || :
	grep -q '"type":"oom"' "$BATS_TEST_TMPDIR/events"
}

@test "events tells that the kernel killed somebody for want of memory, until the container ends" {
	oci update --memory 20m --memory-swap 20m "$ID" || skip "kernel: no swap accounting"
	"$ZONE_BUILDDIR/zone-oci" --root "$OCI_ROOT" events --interval 100ms "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/events" 2>&1 3>&- 4>&- &
	deadline 20 grep -q '"type":"stats"' "$BATS_TEST_TMPDIR/events"
	deadline 20 greedy
	oci kill "$ID" KILL
	wait $!
	fails 1 "container not running" oci update --pids-limit 5 "$ID"
	fails 1 "container with id $ID is not running" oci events "$ID"
}

@test "systemd's groups need a systemd, and a path of its form" {
	config "l['cgroupsPath'] = '/some/where'"
	fails 1 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/some/where" instead' \
		oci --systemd-cgroup create --bundle "$BUNDLE" "$ID-2" </dev/null
	config "l['cgroupsPath'] = 'a--b.slice:x:y'"
	fails 1 "invalid slice name: a--b.slice" oci --systemd-cgroup create --bundle "$BUNDLE" "$ID-2" </dev/null
	[ ! -d /run/systemd/system ] || return 0
	config "l['cgroupsPath'] = ':x:y'"
	fails 1 "systemd not running on this host, cannot use systemd cgroups manager" \
		oci --systemd-cgroup create --bundle "$BUNDLE" "$ID-2" </dev/null
	not oci state "$ID-2"
}
