# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Claims on limits, set on the running zone "web". outer CONTROLLER prints the directory of the
# zone's group where that controller's limits stand.

# Allocates and touches as many MiB.
hog() {
	zonectl exec web -- dd if=/dev/zero of=/dev/null bs="$1"M count=1
}

memory() {
	zonectl set web oom-kill=process memory=48M swap=0
	local init
	init=$(pid_of web init)
	hog 16
	fails_with 137 "" hog 100
	# Nothing but that process.
	says "$init" pid_of web init
	state_is web running
	zonectl info web --json | grep -Eq '"oom_kills": [1-9]'
	zonectl set web memory=256M
	hog 100
}

pids() {
	zonectl set web pids=12
	fails_with 2 "fork" zonectl exec web -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 30 & done'
	zonectl exec web -- killall sleep || true
	zonectl set web pids=
	zonectl exec web -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 0.1 & done; wait'
}

throttled() {
	sed -n 's/^nr_throttled //p' "$(outer cpu)/cpu.stat"
}

cpus() {
	zonectl set web cpus=0.2
	local before
	before=$(throttled)
	zonectl exec web -- timeout 3 sh -c 'while :; do :; done' || true
	[ "$(throttled)" -gt "$before" ]
	zonectl set web cpus=
}

# What is in memory, and can't leave it, is more than the new limit: both numbers are told, the old limit stays.
memory_below_use() {
	zonectl set web memory=96M swap=0
	local before
	before=$(cat "$(outer memory)/$(file memory.max memory.limit_in_bytes)")
	zonectl exec web -- dd if=/dev/zero of=/dev/shm/held bs=1M count=40
	fails_with 7 "can't be reclaimed to 16M" zonectl set web memory=16M
	zonectl set web memory=16M 2>&1 | grep -E 'memory: [0-9.]+M is in use'
	says "$before" cat "$(outer memory)/$(file memory.max memory.limit_in_bytes)"
	zonectl exec web -- rm /dev/shm/held
	# The page cache is given back.
	zonectl exec web -- dd if=/dev/zero of=/root/cached bs=1M count=48
	zonectl set web memory=24M
	zonectl exec web -- rm /root/cached
	zonectl set web memory=256M
}

# A host of v2 has the first, of v1 the second.
file() {
	if [ -e "$(outer memory)/memory.max" ]; then echo "$1"; else echo "$2"; fi
}

swap() {
	dd if=/dev/zero of=/root/swap bs=1M count=160
	chmod 600 /root/swap
	mkswap /root/swap
	swapon /root/swap
	zonectl set web memory=48M swap=0
	fails_with 137 "" hog 100
	zonectl set web swap=120M
	hog 100
	zonectl set web swap=16M
	fails_with 137 "" hog 100
	zonectl set web memory=256M swap=
	swapoff /root/swap
	rm /root/swap
}

hugepages() {
	zonectl set web hugepages=4M
	says 4194304 cat "$(outer hugetlb)/hugetlb.2MB.$(file max limit_in_bytes)"
	zonectl set web hugepages=
	grep -Eqx 'max|92233720368[0-9]+' "$(outer hugetlb)/hugetlb.2MB.$(file max limit_in_bytes)"
}

burst() {
	zonectl set web cpus=1 cpu-burst=50ms
	says 50000 cat "$(outer cpu)/$(file cpu.max.burst cpu.cfs_burst_us)"
	zonectl set web cpus=0.2 cpu-burst=20ms
	says 20000 cat "$(outer cpu)/$(file cpu.max.burst cpu.cfs_burst_us)"
	zonectl set web cpu-burst= cpus=
	says 0 cat "$(outer cpu)/$(file cpu.max.burst cpu.cfs_burst_us)"
}

allowed() {
	zonectl exec web -- sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status
}

cpuset() {
	zonectl set web cpuset=1
	says 1 allowed
	says 1 sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$(pid_of web init)/status"
	fails_with 2 "no processor 7" zonectl set web cpuset=7
	says 1 allowed
	zonectl set web cpuset=
	says 0-1 allowed
}

# Milliseconds that a command in the zone takes.
takes() {
	local start

	start=$(date +%s%N)
	zonectl exec web -- "$@"
	echo "$((($(date +%s%N) - start) / 1000000))" | tee /dev/stderr >/run/took
}

io() {
	zonectl set web io-read=2M io-write=1M
	takes dd if=/dev/zero of=/root/io bs=256k count=16 oflag=direct
	[ "$(cat /run/took)" -ge 3000 ]
	takes dd if=/root/io of=/dev/null bs=256k count=16 iflag=direct
	[ "$(cat /run/took)" -ge 1500 ]
	zonectl set web io-read= io-write= io-read-ops=40 io-write-ops=20
	takes dd if=/dev/zero of=/root/io bs=4k count=60 oflag=direct
	[ "$(cat /run/took)" -ge 2000 ]
	takes dd if=/root/io of=/dev/null bs=4k count=60 iflag=direct
	[ "$(cat /run/took)" -ge 1000 ]
	zonectl set web io-read-ops= io-write-ops=
	says "" sh -c 'cat "$0"/io.max "$0"/blkio.throttle.*_device 2>/dev/null | grep -E "[= ][0-9]" || :' "$(outer io)"
	zonectl exec web -- rm /root/io
}

# What the kernel writes back later is held too, which v1 can't do.
io_later() {
	zonectl set web io-write=2M
	takes sh -c 'dd if=/dev/zero of=/root/io bs=1M count=6; sync /root/io'
	[ "$(cat /run/took)" -ge 2000 ]
	zonectl set web io-write=
	zonectl exec web -- rm /root/io
}

# The store is on a partition: it is its whole disk that is limited. One of type 83, from sector 2048 on.
partition() {
	truncate -s 96M /root/disk
	printf '\0\0\0\0\x83\0\0\0\0\x08\0\0\0\xf8\x02\0' | dd of=/root/disk bs=1 seek=446 conv=notrunc
	printf '\x55\xaa' | dd of=/root/disk bs=1 seek=510 conv=notrunc
	local loop
	loop=$(losetup -P -f --show /root/disk)
	mke2fs -q -t ext4 "${loop}p1"
	mkdir /srv/part
	mount "${loop}p1" /srv/part
	mkdir -m 700 /srv/part/store
	export ZONECTL_ROOT=/srv/part/store
	zonectl template build minimal
	zonectl create part -t minimal --net none --io-write 1M
	zonectl boot part
	grep -E "^$(cat "/sys/block/${loop#/dev/}/dev") .*wbps=1048576" /sys/fs/cgroup/zonectl.slice/zonectl-*.slice/part/io.max
	fails_with 8 "disk 'nvme0n1' does not weigh" zonectl set part io-weight=50
	zonectl destroy --force -y part
	umount /srv/part
	losetup -d "$loop"
	rm /root/disk
}

io_weight() {
	fails_with 8 "try: echo bfq >/sys/block/nvme0n1/queue/scheduler" zonectl set web io-weight=200
	modprobe bfq
	echo bfq >/sys/block/nvme0n1/queue/scheduler
	zonectl set web io-weight=5050
	grep -w 550 "$(outer io)/$(file io.bfq.weight blkio.bfq.weight)"
	zonectl set web io-weight=
	grep -w 100 "$(outer io)/$(file io.bfq.weight blkio.bfq.weight)"
	echo none >/sys/block/nvme0n1/queue/scheduler
}

# The end of a zone whose init needs more than it was given.
killed_init() {
	zonectl set web memory=16M swap=0
	zonectl halt web
	fails_with 4 "init was killed: out of memory (memory is 16M)" \
		zonectl boot web --wait="$(secs 60)" --init /bin/dd -- if=/dev/zero of=/dev/null bs=64M count=1
	zonectl info web | grep -F "init was killed: out of memory (memory is 16M)"
	zonectl set web memory=256M swap=
	zonectl boot web --wait="$(secs 30)"
}

# Even the host's root opens no device of the host from inside; GROUP is the zone's in v2.
devices() {
	opens() { (echo "$BASHPID" >"$1/zone/cgroup.procs" && exec 3<"$2"); }
	opens "$1" /dev/zero
	fails_with 1 "not permitted" opens "$1" /dev/kmsg
	fails_with 1 "not permitted" opens "$1" /dev/nvme0n1
	fails_with 1 "not permitted" opens "$1" /dev/mem
}

# Sets a property and finds the value in a control file: holds PROPERTY CONTROLLER FILE VALUE.
holds() {
	zonectl set web "$1"
	says "$4" cat "$(outer "$2")/$3"
}

missing() {
	fails_with 8 "$2" zonectl set web "$1"
	fails_with 8 "$2" zonectl create other -t minimal "--${1%%=*}" "${1#*=}" --boot
	fails_with 3 "no zone" zonectl list -H other
}

limits() {
	claim "memory holds: what takes more is killed inside, and that alone" memory
	claim "pids holds: forks are refused" pids
	claim "cpus holds: a busy loop is throttled" cpus
	claim "memory below what is in use is refused with both numbers" memory_below_use
	claim "swap holds, and changes" swap
	claim "hugepages is the group's" hugepages
	claim "cpu-burst is the group's" burst
	claim "cpuset holds, and no processor is made up" cpuset
	claim "io-read, io-write and their operations hold" io
	claim "io-weight is refused without a scheduler that weighs, and given with bfq" io_weight
	claim "a zone that dies of its limits says so" killed_init
}
