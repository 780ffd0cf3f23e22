# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 host whose systemd knows no v2: it keeps its units in name=systemd, a v1 hierarchy.

. /vm/tap.bash
. /vm/zone.bash
. /vm/limits.bash
. /vm/units.bash
. /vm/figures.bash

outer() {
	echo /sys/fs/cgroup/"${1/#io/blkio}"/zonectl.slice/web
}

layout() {
	zonectl features --json | tee /dev/stderr | grep -q '"layout": "v1"'
	says zonectl.slice sh -c "zonectl features --json | sed -n 's/.*\"subtree\": \"\(.*\)\".*/\1/p'"
}

claim "zonectl finds pure v1" layout
life
limits
claim "cpu-weight is the group's, in shares" holds cpu-weight=250 cpu cpu.shares 2560
claim "memory-high is refused, with the controller's name" missing memory-high=24M memory
claim "memory-low is refused, with the controller's name" missing memory-low=8M memory
claim "oom-kill=zone is refused, with the controller's name" missing oom-kill=zone memory
claim "stat has the figures of v1" figures memory_peak_bytes memory_anon_bytes cpu_pressure_seconds limit_hits
claim "stat --failures counts what pids refused, over boots" refused
claim "ps and whose know the processes of a zone" processes
claim "systemd knows the slice of the zones" slice_is_known
units
end_of_life
done_claims
