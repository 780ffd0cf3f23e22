# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 host that systemd runs on pure cgroup v2.

. /vm/tap.bash
. /vm/zone.bash
. /vm/limits.bash
. /vm/units.bash
. /vm/figures.bash

outer() {
	echo /sys/fs/cgroup/zonectl.slice/web
}

layout() {
	zonectl features --json | tee /dev/stderr | grep -q '"layout": "v2"'
	uname -r
}

high() {
	holds memory-high=24M memory memory.high 25165824
	zonectl exec web -- dd if=/dev/zero of=/root/big bs=1M count=64
	grep -Eq '^high [1-9]' "$(outer)/memory.events"
	[ "$(cat "$(outer)/memory.current")" -lt 41943040 ]
	zonectl exec web -- rm /root/big
	zonectl set web memory-high=
}

oom_zone() {
	zonectl set web oom-kill=zone memory=48M swap=0
	says 1 cat "$(outer)/memory.oom.group"
	fails_with 137 "" hog 100
	within 10 state_is web installed
	zonectl set web memory=256M oom-kill=process
	zonectl boot web --wait="$(secs 30)"
}

# On v1 a process may enter a full group.
full() {
	zonectl set web pids=1
	fails_with 125 "no more processes (pids is 1)" zonectl exec web -- true
	zonectl set web pids=
	zonectl exec web -- true
}

claim "zonectl finds pure v2" layout
life
limits
claim "cpu-weight is the group's" holds cpu-weight=250 cpu cpu.weight 250
claim "memory-low is the group's" holds memory-low=8M memory memory.low 8388608
claim "memory-high holds: the zone is kept near it" high
claim "oom-kill=zone ends the whole zone" oom_zone
claim "io-write holds for what is written back later" io_later
claim "a store on a partition is limited on its whole disk" partition
claim "an exec that pids has no room for says so" full
claim "the device policy holds" devices /sys/fs/cgroup/zonectl.slice/web
claim "stat has every figure" figures memory_peak_bytes memory_anon_bytes swap_bytes io_read_bytes \
	cpu_pressure_seconds io_pressure_seconds throttled_seconds hugepages_bytes limit_hits
claim "stat counts what was written" written
claim "stat --failures counts what pids refused, over boots" refused
claim "ps and whose know the processes of a zone" processes
claim "systemd knows the slice of the zones" slice_is_known
units
end_of_life
done_claims
