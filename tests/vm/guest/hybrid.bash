# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 host whose systemd keeps its units in a v2 tree without controllers; those are on v1.

. /vm/tap.bash
. /vm/zone.bash
. /vm/limits.bash
. /vm/units.bash

outer() {
	echo /sys/fs/cgroup/"${1/#io/blkio}"/zonectl.slice/web
}

layout() {
	zonectl features --json | tee /dev/stderr | grep -q '"layout": "hybrid"'
	says zonectl.slice sh -c "zonectl features --json | sed -n 's/.*\"subtree\": \"\(.*\)\".*/\1/p'"
}

claim "zonectl finds a hybrid host" layout
life
limits
claim "cpu-weight is the group's, in shares" holds cpu-weight=250 cpu cpu.shares 2560
claim "memory-high is refused, with the controller's name" missing memory-high=24M memory
claim "memory-low is refused, with the controller's name" missing memory-low=8M memory
claim "oom-kill=zone is refused, with the controller's name" missing oom-kill=zone memory
claim "the device policy holds" devices /sys/fs/cgroup/unified/zonectl.slice/web
claim "systemd knows the slice of the zones" slice_is_known
units
end_of_life
done_claims
