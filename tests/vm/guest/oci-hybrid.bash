# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # bundle and oci_options are container.bash's
# Containers where systemd has its units on v2 and the controllers are on v1.

. /vm/tap.bash
. /vm/container.bash

limits='{ "memory": { "limit": 67108864 }, "cpu": { "shares": 512, "quota": 30000, "period": 60000 },
  "pids": { "limit": 55 },
  "devices": [ { "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw" } ] }'

# group CONTROLLER FILE WANTED: of the container's group.
group() {
	says "$3" cat "/sys/fs/cgroup/$1$where/$2"
}

limits_hold() {
	group memory memory.limit_in_bytes 67108864
	group cpu cpu.shares 512
	group cpu cpu.cfs_quota_us 30000
	group cpu cpu.cfs_period_us 60000
	group pids pids.max 55
	grep -x "c 10:229 rw" "/sys/fs/cgroup/devices$where/devices.list"
	not grep '^a' "/sys/fs/cgroup/devices$where/devices.list"
}

in_its_groups() {
	local controller

	for controller in unified memory cpu pids devices systemd; do
		grep -x "$1" "/sys/fs/cgroup/$controller$where/cgroup.procs"
	done
}

life() {
	configure resources="$limits"
	started
	limits_hold
	in_its_groups "$(box_pid)"
	oci pause box
	status_is paused
	oci resume box
	oci exec box true
	nothing_left
}

scope_is_made() {
	configure resources="$limits" cgroupsPath='"machine-test.slice:box:box"'
	started
	says active systemctl is-active box-box.scope
	says "$where" property ControlGroup
	limits_hold
	in_its_groups "$(box_pid)"
	oci exec -d --pid-file /run/other.pid box sleep 500 >/dev/null 2>&1
	in_its_groups "$(cat /run/other.pid)"
}

reload() {
	systemctl daemon-reload
	systemctl set-property --runtime machine-test.slice MemoryMax=1G CPUQuota=190% TasksMax=900
	systemctl daemon-reexec
	limits_hold
	in_its_groups "$(box_pid)"
	in_its_groups "$(cat /run/other.pid)"
}

updated() {
	oci update --memory 90m --pids-limit 66 box
	group memory memory.limit_in_bytes 94371840
	group pids pids.max 66
	systemctl daemon-reload
	group memory memory.limit_in_bytes 94371840
	group pids pids.max 66
}

failed_create() {
	configure args='["nonesuch"]' cgroupsPath='"machine-test.slice:box:box"'
	not created
	nothing_left
}

not() {
	! "$@"
}

oci_options=
where=/oci/box
claim "a bundle is made" bundle_is_made
claim "a container is in a group of each hierarchy, with its limits" life
nothing_left >/dev/null 2>&1
oci_options=--systemd-cgroup
where=/machine.slice/machine-test.slice/box-box.scope
claim "systemd makes the scope, and the other hierarchies have a group of its path" scope_is_made
claim "limits, device rules and places stay when systemd reloads" reload
claim "update changes the scope and its groups" updated
claim "delete leaves nothing" nothing_left
claim "nor does a create that fails" failed_create
done_claims
