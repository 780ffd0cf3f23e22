#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an image, a container's root and a shared volume try against zone-oci: A, B, J and K, without a
# user namespace, which is the lower of the two tiers.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
# shellcheck source=tests/hostile/oci.bash
. "$(dirname "${BASH_SOURCE[0]}")/oci.bash"

rounds=100 shapes="absolute dots dangling loop file fifo socket"
[ "$mode" = quick ] && rounds=10 shapes="absolute dots loop fifo"

#
# A: the root filesystem and what is mounted in it
#

# What the container says of itself when it came up in spite of all.
SOUND='[ "$(stat -f -c %T /proc)" = proc ] && [ "$(stat -f -c %T /sys)" = sysfs ] && [ "$(stat -c %t:%T /dev/null)" = 1:3 ]'

# survive WHAT LINE...: one hostile image; it is refused, or is sound, and the host is as it was.
survive() {
	local what=$1 status=0
	shift

	canary_take
	config "sh('''$SOUND || exit 99''')" "$@"
	oci run -b "$bundle" h </dev/null >"$box/said" 2>&1
	case $? in
	0|1) ;;
	*) echo "# $(tail -n 2 "$box/said")"; status=1 ;;
	esac
	canary_same || status=1
	oci_nothing_left || status=1
	attempt "$what" "$status"
	image_new
}

plain_dev() {
	echo "c['mounts'] = [m for m in c['mounts'] if m['destination'] != '/dev']"
}

volume() {
	echo "c['mounts'] += [{'destination': '$1', 'type': 'bind', 'source': '$2', 'options': ['rbind']}]"
}

a1() {
	local path shape

	mkdir -p "$box/host" && echo host >"$box/host/file"
	for shape in $shapes; do
		for path in proc sys dev sys/fs/cgroup; do
			plant "$rootfs" "$path" "$shape" "$canary/dir"
			survive "$path is $shape"
		done
		for path in dev dev/pts dev/shm dev/ptmx dev/null dev/tty dev/fd dev/stdin; do
			plant "$rootfs" "$path" "$shape" "$(target_of "$path")"
			survive "$path is $shape, no tmpfs on /dev" "$(plain_dev)"
		done
		plant "$rootfs" in "$shape" "$canary/dir"
		survive "below a bind target, $shape" "$(volume /in/deep/er "$box/host")"
		plant "$rootfs" in "$shape" "$canary/file"
		survive "a bind target of a file, $shape" "$(volume /in "$box/host/file")"
		plant "$rootfs" in "$shape" "$canary/dir"
		survive "below a device, $shape" "l['devices'] = [{'path': '/in/node', 'type': 'c', 'major': 1, 'minor': 5}]"
		plant "$rootfs" in "$shape" "$canary/dir"
		survive "masked and read-only, $shape" "l['maskedPaths'] += ['/in', '/in/sub']" "l['readonlyPaths'] += ['/in/sub', '/in']"
		plant "$rootfs" in "$shape" "$canary/dir"
		survive "working directory, $shape" "p['cwd'] = '/in/new'"
	done
	plant "$rootfs" dev absolute "$canary/dir"
	canary_take
	"$naive" mount "$rootfs" dev
	canary_same >/dev/null || control=caught
	umount -q "$canary/dir"
	image_new
	score A1 "names of an image lead no mount, node, mask or directory out of it"
}

# race WHAT DIR NAME LINE...: this name and a link to the host's change places while containers start.
race() {
	local what=$1 dir=$2 name=$3 i status up=0
	shift 3

	mkdir -p "$dir/$name"
	ln -sfn "$canary/dir" "$dir/$name.link"
	config "p['args'] = ['true']" "$@"
	canary_take
	swap_start "$dir" "$name" "$name.link"
	for ((i = 0; i < rounds; i++)); do
		oci run -b "$bundle" race </dev/null >"$box/said" 2>&1
		status=$?
		[ "$status" -ne 0 ] || up=$((up + 1))
		[ "$status" -le 1 ]
		attempt "$what $i: $status $(<"$box/said")" $?
	done
	swap_stop "$what ($up of $rounds came up)"
	try "$what: canary" canary_same
	try "$what: nothing left" oci_nothing_left
	image_new
}

# It looks before it mounts, and falls all the same.
naive_loses() {
	local lost=1

	mkdir -p "$box/tree/dev"
	ln -s "$canary/dir" "$box/tree/link"
	canary_take
	swap_start "$box/tree" dev link
	"$naive" mount-checked "$box/tree" dev 3000
	kill "$swapper"
	wait "$swapper"
	canary_same >/dev/null || lost=0
	while umount -q "$canary/dir"; do :; done 2>/dev/null
	while umount -q "$box/tree/dev" || umount -q "$box/tree/link"; do :; done 2>/dev/null
	rm -rf --one-file-system "$box/tree"
	return $lost
}

a2() {
	local vol=$box/vol

	mkdir -p "$vol"
	race "/proc" "$rootfs" proc
	race "/dev without a mount" "$rootfs" dev "$(plain_dev)"
	# Another container's root has the volume too (CVE-2021-30465).
	race "a mount in a shared volume" "$vol" d "$(volume /vol "$vol")" \
		"c['mounts'] += [{'destination': '/vol/d', 'type': 'tmpfs', 'source': 'tmpfs'}]"
	race "a file bound in a shared volume" "$vol" d "$(volume /vol "$vol")" "$(volume /vol/d/made/it "$box/host/file")"
	race "a mask in a shared volume" "$vol" d "$(volume /vol "$vol")" "l['maskedPaths'] += ['/vol/d']" \
		"l['readonlyPaths'] += ['/vol/d/sub', '/vol/d']"
	race "a device in a shared volume" "$vol" d "$(volume /vol "$vol")" \
		"l['devices'] = [{'path': '/vol/d/node', 'type': 'c', 'major': 1, 'minor': 5}]"
	caught naive_loses
	score A2 "names that change places while containers start"
}

KNOBS="/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /proc/sys/vm/drop_caches"

a3() {
	local link

	for link in /proc/sys/kernel/core_pattern /proc/sysrq-trigger "$canary/file"; do
		rm -rf "$rootfs/dev/null" && mkdir -p "$rootfs/dev" && ln -s "$link" "$rootfs/dev/null"
		cp "$inside" "$rootfs/inside"
		config "$(plain_dev)" "l['maskedPaths'] = ['/proc/kcore', '/proc/timer_list', '/proc/keys']" "p['args'] = ['/inside', 'knobs'] + '$KNOBS'.split()"
		canary_take
		oci run -b "$bundle" m </dev/null >"$box/said" 2>&1
		[ $? -le 1 ] && ! grep HIT "$box/said"
		attempt "/dev/null leads to $link: $(head -n 1 "$box/said")" $?
		try "canary" canary_same
		config "$(plain_dev)" "sh('''for f in /proc/kcore /proc/timer_list /proc/keys; do [ ! -e \$f ] || stat -c %t:%T \$f; done''')"
		oci run -b "$bundle" m </dev/null >"$box/said" 2>&1
		status=$?
		[ "$status" -ne 0 ] || ! grep -vx 1:3 "$box/said"
		attempt "masks are null with /dev/null to $link" $?
		image_new
	done
	config "p['args'] = ['/inside', 'knobs'] + '$KNOBS'.split()" "c['mounts'][0]['options'] = []"
	try "no knob opens for writing" no_hit oci run -b "$bundle" m
	# Without what config.json asks for, they do.
	config "p['args'] = ['/inside', 'knobs'] + '$KNOBS'.split()" "l['readonlyPaths'] = []" "l['maskedPaths'] = []"
	hit oci run -b "$bundle" m && control=caught
	score A3 "masks are the host's own null, whatever the image's is"
}

# What is set is so by the host's word, and the files that the image shows in their place are untouched.
a4() {
	local pid fake=$box/fake

	rm -rf "$rootfs/proc" && mkdir -p "$rootfs/proc/self/attr" "$rootfs/proc/sys/net/ipv4" "$rootfs/proc/thread-self/attr"
	for f in self/attr/exec self/attr/current self/oom_score_adj self/uid_map sys/net/ipv4/ip_default_ttl thread-self/attr/exec; do
		echo fake >"$rootfs/proc/$f"
	done
	cp -a "$rootfs/proc" "$fake"
	config "sleeps()" "l['sysctl'] = {'net.ipv4.ip_default_ttl': '77'}" "p['oomScoreAdj'] = 555"
	oci run -d -b "$bundle" f </dev/null >/dev/null 2>"$box/said"
	attempt "it starts: $(<"$box/said")" $?
	pid=$(oci state f | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
	try "oomScoreAdj" test "$(cat "/proc/$pid/oom_score_adj")" = 555
	try "sysctl" test "$(nsenter -t "$pid" -n cat /proc/sys/net/ipv4/ip_default_ttl)" = 77
	try "exec" oci exec f true
	oci delete -f f
	try "fakes" diff -r "$fake" "$rootfs/proc"
	config "p['args'] = ['true']" "l['sysctl'] = {'kernel.core_pattern': '|/x'}"
	canary_take
	! oci run -b "$bundle" f </dev/null >/dev/null 2>&1
	attempt "a sysctl that is the host's is refused" $?
	try "canary" canary_same
	"$naive" write "$rootfs" proc/self/oom_score_adj && ! diff -r "$fake" "$rootfs/proc" >/dev/null && control=caught
	image_new
	score A4 "what is written to proc goes to the host's own"
}

a7() {
	local caps="p['capabilities'] = {k: ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT', 'CAP_DAC_OVERRIDE', 'CAP_MKNOD'] for k in ('bounding', 'permitted', 'effective')}"

	config "p['args'] = ['/inside', 'escape', '$canary/file']" "$caps"
	mkdir -p "$rootfs/tmp"
	try "chroot twice, bind and rename" no_hit oci run -b "$bundle" e
	try "without pivot_root" no_hit oci run --no-pivot -b "$bundle" e
	config "sh('''ls /proc/1/root/..$canary/file /..$canary/file && echo HIT; echo done''')"
	try "dots" no_hit oci run -b "$bundle" e
	mkdir -p "$box/chroot$canary/tmp" "$box/chroot/tmp" && cp "$inside" "$box/chroot/inside"
	hit chroot "$box/chroot" /inside escape "$canary/file" && control=caught
	score A7 "chroot twice, bind and rename: the root stays the root"
}

a9() {
	local path

	for path in ../x /a/../../b "zonectl-$id/../../x" .. /.. a/../b; do
		config "p['args'] = ['true']" "l['cgroupsPath'] = '$path'"
		! oci run -b "$bundle" g </dev/null >/dev/null 2>"$box/said"
		attempt "cgroupsPath $path" $?
	done
	config "sh('''find /sys/fs/cgroup -name \"zonectl-*\" | sed s/^/HIT.see./; cat /proc/self/cgroup | grep zonectl | sed s/^/HIT./; echo done''')" \
		"c['mounts'] += [{'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': ['rw']}]"
	mkdir -p /sys/fs/cgroup/pids/zonectl-"$id"/other 2>/dev/null
	try "only its own groups are seen" no_hit oci run -b "$bundle" g
	config "p['args'] = ['true']" "c['annotations'] = {'run.oci.delegate-cgroup': '../../x', 'run.oci.hooks.stdout': '$canary/file', 'run.oci.handler': '/bin/sh', 'org.criu.config': '$canary/file', 'run.oci.systemd.subgroup': '..'}"
	canary_take
	oci run -b "$bundle" g </dev/null >/dev/null 2>&1
	try "annotations name nothing on the host" canary_same
	[ -n "$(find /sys/fs/cgroup -name "zonectl-$id" -print -quit)" ] && control=caught
	rmdir /sys/fs/cgroup/pids/zonectl-"$id"/other 2>/dev/null
	score A9 "cgroup paths stay inside, annotations are data"
}

# A node of the image, and one that its root makes, of a disk and of the host's memory.
devices() {
	local disk what

	disk=$(find /dev -type b -printf '%p\n' -quit)
	for what in image made; do
		image_new
		if [ "$what" = image ]; then
			mknod "$rootfs/mem" c 1 1
			mknod "$rootfs/disk" b "$((0x$(stat -c %t "$disk")))" "$((0x$(stat -c %T "$disk")))"
		fi
		for rules in "l['resources'] = {'devices': [{'allow': False, 'access': 'rwm'}]}" "l.pop('resources', None)"; do
			config "caps('CAP_MKNOD', 'CAP_DAC_OVERRIDE')" "$rules" "sh('''cd /
				[ -e mem ] || { mknod mem c 1 1; mknod disk b $((0x$(stat -c %t "$disk"))) $((0x$(stat -c %T "$disk"))); } 2>/dev/null
				for f in mem disk; do
					(: <\$f) 2>/dev/null && echo HIT \$f reads; (: >>\$f) 2>/dev/null && echo HIT \$f writes
				done; echo done''')"
			try "$what, ${rules%% *}" no_hit oci run -b "$bundle" d
		done
	done
	image_new
	mknod "$box/disk" b "$((0x$(stat -c %t "$disk")))" "$((0x$(stat -c %T "$disk")))"
	(: <"$box/disk") && control=caught
	score D "device nodes of an image, or made inside, open nothing"
}

store_open
oci_open
a1
a2
a3
a4
a7
a9
devices
done_scores
