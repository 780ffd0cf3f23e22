#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A5 to A9: what a zone can do to the mounts and groups that it was given.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

# loose FILE: mounts of a mountinfo that must be read-only, or nosuid, and are not.
loose() {
	awk '
	function has(flag) { return index("," $6 ",", "," flag ",") }
	$5 ~ "^/(sys|proc/(sys|bus|fs|irq|sysrq-trigger))$" && !has("ro") { print $5, "is not ro" }
	$5 ~ "^/proc/(kcore|keys|interrupts|kallsyms)$" && !has("ro") { print $5, "is not ro" }
	$5 ~ "^/sys/(firmware|power|fs/bpf|kernel/.*)$" && !has("ro") { print $5, "is not ro" }
	$5 ~ "^/(proc|sys|run|dev/shm|dev/mqueue|sys/fs/cgroup)$" && !(has("nosuid") && has("nodev")) { print $5, "is loose" }
	$5 == "/" && !has("nodev") { print "/ takes devices" }
	$5 == "/proc/sys" { n++ }
	END { if (!n) print "/proc/sys is bare" }' "$1"
}

a5() {
	local bad

	rm -rf "$template/proc"
	mkdir -p "$template/proc/self/fd" "$template/proc/sys/kernel"
	ln -s "$canary/dir" "$template/proc/self/fd/7"
	for storage in overlay copy; do
		running v --storage "$storage" || attempt "boot of $storage" 1
		bad=$(loose "/proc/$(init_of v)/mountinfo")
		[ -z "$bad" ]
		attempt "$storage: $bad" $?
		z destroy -q --force -y v
	done
	[ -n "$(loose /proc/self/mountinfo)" ] && control=caught
	score A5 "read-only and nosuid hold under a hostile /proc"
}

a8() {
	local n said

	running v
	said=$(z exec v -- /inside unmask)
	n=$(sed -n 's/^tries //p' <<<"$said")
	cases=${n:-0} blocked=$((${n:-0} - $(grep -c '^HIT' <<<"$said")))
	grep '^HIT' <<<"$said" | sed 's/^/# /'
	[ "${n:-0}" -ge 40 ] || attempt "only ${n:-0} tries" 1
	# Nothing of what the masks cover is seen after all that.
	try "masks still cover" test "$(z exec v -- stat -c %t:%T /proc/keys)" = 1:3
	z destroy -q --force -y v
	mkdir -p "$box/bare"
	mount -t tmpfs -o ro,nosuid,size=4k control "$box/bare"
	hit unshare -m "$inside" unmask "$box/bare" && control=caught
	umount "$box/bare"
	score A8 "no mount is taken off or loosened from inside"
}

mounts_here() {
	wc -l </proc/self/mountinfo
}

# Mounts come and go, and every one of them goes on to whoever is still a peer.
churn() {
	while :; do
		for i in 1 2 3 4 5 6 7 8 9; do mount -t tmpfs -o size=4k churn "$box/churn/$i"; done
		for i in 1 2 3 4 5 6 7 8 9; do umount "$box/churn/$i"; done
	done 2>/dev/null
}

a6() {
	local before after churner i

	mkdir -p "$box"/churn/{1,2,3,4,5,6,7,8,9}
	installed v && arm v
	mount --make-rshared /
	before=$(mounts_here)
	churn &
	churner=$!
	for ((i = 0; i < 60; i++)); do
		z boot -q v && z exec v -- true
		attempt "boot $i" $?
		z halt -q v
	done
	kill "$churner"
	wait "$churner" 2>/dev/null
	umount -q "$box"/churn/* 2>/dev/null
	after=$(mounts_here)
	try "mounts before $before, after $after" test "$before" -eq "$after"
	"$naive" leak-mount "$box/churn/1"
	[ "$(mounts_here)" -ne "$before" ] && control=caught
	umount -q "$box/churn/1"
	mount --make-rprivate /
	z destroy -q --force -y v
	score A6 "no mount reaches the host while its mounts change"
}

a7() {
	running v
	try "as init's child" no_hit z exec v -- /inside escape "$canary/file"
	z set -q v features+=nesting && z halt -q v && z boot -q v
	try "with nesting" no_hit z exec v -- /inside escape "$canary/file"
	try "root is the zone's" test "$(stat -Lc %d:%i "/proc/$(init_of v)/root")" != "$(stat -c %d:%i /)"
	z destroy -q --force -y v
	mkdir -p "$box/jail/tmp" && cp "$inside" "$box/jail/inside"
	hit chroot "$box/jail" /inside escape "$canary/file" && control=caught
	score A7 "chroot twice, bind and rename: the root stays the root"
}

a9() {
	local name where controllers c

	for name in ../x a/../../b .. . -x /x a/b 'a b' "$(printf 'a\nb')" ''; do
		try "create '$name'" refused z create -q -t minimal -- "$name"
	done
	running v
	where=$(groups_of_store /v | grep -c .)
	[ "$where" -ge 1 ]
	attempt "the zone's groups are found ($where)" $?
	try "the tree ends at the zone" no_hit z exec v -- /inside knobs /sys/fs/cgroup/../cgroup.procs \
		/sys/fs/cgroup/cgroup.max.descendants /sys/fs/cgroup/memory.max /sys/fs/cgroup/cgroup.kill/.. \
		/sys/fs/cgroup/../../../sys/fs/cgroup/release_agent
	try "only its own processes are in it" bash -c 'for p in $("$0" exec v -- sh -c "cat /sys/fs/cgroup/cgroup.procs \
		/sys/fs/cgroup/*/cgroup.procs"); do [ "$p" -lt 1000 ] || exit 1; done' "$ZONECTL"
	z exec v -- mkdir -p /tmp/g
	controllers="cgroup2 memory cpu pids devices freezer"
	for c in $controllers; do
		try "a mount of $c gives nothing" no_hit z exec v -- sh -c "
			if [ $c = cgroup2 ]; then mount -t cgroup2 none /tmp/g; else mount -t cgroup -o $c none /tmp/g; fi 2>/dev/null
			/inside knobs /tmp/g/release_agent /tmp/g/notify_on_release /tmp/g/memory.limit_in_bytes \
				/tmp/g/pids.max /tmp/g/cpu.shares /tmp/g/devices.allow /tmp/g/cgroup.max.depth
			umount /tmp/g 2>/dev/null"
	done
	try "no group of the host is the zone's" test -z "$(find /sys/fs/cgroup -maxdepth 3 -path "*zonectl-$id/v" \
		-uid "$(uid_of v)")"
	z destroy -q --force -y v
	hit "$inside" knobs "/sys/fs/cgroup/unified/cgroup.procs" /sys/fs/cgroup/cgroup.procs && control=caught
	score A9 "cgroup names and writes stay inside"
}

store_open
a5
a8
[ "$mode" = quick ] || a6
a7
a9
done_scores
