# SPDX-License-Identifier: GPL-2.0-or-later
# A zone whose init is systemd 252, on pure cgroup v2 of kernel 6.1.

. /vm/tap.bash

import() {
	zonectl template import /vm/debian-12.tar --name debian-12
	rm /vm/debian-12.tar
	zonectl template list | tee /dev/stderr | grep -q systemd
}

boot() {
	zonectl create deb -t debian-12
	zonectl boot deb --wait="$(secs 120)"
	says running zonectl exec deb -- systemctl is-system-running --wait
}

controllers() {
	says "cpu cpuset hugetlb io memory pids" sh -c \
		"zonectl exec deb -- cat /sys/fs/cgroup/cgroup.controllers | tr ' ' '\n' | grep -v misc | sort | xargs"
	zonectl exec deb -- cat /sys/fs/cgroup/system.slice/cgroup.controllers | tee /dev/stderr | grep -q memory
}

# Processes cannot be in a group that hands out controllers, which is what systemd makes of its root.
entry() {
	says "0::/enter" zonectl exec deb -- cat /proc/self/cgroup
	script -qec "zonectl login deb -- tty" /dev/null </dev/null | tee /dev/stderr | grep -q '/dev/pts/[0-9]'
}

memory_max() {
	zonectl exec deb -- systemd-run -q --unit=small -p MemoryMax=32M -p MemorySwapMax=0 -p Type=oneshot \
		--wait dd if=/dev/zero of=/dev/null bs=16M count=1
	zonectl exec deb -- systemd-run --unit=big -p MemoryMax=32M -p MemorySwapMax=0 \
		-p RemainAfterExit=yes dd if=/dev/zero of=/dev/null bs=128M count=1
	within 20 unit_has_failed
}

unit_has_failed() {
	[ "$(zonectl exec deb -- systemctl show -P Result big)" = oom-kill ]
}

shut_down() {
	local start=$SECONDS
	zonectl shutdown deb | tee /dev/stderr | grep -q "init shut it down"
	echo "$((SECONDS - start)) s"
	[ "$(zonectl list -a -H -o state deb)" = installed ]
	[ ! -e /sys/fs/cgroup/zonectl.slice/deb ]
}

destroy() {
	zonectl destroy -y deb
	zonectl template remove debian-12
	says "" ls /var/lib/zonectl/zones
}

claim "a Debian 12 is imported" import
claim "it boots until its systemd says running" boot
claim "its systemd has the host's controllers" controllers
claim "exec and login enter beside its units" entry
claim "MemoryMax of one of its units holds" memory_max
claim "it shuts down cleanly" shut_down
claim "it can be destroyed" destroy
done_claims
