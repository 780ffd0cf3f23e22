# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # bundle and oci_options are container.bash's
# Containers on pure cgroup v2, by groups of our own and by systemd's.

. /vm/tap.bash
. /vm/container.bash

limits='{ "memory": { "limit": 67108864, "reservation": 16777216, "swap": 83886080 },
  "cpu": { "shares": 512, "quota": 30000, "period": 60000, "cpus": "0-1" }, "pids": { "limit": 55 },
  "blockIO": { "weight": 300 }, "unified": { "memory.high": "62914560" },
  "devices": [ { "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw" } ] }'

# group FILE WANTED: of the container's group.
group() {
	says "$2" cat "/sys/fs/cgroup$where/$1"
}

limits_hold() {
	says "0::$where" cat "/proc/$(box_pid)/cgroup"
	group memory.max 67108864
	group memory.low 16777216
	group memory.swap.max 16777216
	group memory.high 62914560
	group cpu.weight 20
	group cpu.max "30000 60000"
	group cpuset.cpus 0-1
	group pids.max 55
}

own_groups() {
	configure resources="$limits"
	started
	limits_hold
	says 0::/ oci exec box cat /proc/self/cgroup
	says "$(cat /sys/fs/cgroup/oci/box/pids.max)" oci exec box cat /sys/fs/cgroup/pids.max
	fails_with 1 "Read-only" oci exec box mkdir /sys/fs/cgroup/mine
}

# Nodes of the host's root, whom nothing but the program at the group can stop.
devices_hold() {
	oci exec box sh -c 'rm -f /tmp/*; mknod /tmp/disk b 259 0; mknod /tmp/kmsg c 1 11; mknod /tmp/fuse c 10 229'
	fails_with 1 "not permitted" oci exec box sh -c ': </tmp/disk'
	fails_with 1 "not permitted" oci exec box sh -c ': </tmp/kmsg'
	oci exec box sh -c ': <>/dev/null; head -c 1 /dev/urandom >/dev/zero'
}

frozen() {
	oci pause box
	status_is paused
	group cgroup.freeze 1
	fails_with 255 "paused" oci exec box true
	oci resume box
	group cgroup.freeze 0
	status_is running
}

kill_all() {
	oci exec -d box sleep 500 >/dev/null 2>&1
	oci kill --all box KILL
	within 10 status_is stopped
	group cgroup.procs ""
	oci delete box
	nothing_left
}

scope_is_made() {
	configure resources="$limits" cgroupsPath='"machine-test.slice:box:box"' \
		annotations='{ "org.systemd.property.TimeoutStopSec": "uint64 7", "org.systemd.property.Description": "'"'a box'"'" }'
	created
	says active systemctl is-active box-box.scope
	oci start box
	limits_hold
	says "$where" property ControlGroup
	says yes property Delegate
	says 67108864 property MemoryMax
	says 16777216 property MemoryLow
	says 16777216 property MemorySwapMax
	says 62914560 property MemoryHigh
	says 20 property CPUWeight
	says 500ms property CPUQuotaPerSecUSec
	says 60ms property CPUQuotaPeriodUSec
	says 55 property TasksMax
	says 0-1 property AllowedCPUs
	says "a box" property Description
	says 7s property TimeoutStopUSec
	says "0::$where" cat "/proc/$(oci ps -f json box | tr -d '[]')/cgroup"
	oci exec -d --pid-file /run/other.pid box sleep 500 >/dev/null 2>&1
	says "0::$where" cat "/proc/$(cat /run/other.pid)/cgroup"
}

reload() {
	systemctl daemon-reload
	limits_hold
	devices_hold
	systemctl daemon-reexec
	limits_hold
}

updated() {
	oci update --memory 90000000 --memory-swap 100000000 --pids-limit 66 --cpu-share 1024 --cpu-quota 15000 box
	group memory.max 89997312
	group memory.swap.max 9998336
	group cpu.max "15000 60000"
	group pids.max 66
	group cpu.weight 39
	says 66 property TasksMax
	says 250ms property CPUQuotaPerSecUSec
	systemctl daemon-reload
	group memory.max 89997312
	group cpu.max "15000 60000"
	group memory.high 62914560
	printf '{ "memory": { "limit": 95000000 }, "unified": { "memory.high": "max" } }' |
		oci update --resources - box
	group memory.high max
	group memory.max 94998528
}

name_is_taken() {
	not oci create --bundle "$bundle" box2 </dev/null >/run/two.out 2>&1
	grep already /run/two.out
	oci list -q | grep -vx box && return 1
	says active systemctl is-active box-box.scope
	status_is running
}

scope_ends() {
	fails_with 1 "not stopped" oci delete box
	nothing_left
	# One whose first process ended by itself.
	configure args='["true"]' cgroupsPath='"machine-test.slice:box:box"'
	created
	oci start box
	within 10 status_is stopped
	oci delete box
	nothing_left
}

failed_create() {
	configure args='["nonesuch"]' cgroupsPath='"machine-test.slice:box:box"'
	not created
	nothing_left
	configure resources='{ "unified": { "memory.none": "1" } }' cgroupsPath='"machine-test.slice:box:box"'
	not created
	nothing_left
	configure cgroupsPath='"/oci/box"'
	fails_with 1 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/oci/box" instead' created
	configure cgroupsPath='"machine--x.slice:box:box"'
	fails_with 1 "invalid slice name: machine--x.slice" created
	configure cgroupsPath='":box:box"' annotations='{ "org.systemd.property.NoneSuch": "true" }'
	fails_with 1 "NoneSuch" created
	nothing_left
}

killed_create() {
	local ms

	configure cgroupsPath='"machine-test.slice:box:box"'
	for ms in 02 05 10 15 20 30 40 60; do
		timeout -s KILL "0.$ms" zone-oci --systemd-cgroup create --bundle "$bundle" box \
			</dev/null >/dev/null 2>&1 || :
		echo "killed after 0.$ms s"
		nothing_left
	done
}

not() {
	! "$@"
}

default_slice() {
	configure cgroupsPath='""'
	oci run -d --bundle "$bundle" box </dev/null >/dev/null 2>&1
	says /system.slice/zone-oci-box.scope systemctl show -P ControlGroup zone-oci-box.scope
	nothing_left
}

owner() {
	chmod 755 "$bundle"
	configure cgroups=rw cgroupsPath='"machine-test.slice:box:box"' \
		uidMappings='[ { "containerID": 0, "hostID": 100000, "size": 65536 } ]'
	started
	says 100000 stat -c %u "/sys/fs/cgroup$where"
	says 100000 stat -c %u "/sys/fs/cgroup$where/cgroup.procs"
	says 0 stat -c %u "/sys/fs/cgroup$where/memory.max"
	oci exec box mkdir /sys/fs/cgroup/mine
	oci exec box sh -c 'echo $$ >/sys/fs/cgroup/mine/cgroup.procs'
	fails_with 1 "denied" oci exec box sh -c 'echo 1 >/sys/fs/cgroup/memory.max'
	nothing_left
}

# The guest's own system, once more, on an overlay.
systemd_inside() {
	mkdir -p /run/over/{upper,work} /run/over/root
	mount -t overlay -o lowerdir=/,upperdir=/run/over/upper,workdir=/run/over/work overlay /run/over/root
	rm /run/over/root/etc/systemd/system/multi-user.target.wants/vm-test.service
	configure cgroups=rw rootfs='"/run/over/root"' args='["/sbin/init"]' cgroupsPath='"machine-test.slice:box:box"' \
		env='["container=oci", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]' uidMappings='[ { "containerID": 0, "hostID": 0, "size": 4294967295 } ]' \
		mounts=', { "destination": "/run", "type": "tmpfs", "source": "tmpfs" }, { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs" }'
	started
	within 120 oci exec box systemctl is-active multi-user.target
	[ -d "/sys/fs/cgroup$where/system.slice/dbus.service" ] || [ -d "/sys/fs/cgroup$where/init.scope" ]
	says "0::/init.scope" oci exec box cat /proc/1/cgroup
	oci exec box true
	oci pause box
	status_is paused
	oci resume box
	oci delete --force box
	nothing_left
	umount /run/over/root
}

# A user's own systemd, as pam_systemd(8) would start it.
users_systemd() {
	local dir=/etc/systemd/system/user@.service.d path

	useradd -m -u 1000 user
	mkdir -p "$dir"
	printf '[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%%i\n' >"$dir/test.conf"
	systemctl daemon-reload
	systemctl start user@1000.service
	configure cgroups=rw cgroupsPath='"user.slice:box:box"' resources='{ "pids": { "limit": 44 } }' \
		uidMappings='[ { "containerID": 0, "hostID": 1000, "size": 1 } ]'
	as_user run -d --bundle "$bundle" box </dev/null >/run/box.out 2>&1 || { cat /run/box.out; return 1; }
	path=$(cut -d: -f3 "/proc/$(as_user ps -f json box | tr -d '[]')/cgroup")
	[[ $path == /user.slice/user-1000.slice/user@1000.service/*/box-box.scope ]]
	says 44 cat "/sys/fs/cgroup$path/pids.max"
	as_user update --pids-limit 33 box
	says 33 cat "/sys/fs/cgroup$path/pids.max"
	as_user exec box mkdir /sys/fs/cgroup/mine
	as_user pause box
	as_user resume box
	as_user delete --force box
	within 10 not test -e "/sys/fs/cgroup$path"
}

# From below that systemd, as Podman sees to: nobody moves processes out of groups that are not his.
as_user() {
	local group=/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/caller

	mkdir -p "$group"
	sh -c 'echo $PPID >"$1"' - "$group/cgroup.procs"
	setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR=/run/user/1000 \
		timeout 60 zone-oci --systemd-cgroup "$@"
}

oci_options=
where=/oci/box
claim "a bundle is made" bundle_is_made
claim "a container's group has its limits, and it sees no other" own_groups
claim "device rules hold" devices_hold
claim "pause freezes the group, resume thaws it" frozen
claim "kill --all ends what is in the group, delete removes it" kill_all
nothing_left >/dev/null 2>&1
oci_options=--systemd-cgroup
where=/machine.slice/machine-test.slice/box-box.scope
claim "systemd makes the scope, with the limits as properties" scope_is_made
claim "limits and device rules stay when systemd reloads" reload
claim "update changes the scope and its group" updated
claim "a scope that another container has is left alone" name_is_taken
claim "delete ends the scope" scope_ends
claim "a create that fails leaves no scope" failed_create
claim "a create that is killed leaves no scope" killed_create
claim "without a path the scope is in system.slice" default_slice
claim "a group that is the container's to write belongs to its root" owner
claim "a systemd in a container makes groups below its own" systemd_inside
claim "a user's own systemd makes the scope of a user's container" users_systemd
done_claims
