#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# limits hold

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() { zone_setup; }

@test "memory holds: what takes more is killed, the host and the zone's init go on" {
	installed m1 --memory 32M --swap 0 --oom-kill process
	zonectl boot m1
	run zonectl exec m1 -- sh -c 'head -c 200m /dev/zero | tail | wc -c'
	[ "$(fact m1 memory_peak_bytes)" -le 33554432 ]
	[ "$(fact m1 oom_kills)" -ge 1 ]
	state_is m1 running
	exits 0 zonectl exec m1 -- true
}

# Where memory is on v2, tests/vm shows that it ends the whole zone.
@test "oom-kill=zone is refused where memory is on v1, which cannot do it" {
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "kernel: memory is on cgroup v2 here"
	fails 8 "zonectl: create m2: oom-kill: not possible with cgroup v1, which has this host's memory controller" \
		zonectl create m2 -t minimal --memory 32M --oom-kill zone
	nothing_left m2
}

@test "pids holds: a fork bomb stays in its zone" {
	installed p1 --pids 30
	zonectl boot p1
	run zonectl exec p1 -- sh -c 'i=0; while [ $i -lt 100 ]; do sleep 20 >/dev/null 2>&1 & i=$((i + 1)); done; :'
	[ "$(fact p1 pids)" -le 30 ]
	prints "" timeout 10 "$ZONECTL" halt p1
	nothing_left p1
}

@test "cpus holds: a busy zone gets what it was given and no more" {
	installed c1 --cpus 0.2
	zonectl boot c1
	start=$(now_ms) before=$(fact c1 cpu_seconds)
	run zonectl exec c1 -- timeout -s KILL 3 sh -c "while :; do :; done"
	used=$(fact c1 cpu_seconds) took=$(($(now_ms) - start))
	zonectl halt c1
	# Of the time that it took, which is more than three seconds where the host is busy.
	awk -v used="$used" -v before="$before" -v took="$took" 'BEGIN { used -= before; took /= 1000
		print used " s of " took " s"; exit !(used > 0.1 * took && used < 0.3 * took + 0.1) }'
}

@test "limits that are set on a running zone hold at once, up and down" {
	installed l1
	zonectl boot l1
	zonectl set l1 pids=5 memory=64M cpus=0.5
	run zonectl exec l1 -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 >/dev/null 2>&1 & done'
	[ "$(fact l1 pids)" -le 5 ]
	zonectl set l1 pids=50
	exits 0 zonectl exec l1 -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0 & done; wait'
}

@test "a limit that the host has no controller for is refused, naming it" {
	missing=$(zonectl features --json | json "' '.join(c for c in ('cpu','cpuset','memory','pids','io','hugetlb') if c not in d['cgroup']['controllers'])")
	case " $missing " in
	*" memory "*) set -- memory=64M memory ;;
	*" pids "*) set -- pids=10 pids ;;
	*" cpu "*) set -- cpus=1 cpu ;;
	*" cpuset "*) set -- cpuset=0 cpuset ;;
	*) skip "kernel: every controller is there" ;;
	esac
	installed x1
	exits 8 zonectl set x1 "$1"
	holds "$2"
}

@test "a limit whose v1 controller is hidden is refused, and nothing is started" {
	[ -d /sys/fs/cgroup/pids ] || skip "kernel: no cgroup v1 here"
	# In a mount namespace of its own in which the pids hierarchy is away.
	run unshare -m sh -c 'umount -l /sys/fs/cgroup/pids && exec "$ZONECTL" create x2 -t minimal --pids 10'
	[ "$status" -eq 8 ]
	holds "create x2: pids: the cgroup filesystem that has pids is not mounted"
	holds "try: mount -t cgroup -o pids cgroup /sys/fs/cgroup/pids"
	exits 3 zonectl info x2
	nothing_left x2
}

@test "where no cgroup filesystem is mounted, limits are refused with the remedy, and a zone without any runs" {
	run unshare -m sh -ec 'umount -R -l /sys/fs/cgroup
		"$ZONECTL" create x3 -t minimal --pids 0
		"$ZONECTL" boot x3
		"$ZONECTL" exec x3 -- true
		"$ZONECTL" set x3 memory=64M || echo "status $?"
		"$ZONECTL" destroy --force -y x3'
	[ "$status" -eq 0 ]
	if [ -e /sys/fs/cgroup/memory ]; then
		holds "set x3: memory: the cgroup filesystem that has memory is not mounted"
		holds "status 8"
	fi
	nothing_left x3
}

@test "limits that are no limits are refused, and change nothing" {
	installed b1 --memory 64M
	for wrong in memory=banana memory=-1 memory=512 cpus=-1 cpus=banana cpus=0 cpu-weight=0 cpu-weight=10001 \
		cpuset=1- cpuset=-1 cpuset=a pids=-1 pids=4194305 swap=-5 io-read=1 io-read=-1 io-write=banana \
		io-weight=0 io-weight=10001 io-read-ops=0 io-write-ops=4294967296 cpu-burst=50ms memory-low=65M; do
		exits 2 zonectl set b1 "$wrong"
		holds "set b1: ${wrong%%=*}: "
	done
	exits 2 zonectl set b1 cpuset=0-5000
	holds "set b1: cpuset: no processor "
	[ "$(fact b1 properties | json "[k for k, v in d.items() if k in ('memory', 'cpus', 'cpuset', 'io-read') and v]")" = '["memory"]' ]
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# Its group in the hierarchy that has the controller: v1's name, which has the same on v2 but for blkio.
group_of() {
	local dir=/sys/fs/cgroup/$2

	[ -d "$dir" ] || dir=/sys/fs/cgroup
	# A slice of systemd's lies in that of all stores.
	find "$dir" -maxdepth 3 -type d -path "*/zonectl*$(store_id)*/$1" -print -quit 2>/dev/null
}

on_disk() {
	[ -n "$(findmnt -n -o SOURCE -T "$ZONECTL_ROOT" | grep ^/dev/)" ] || skip "kernel: the tests' files are on no disk"
}

@test "io-read and io-write hold, for what goes to the disk at once" {
	on_disk
	installed i1 --io-read 4M --io-write 2M
	zonectl boot i1
	start=$(now_ms)
	zonectl exec i1 -- dd if=/dev/zero of=/root/file bs=256k count=16 oflag=direct
	written=$(now_ms)
	zonectl exec i1 -- dd if=/root/file of=/dev/null bs=256k iflag=direct
	end=$(now_ms)
	echo "written in $((written - start)) ms, read in $((end - written)) ms"
	[ $((written - start)) -ge 1500 ]
	[ $((end - written)) -ge 700 ]
}

@test "io-read-ops and io-write-ops hold" {
	on_disk
	installed i2 --io-read-ops 50 --io-write-ops 50
	zonectl boot i2
	start=$(now_ms)
	zonectl exec i2 -- dd if=/dev/zero of=/root/file bs=4k count=100 oflag=direct
	written=$(now_ms)
	zonectl exec i2 -- dd if=/root/file of=/dev/null bs=4k iflag=direct
	end=$(now_ms)
	echo "written in $((written - start)) ms, read in $((end - written)) ms"
	[ $((written - start)) -ge 1500 ]
	[ $((end - written)) -ge 1500 ]
}

@test "I/O limits change and go on a running zone, each by itself" {
	on_disk
	installed i3
	zonectl boot i3
	lines() { cat "$group"/{io.max,blkio.throttle.{read,write}_{bps,iops}_device} 2>/dev/null | grep -c "$1" || :; }
	zonectl set i3 io-read=3M io-write-ops=123
	group=$(group_of i3 blkio)
	[ "$(lines 3145728)" -ge 1 ]
	[ "$(lines 123)" -ge 1 ]
	zonectl set i3 io-read=
	[ "$(lines 3145728)" -eq 0 ]
	[ "$(lines 123)" -ge 1 ]
	zonectl set i3 io-write-ops=
	[ "$(lines :)" -eq 0 ]
}

# holds_io NAME: 4 MiB take the two seconds of io-write=2M, not half of that and not twice.
holds_io() {
	local start took

	zonectl boot "$1"
	start=$(now_ms)
	zonectl exec "$1" -- dd if=/dev/zero of=/root/file bs=256k count=16 oflag=direct
	took=$(($(now_ms) - start))
	echo "written in $took ms"
	[ "$took" -ge 1500 ]
	[ "$took" -lt 3800 ]
	zonectl halt "$1"
}

@test "an I/O limit holds, once, for a zone in an image file" {
	on_disk
	installed i6 --disk 64M --io-write 2M
	holds_io i6
}

@test "an I/O limit holds, once, for a zone in a pool on a file" {
	on_disk
	command -v mkfs.btrfs >/dev/null || skip "needs mkfs.btrfs"
	grep -qw btrfs /proc/filesystems || skip "kernel: no btrfs"
	zonectl pool create --size 256M
	installed i7 --storage btrfs --io-write 2M
	holds_io i7
	zonectl destroy -y i7
	zonectl -y pool remove
}

@test "an I/O limit is refused where the zone's files are on no disk" {
	mkdir -m 700 "$BATS_TEST_TMPDIR/tmpfs"
	run unshare -m sh -c 'mount -t tmpfs -o mode=700 none "$1" && exec "$ZONECTL" --root "$1" create i4 -t minimal --io-write 1M' - \
		"$BATS_TEST_TMPDIR/tmpfs"
	[ "$status" -eq 8 ]
	holds "create i4: io-write: no disk holds it: its filesystem is tmpfs"
}

@test "io-weight is refused where the disk's scheduler does not weigh, with the remedy" {
	on_disk
	installed i5
	if run zonectl set i5 io-weight=200; [ "$status" -eq 0 ]; then
		zonectl boot i5
		group=$(group_of i5 blkio)
		grep -hq 109 "$group"/{io,blkio}.bfq.weight 2>/dev/null || grep -q 200 "$group/io.weight"
	else
		[ "$status" -eq 8 ]
		holds "io-weight: the I/O scheduler of disk '"
		holds "try: echo bfq >/sys/block/"
	fi
}

@test "nofile limits open files" {
	installed n1 --nofile 100
	zonectl boot n1
	prints 100 zonectl exec n1 -- sh -c 'ulimit -Hn'
	prints 100 zonectl exec n1 -- sh -c 'awk "/Max open files/ { print \$5 }" /proc/1/limits'
	zonectl set n1 nofile=200
	prints 200 zonectl exec n1 -- sh -c 'ulimit -Hn'
	prints 100 zonectl exec n1 -- sh -c 'awk "/Max open files/ { print \$5 }" /proc/1/limits'
}
