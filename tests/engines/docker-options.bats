#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with zone-oci as its runtime: what the options of docker run are inside.

load ../lib/zone
load engine
load docker

setup_file() { docker_open; }

teardown_file() { docker_close; }

setup() { BOX=box-$BATS_TEST_NUMBER; }

teardown() { docker_clear; }

# says TEXT OPTION... COMMAND: what a container that goes at once prints; docker itself may warn.
says() {
	local want=$1

	shift
	run --separate-stderr once "$@"
	# shellcheck disable=SC2154	# stderr is of run
	[ "$status" -eq 0 ] && [ "$output" = "$want" ] || {
		printf '%s\n' "$*" "-- status $status" "$output" "$stderr" "-- want: $want"
		return 1
	}
}

#
# Limits
#

@test "--memory is a limit, and going over it is told as such" {
	box --memory 64m
	[ "$(limit memory memory.limit_in_bytes memory.max)" = 67108864 ]
	docker rm -f "$BOX"
	exits 137 docker run --name "$BOX" --memory 16m --memory-swap 16m --network none minimal \
		sh -c 'tail -c 100m /dev/zero'
	is '{{.State.OOMKilled}}' true
}

@test "the least memory that docker takes, six megabytes, is enough to start" {
	says started --memory 6m 'echo started'
}

@test "--memory-reservation and --memory-swap" {
	box --memory 64m --memory-swap 128m --memory-reservation 32m
	[ "$(limit memory memory.soft_limit_in_bytes memory.low)" = 33554432 ]
	[[ $(limit memory memory.memsw.limit_in_bytes memory.swap.max) =~ ^(134217728|67108864)$ ]]
}

@test "--pids-limit is where fork fails" {
	exits 2 once --pids-limit 3 'sleep 9 & sleep 9 & sleep 9 & sleep 9 & echo all'
	holds "fork"
}

@test "--cpus, --cpu-shares and --cpuset-cpus" {
	box --cpus 0.5 --cpu-shares 512 --cpuset-cpus 1
	[[ $(limit cpu cpu.cfs_quota_us cpu.max) =~ ^50000( 100000)?$ ]]
	[[ $(limit cpu cpu.shares cpu.weight) =~ ^(512|20)$ ]]
	prints "Cpus_allowed_list: 1" docker exec "$BOX" sh -c 'echo $(grep Cpus_allowed_list /proc/1/status)'
}

@test "--device-read-bps" {
	local device

	device=$(findmnt -no SOURCE --target "$ENGINE")
	[ -b "$device" ] || skip "kernel: no block device below $ENGINE"
	box --device-read-bps "$device:1mb"
	limit blkio blkio.throttle.read_bps_device io.max | grep -q 1048576
}

@test "update changes a running one's memory, processors, processes" {
	box --memory 64m --memory-swap 64m
	docker update --memory 96m --memory-swap 96m --cpus 0.25 --pids-limit 33 --cpuset-cpus 0 "$BOX"
	[ "$(limit memory memory.limit_in_bytes memory.max)" = 100663296 ]
	[[ $(limit cpu cpu.cfs_quota_us cpu.max) =~ ^25000( 100000)?$ ]]
	[ "$(limit pids pids.max pids.max)" = 33 ]
	[ "$(limit cpuset cpuset.cpus cpuset.cpus)" = 0 ]
}

@test "--ulimit" {
	says "99 100" --ulimit nofile=99:100 'echo $(ulimit -Sn) $(ulimit -Hn)'
}

@test "--oom-score-adj" {
	says 500 --oom-score-adj 500 'cat /proc/self/oom_score_adj'
}

#
# Power
#

@test "--user by number and by name, --group-add" {
	says "1000:1001" --user 1000:1001 'echo $(id -u):$(id -g)'
	says "0" --user root 'id -u'
	says "0 77" --user 0 --group-add 77 'id -G'
}

@test "--cap-drop and --cap-add" {
	says 0000000000000000 --cap-drop ALL 'grep CapEff /proc/self/status | cut -f 2'
	says 0000000000001000 --cap-drop ALL --cap-add NET_ADMIN 'grep CapBnd /proc/self/status | cut -f 2'
	says "none 0000000000001000" --cap-drop ALL --cap-add NET_ADMIN --user 5 \
		'echo none $(grep CapBnd /proc/self/status | cut -f 2)'
	exits 1 once --cap-drop CHOWN 'chown 5 /etc/passwd'
}

@test "--privileged: every power, every device, nothing covered" {
	[ $((0x$(awk '/CapBnd/ { print $2 }' /proc/self/status) >> 24 & 1)) -eq 1 ] ||
		skip "kernel: root lacks CAP_SYS_RESOURCE here"
	says "$(awk '/CapBnd/ { print $2 }' /proc/self/status) 0" --privileged \
		'echo $(grep CapEff /proc/self/status | cut -f 2) $(grep Seccomp: /proc/self/status | cut -f 2)'
	says rw --privileged 'grep " /sys " /proc/mounts | cut -d" " -f 4 | cut -d, -f 1'
}

@test "seccomp: the default filter, one of ours, none" {
	cat >"$BATS_TEST_TMPDIR/filter.json" <<-'END'
		{ "defaultAction": "SCMP_ACT_ALLOW",
		  "syscalls": [ { "names": [ "chmod", "fchmodat", "fchmodat2" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 } ] }
	END
	says 2 'grep Seccomp: /proc/self/status | cut -f 2'
	exits 1 once 'unshare -U true'
	exits 1 once --security-opt "seccomp=$BATS_TEST_TMPDIR/filter.json" 'chmod 600 /etc/passwd'
	holds "No space left"
	says 0 --security-opt seccomp=unconfined 'grep Seccomp: /proc/self/status | cut -f 2'
}

@test "no-new-privileges" {
	says 1 --security-opt no-new-privileges 'grep NoNewPrivs /proc/self/status | cut -f 2'
	says 0 'grep NoNewPrivs /proc/self/status | cut -f 2'
}

@test "what the kernel tells all is covered, and /proc/sys is not written" {
	says 0 'wc -c </proc/timer_list'
	exits 1 once 'echo 1 >/proc/sys/vm/drop_caches'
	holds "Read-only"
	exits 1 once 'echo 1 >/sys/kernel/mm/ksm/run'
}

@test "--device gives one device, as far as it says, and no other" {
	[ -c /dev/loop-control ] || skip "kernel: no /dev/loop-control"
	says open --device /dev/loop-control:/dev/zzz:r 'exec 3</dev/zzz && echo open'
	exits 1 once --device /dev/loop-control:/dev/zzz:r 'exec 3>/dev/zzz'
	holds "not permitted"
	exits 1 once 'mknod /dev/zzz c 10 237 && exec 3</dev/zzz'
	holds "not permitted"
}

@test "--sysctl" {
	says "4096 1" --sysctl kernel.msgmax=4096 --sysctl net.ipv4.ip_forward=1 \
		'echo $(cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward)'
}

#
# Files
#

@test "--read-only, and what is writable all the same" {
	exits 1 once --read-only 'touch /x'
	holds "Read-only"
	says there --read-only --tmpfs /t 'touch /t/x && echo there'
}

@test "--tmpfs and --shm-size are of the size that is said" {
	says "1024 2048" --tmpfs /t:size=1m --shm-size 2m 'echo $(df -k /t /dev/shm | awk "NR > 1 { print \$2 }")'
	says "tmpfs rw,nosuid,noexec" --tmpfs /t:mode=700,noexec \
		'grep " /t " /proc/mounts | sed "s/.* \(tmpfs\) \([a-z,]*\).*/\1 \2/" | sed "s/,nodev//;s/,relatime.*//"'
}

@test "-v binds a directory, a file, read-only" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	echo here >"$BATS_TEST_TMPDIR/dir/file"
	says here -v "$BATS_TEST_TMPDIR/dir:/mnt" 'cat /mnt/file && touch /mnt/made'
	[ -e "$BATS_TEST_TMPDIR/dir/made" ]
	says here -v "$BATS_TEST_TMPDIR/dir/file:/etc/deep/down" 'cat /etc/deep/down'
	exits 1 once -v "$BATS_TEST_TMPDIR/dir:/mnt:ro" 'touch /mnt/x'
	holds "Read-only"
}

@test "a named volume starts with what the image has there, and stays" {
	says root -v "$BOX:/etc" 'head -n 1 /etc/passwd | cut -d: -f 1; touch /etc/mark'
	says mark -v "$BOX:/vol" 'ls /vol | grep mark'
	docker volume rm "$BOX"
}

@test "--mount: bind, tmpfs, volume; a source that is missing is told" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	exits 1 once --mount "type=bind,src=$BATS_TEST_TMPDIR/dir,dst=/mnt,readonly" 'touch /mnt/x'
	says 512 --mount type=tmpfs,dst=/t,tmpfs-size=524288 'df -k /t | awk "NR > 1 { print \$2 }"'
	exits 125 once --mount type=bind,src=/none/such,dst=/mnt true
	holds "does not exist"
}

@test "bind-propagation: what is mounted later arrives where it is asked for" {
	engine sh -c 'mkdir -p /run/shared && mount -t tmpfs shared /run/shared && mount --make-shared /run/shared &&
		mkdir /run/shared/a'
	box --mount type=bind,src=/run/shared,dst=/mnt,bind-propagation=rslave
	engine sh -c 'mount -t tmpfs later /run/shared/a && touch /run/shared/a/later'
	docker exec "$BOX" test -e /mnt/a/later
	docker rm -f "$BOX"
	box --mount type=bind,src=/run/shared,dst=/mnt,bind-propagation=rprivate
	engine umount /run/shared/a
	docker exec "$BOX" test -e /mnt/a/later
}

#
# Names and namespaces
#

@test "--hostname, --domainname, --env, --entrypoint, --workdir, --add-host" {
	says "inside value /opt" --hostname inside -e NAME=value -w /opt 'echo $(hostname) $NAME $PWD'
	says lan --hostname inside --domainname lan 'cat /proc/sys/kernel/domainname'
	prints "1 2" docker run --rm --network none --entrypoint echo minimal 1 2
	docker run --rm --add-host that:192.0.2.7 minimal cat /etc/hosts | grep -q '^192.0.2.7'
}

@test "--network none has only a loopback, host what the host has" {
	says lo 'ls /sys/class/net'
	prints "$(readlink /proc/self/ns/net)" docker run --rm --network host minimal readlink /proc/self/ns/net
}

@test "--network bridge: an address, the way to others, and ports" {
	local address

	docker run -d --name "$BOX" -p 127.0.0.1:8765:80 minimal \
		sh -c 'mkdir /w; echo served >/w/index.html; exec httpd -f -p 80 -h /w'
	address=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' "$BOX")
	docker run --rm minimal ping -c 1 -W 5 "$address"
	prints served deadline 10 docker run --rm minimal wget -q -O - "http://$address/"
	prints served python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8765/").read().decode(), end="")'
}

@test "a network of one's own: names of containers are found" {
	docker network create "net-$BOX"
	docker run -d --name "$BOX" --network "net-$BOX" minimal sleep 1000
	docker run --rm --network "net-$BOX" minimal ping -c 1 -W 5 "$BOX"
	docker network create "more-$BOX"
	docker network connect "more-$BOX" "$BOX"
	[ "$(docker exec "$BOX" sh -c 'ls /sys/class/net' | grep -c eth)" -eq 2 ]
	docker rm -f "$BOX"
	docker network rm "net-$BOX" "more-$BOX"
}

@test "--network container:, --ipc container:, --pid container:" {
	box --ipc shareable
	[ "$(docker exec "$BOX" readlink /proc/self/ns/net)" = \
		"$(docker run --rm --network "container:$BOX" minimal readlink /proc/self/ns/net)" ]
	[ "$(docker exec "$BOX" readlink /proc/self/ns/ipc)" = \
		"$(docker run --rm --ipc "container:$BOX" minimal readlink /proc/self/ns/ipc)" ]
	docker run --rm --network none --pid "container:$BOX" minimal ps | grep -q 'sleep 1000'
}

@test "--pid host, --ipc host, --uts host" {
	[ "$(engine readlink /proc/self/ns/pid)" = "$(once --pid host 'readlink /proc/self/ns/pid')" ]
	[ "$(engine readlink /proc/self/ns/ipc)" = "$(once --ipc host 'readlink /proc/self/ns/ipc')" ]
	says "$(hostname)" --uts host hostname
}

@test "in the host's pid namespace every process of it ends with it" {
	docker run -d --name "$BOX" --pid host --network none minimal sh -c 'sleep 4242 & echo set; wait'
	deadline 10 has_said 1
	engine pgrep -xf 'sleep 4242'
	docker rm -f "$BOX"
	not engine pgrep -xf 'sleep 4242'
}

@test "--cgroupns private hides where it is" {
	says / --cgroupns private 'cut -d: -f 3 /proc/self/cgroup | sort -u'
	once --cgroupns host 'cat /proc/self/cgroup' | grep -q "/$ENGINE_GROUP/"
}

@test "--cgroup-parent" {
	box --cgroup-parent "/$ENGINE_GROUP/deeper"
	[ -n "$(find "/sys/fs/cgroup" -type d -path "*/$ENGINE_GROUP/deeper/$(docker inspect -f '{{.Id}}' "$BOX")" -print -quit)" ]
}

@test "--init: the first process reaps, the program is not the first" {
	command -v docker-init >/dev/null || skip "needs docker-init"
	says docker-init --init 'cat /proc/1/comm'
}

@test "userns-remap: root inside is nobody outside" {
	engine sh -c 'for f in subuid subgid; do echo zonetest:500000:65536 >/run/$f; touch /etc/$f
		mount --bind /run/$f /etc/$f; done
		{ cat /etc/passwd; echo zonetest:x:4242:4242::/:/bin/sh; } >/run/passwd
		{ cat /etc/group; echo zonetest:x:4242:; } >/run/group
		mount --bind /run/passwd /etc/passwd; mount --bind /run/group /etc/group'
	dockerd_start remap --userns-remap zonetest --bridge none --iptables=false
	docker import "$ENGINE/minimal.tar" minimal
	says "0 500000 65536" 'echo $(cat /proc/self/uid_map)'
	box
	[ "$(engine stat -c %u "/proc/$(pid_of "$BOX")")" = 500000 ]
	docker exec "$BOX" sh -c 'touch /tmp/x && chown 5:5 /tmp/x && mount -t tmpfs none /mnt' && return 1
	prints 0 docker exec "$BOX" stat -c %u /etc/passwd
	docker_clear
	dockerd_end remap TERM
}
