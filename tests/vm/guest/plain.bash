# SPDX-License-Identifier: GPL-2.0-or-later
# A host without systemd, each controller of v1 mounted by itself.

. /vm/tap.bash
. /vm/zone.bash
. /vm/limits.bash

outer() {
	case $1 in
	cpu) echo /sys/fs/cgroup/cpu,cpuacct/zonectl/web ;;
	io) echo /sys/fs/cgroup/blkio/zonectl/web ;;
	*) echo "/sys/fs/cgroup/$1/zonectl/web" ;;
	esac
}

layout() {
	zonectl features --json | tee /dev/stderr | grep -q '"layout": "v1"'
	says zonectl sh -c "zonectl features --json | sed -n 's/.*\"subtree\": \"\(.*\)\".*/\1/p'"
}

claim "zonectl finds pure v1" layout
life
limits
claim "cpu-weight is the group's, in shares" holds cpu-weight=250 cpu cpu.shares 2560
claim "memory-high is refused, with the controller's name" missing memory-high=24M memory
claim "memory-low is refused, with the controller's name" missing memory-low=8M memory
claim "oom-kill=zone is refused, with the controller's name" missing oom-kill=zone memory

end_of_life
done_claims
