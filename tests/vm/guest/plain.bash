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

# All that the host does not keep for itself are in use.
short_of_terminals() {
	local pty=/proc/sys/kernel/pty most said

	most=$(cat $pty/max)
	echo $(($(cat $pty/reserve) + $(cat $pty/nr))) >$pty/max
	zonectl create -q pty -t minimal --net none
	said=$(zonectl boot pty 2>&1) || { echo "$said"; return 1; }
	zonectl destroy -q --force -y pty
	[[ $said == *"kernel.pty.max is "*" now, it was "* ]] || { echo "$said"; return 1; }
	[ "$(cat $pty/max)" -ge 2048 ]
	echo "$most" >$pty/max
}

claim "zonectl finds pure v1" layout
life
limits
claim "cpu-weight is the group's, in shares" holds cpu-weight=250 cpu cpu.shares 2560
claim "a zone that finds no terminal left has more of them allowed, and says so" short_of_terminals
claim "memory-high is refused, with the controller's name" missing memory-high=24M memory
claim "memory-low is refused, with the controller's name" missing memory-low=8M memory
claim "oom-kill=zone is refused, with the controller's name" missing oom-kill=zone memory

end_of_life
done_claims
