# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # bundle and oci_options are container.bash's
# Containers written down and made again, by criu, on pure cgroup v2.

. /vm/tap.bash
. /vm/container.bash

images=/run/images
counter='["sh", "-c", "i=0; sleep 1000 & while :; do i=$((i+1)); echo $i >/run/count; sleep 0.1; done"]'
tmpfs=', { "destination": "/run", "type": "tmpfs", "source": "tmpfs" }'
volume=', { "destination": "/mnt", "type": "bind", "source": "/srv/volume", "options": ["rbind", "ro"] }'

not() {
	! "$@"
}

# Its streams are nobody's files: what began with a host's can't be written down.
ran() {
	oci delete --force box
	rm -f /run/oci.log
	oci --log /run/oci.log run -d --bundle "$bundle" --pid-file /run/box.pid "$@" box \
		</dev/null >/dev/null 2>&1 || { cat /run/oci.log; return 1; }
	status_is running
}

dumped() {
	rm -rf "$images"
	oci checkpoint --image-path "$images" "$@" box || { explain dump; return 1; }
}

restored() {
	rm -f /run/oci.log
	oci --log /run/oci.log restore -d --bundle "$bundle" --image-path "$images" \
		--pid-file /run/box.pid "$@" box </dev/null >/dev/null 2>&1 || { cat /run/oci.log; explain restore; return 1; }
	status_is running
}

explain() {
	grep -E 'Error|Warn' "$images/$1.log" | tail -n 12
}

gone() {
	says "" oci list -q
	[ ! -e "/sys/fs/cgroup$where" ]
}

count() {
	oci exec box cat /run/count
}

counts_on() {
	local before

	before=$(count)
	within 30 counts_beyond "$before"
}

counts_beyond() {
	[ "$(count)" -gt "$1" ]
}

mount_table() {
	sed 's/.* - //; s/inode64//' "/proc/$(box_pid)/mountinfo" | cut -d' ' -f1 >/run/types
	cut -d' ' -f4-6 "/proc/$(box_pid)/mountinfo" | paste -d' ' - /run/types | sort
}

goes_on() {
	local before

	mkdir -p /srv/volume
	echo here >/srv/volume/file
	configure args="$counter" mounts="$tmpfs$volume" \
		resources='{ "memory": { "limit": 67108864 }, "pids": { "limit": 55 } }'
	ran
	within 30 counts_beyond 20
	mount_table >/run/mounts.before
	cat /proc/mounts >/run/host.before
	dumped
	gone
	restored
	before=$(count)
	[ "$before" -ge 20 ] && [ "$before" -lt 1000 ]
	counts_on
}

as_before() {
	mount_table | diff /run/mounts.before -
	says here oci exec box cat /mnt/file
	fails_with 1 "Read-only" oci exec box sh -c 'echo x >/mnt/file'
	says 67108864 cat "/sys/fs/cgroup$where/memory.max"
	says 55 cat "/sys/fs/cgroup$where/pids.max"
	says "0::$where" cat "/proc/$(box_pid)/cgroup"
	says 0::/ oci exec box cat /proc/self/cgroup
	says box oci exec box hostname
	oci exec box ps | grep 'sleep 1000'
	oci exec box sh -c 'echo x >/dev/null; head -c 1 /dev/zero >/dev/full' 2>&1 | grep 'No space'
}

host_as_before() {
	grep -v /run/netns /proc/mounts | diff /run/host.before -
	[ -z "$(find /tmp /run -maxdepth 1 -name '.criu*')" ]
}

ends() {
	oci pause box
	status_is paused
	oci resume box
	oci kill box KILL
	within 20 status_is stopped
	oci delete box
	gone
}

left_running() {
	configure args="$counter" mounts="$tmpfs"
	ran
	dumped --leave-running
	status_is running
	counts_on
	oci delete --force box
	restored
	counts_on
	oci delete --force box
}

paused() {
	configure args="$counter" mounts="$tmpfs"
	ran
	oci pause box
	dumped --leave-running
	status_is paused
	oci resume box
	counts_on
	oci pause box
	dumped
	gone
	restored
	counts_on
	oci delete --force box
}

in_parts() {
	configure args="$counter" mounts="$tmpfs"
	ran
	rm -rf /run/parts
	mkdir /run/parts
	oci checkpoint --pre-dump --image-path /run/parts/1 box || { tail /run/parts/1/*.log; return 1; }
	counts_on
	images=/run/parts/2
	dumped --parent-path ../1
	[ -L /run/parts/2/parent ]
	restored
	counts_on
	oci delete --force box
}

streams() {
	configure args='["sh", "-c", "while read -r line; do echo $line-$((n=n+1)); done; exit 7"]'
	mkfifo /run/said
	exec 6<>/run/said
	oci run -d --bundle "$bundle" --pid-file /run/box.pid box \
		< <(echo one; exec sleep 1000 2>/dev/null) > >(exec cat >&6) 2> >(exec cat >&6)
	read -r -t 30 said <&6
	says one-1 echo "$said"
	dumped
	grep 'pipe:' "$images/descriptors.json"
	status=0
	oci restore --bundle "$bundle" --image-path "$images" --pid-file /run/box.pid box \
		< <(echo two) > >(exec cat >&6) 2> >(exec cat >&6) || status=$?
	read -r -t 30 said <&6
	says two-2 echo "$said"
	says 7 echo "$status"
	exec 6>&-
	gone
}

# What a console socket is given is kept open, and printed.
taker() {
	python3 -u - "$1" "$2" <<-'PYTHON' &
	import array, socket, sys, os
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1]); s.listen(1); open(sys.argv[2], "w").close()
	c, _ = s.accept()
	_, fds, _, _ = socket.recv_fds(c, 4096, 1)
	out = open(sys.argv[2], "wb", buffering=0)
	while True:
	    try:
	        out.write(os.read(fds[0], 4096))
	    except OSError:
	        break
	PYTHON
	within 20 test -e "$2"
}

terminal() {
	configure terminal=true args='["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; tty; sleep 0.2; done"]'
	taker /run/tty1 /run/tty1.out
	ran --console-socket /run/tty1
	within 20 grep -q 'line 5' /run/tty1.out
	dumped
	gone
	taker /run/tty2 /run/tty2.out
	restored --console-socket /run/tty2
	within 20 grep -q 'line' /run/tty2.out
	grep '/dev/pts/0' /run/tty2.out
	not grep -x 'line 1' /run/tty2.out
	oci exec box sh -c 'echo on the console >/dev/console'
	within 20 grep -q 'on the console' /run/tty2.out
	oci delete --force box
	wait
}

confined() {
	configure args="$counter" mounts="$tmpfs" readonly=true noNewPrivileges=true \
		linux=', "maskedPaths": ["/proc/version", "/proc/acpi", "/sys/firmware"], "readonlyPaths": ["/proc/sys"],
		"seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO" } ] }'
	ran
	mount_table >/run/mounts.before
	grep -E 'Cap|NoNew|Seccomp' "/proc/$(box_pid)/status" >/run/status.before
	dumped
	restored
	mount_table | diff /run/mounts.before -
	grep -E 'Cap|NoNew|Seccomp' "/proc/$(box_pid)/status" | diff /run/status.before -
	says 0 oci exec box sh -c 'wc -c </proc/version'
	fails_with 1 "Read-only" oci exec box touch /x
	fails_with 1 "Read-only" oci exec box sh -c 'echo 1 >/proc/sys/vm/swappiness'
	counts_on
	oci delete --force box
}

network_by_path() {
	ip netns add outside
	configure args="$counter" mounts="$tmpfs" network=', "path": "/run/netns/outside"'
	ran
	dumped
	restored
	says "$(stat -L -c %i /run/netns/outside)" stat -L -c %i "/proc/$(box_pid)/ns/net"
	counts_on
	oci delete --force box
	ip netns delete outside
}

scope() {
	oci_options=--systemd-cgroup
	where=/machine.slice/machine-test.slice/box-box.scope
	configure args="$counter" mounts="$tmpfs" cgroupsPath='"machine-test.slice:box:box"' resources='{ "pids": { "limit": 55 } }'
	ran
	dumped
	nothing_left
	restored
	says "$where" property ControlGroup
	says 55 property TasksMax
	says "0::$where" cat "/proc/$(box_pid)/cgroup"
	counts_on
	oci delete --force box
	nothing_left
}

# By another name, elsewhere.
another() {
	configure args="$counter" mounts="$tmpfs" cgroupsPath='"/oci/box"'
	ran
	dumped
	configure args="$counter" mounts="$tmpfs" cgroupsPath='"/oci/box2"' resources='{ "pids": { "limit": 44 } }'
	restored
	says "0::/oci/box2" cat "/proc/$(box_pid)/cgroup"
	says 44 cat /sys/fs/cgroup/oci/box2/pids.max
	counts_on
	oci delete --force box
	[ ! -e /sys/fs/cgroup/oci/box2 ]
}

hooked() {
	cat >/srv/hook <<-'SH'
	#!/bin/sh
	echo "$1 $(sed 's/.*"pid":\([0-9]*\).*/\1/')" >>/run/hooks
	SH
	chmod 755 /srv/hook
	rm -f /run/hooks
	configure args="$counter" mounts="$tmpfs" hooks='{ "prestart": [ { "path": "/srv/hook", "args": ["hook", "prestart"] } ],
		"createRuntime": [ { "path": "/srv/hook", "args": ["hook", "runtime"] } ],
		"poststop": [ { "path": "/srv/hook", "args": ["hook", "poststop"] } ] }'
	ran
	dumped
	rm -f /run/hooks
	restored
	says "prestart $(box_pid) runtime $(box_pid)" sh -c 'tr "\n" " " </run/hooks | sed "s/ $//"'
	counts_on
	oci delete --force box
	grep poststop /run/hooks
}

failed_dump() {
	configure args="$counter" mounts="$tmpfs"
	oci delete --force box
	oci run -d --bundle "$bundle" --pid-file /run/box.pid box </dev/null >/run/a-file-of-the-host 2>&1
	rm -rf "$images"
	fails_with 1 "Can't lookup mount" oci checkpoint --image-path "$images" box
	fails_with 1 "log file: $images/dump.log" oci checkpoint --image-path "$images" box
	says "" find "$images" -name '*.img'
	counts_on
	oci delete --force box
}

failed_restore() {
	configure args="$counter" mounts="$tmpfs"
	ran
	dumped
	rm "$images"/core-*.img
	fails_with 1 "log file: $images/restore.log" oci restore -d --bundle "$bundle" --image-path "$images" box
	gone
	not pgrep -f 'i=0; sleep 1000'
	host_as_before
}

oci_options=
where=/oci/box
claim "a bundle is made" bundle_is_made
claim "what runs goes on where it was written down" goes_on
claim "mounts, limits, groups, names and children are as before" as_before
claim "the host's mounts and their options are as before" host_as_before
claim "it is paused, killed and deleted like any other" ends
claim "a container that is left running runs on, and is made again of the same" left_running
claim "a paused container is written down" paused
claim "memory is written ahead, and then what has changed" in_parts
images=/run/images
claim "pipes are the caller's again, and its exit code is ours" streams
claim "a terminal is handed to the console socket" terminal
claim "capabilities, the filter, masks and a read-only root are as before" confined
claim "a network namespace by path is entered again" network_by_path
claim "the groups are those of the new configuration" another
claim "hooks give it its network again" hooked
claim "a dump that fails leaves the container running and no images" failed_dump
claim "a restore that fails leaves nothing" failed_restore
claim "a scope of systemd's is made again" scope
done_claims
