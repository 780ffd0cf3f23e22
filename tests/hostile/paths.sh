#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A1, A3, A4, A10, D1: a root filesystem whose names are not what they seem.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

paths="dev proc sys run tmp etc dev/null dev/console dev/pts dev/shm dev/ptmx sys/fs/cgroup"
shapes="absolute dots dangling loop file fifo socket mount"
files="resolv.conf hosts hostname passwd shadow machine-id fstab localtime timezone network/interfaces"

if [ "$mode" = quick ]; then
	paths="dev proc dev/null sys/fs/cgroup" shapes="absolute dots loop fifo" files="hostname passwd"
fi

target_of() {
	case $1 in
	dev/null|dev/console|dev/ptmx|etc/*) echo "$canary/file" ;;
	*)                                   echo "$canary/dir" ;;
	esac
}

pristine() {
	umount -q "$template/$1" 2>/dev/null
	rm -rf --one-file-system "$template"
	cp -a "$box/pristine" "$template"
}

# What stands in a zone that came up in spite of it all is what belongs there.
is_sound() {
	# Users are looked up first; a passwd that is no file is refused, and that is right.
	[[ "$(z exec "$1" -- true 2>&1)" != *"/etc/passwd'"* ]] || return 0
	[ "$(z exec "$1" -- stat -f -c %T /proc /sys /dev /dev/pts 2>/dev/null | tr '\n' ' ')" = "proc sysfs tmpfs devpts " ] ||
		return
	[ "$(z exec "$1" -- stat -c %t:%T /dev/null 2>/dev/null)" = 1:3 ]
}

# One hostile tree: whatever create and boot do, the host is as it was.
survive() {
	local what=$1 status=0 booted

	z create -q v -t minimal "${@:2}" >"$box/said" 2>&1
	sane $? || { echo "# create: $(<"$box/said")"; status=1; }
	if [ -d "$zones/v" ]; then
		z boot -q v >"$box/said" 2>&1
		booted=$?
		sane "$booted" || { echo "# boot: $(<"$box/said")"; status=1; }
		[ "$booted" -ne 0 ] || [ ! -e "$template/bin/busybox" ] || is_sound v ||
			{ echo "# not sound: $(z exec v -- stat -f -c '%n %T' /proc /sys /dev /dev/pts 2>&1)"; status=1; }
		[ "$booted" -ne 0 ] || z set -q v hostname=other >/dev/null 2>&1 || :
		z destroy -q --force -y v || status=1
	fi
	canary_same || status=1
	nothing_left v || status=1
	attempt "$what" "$status"
}

in_template() {
	local path=$1 shape=$2

	plant "$template" "$path" "$shape" "$(target_of "$path")"
	canary_take
	survive "template, $path is $shape" "${@:3}"
	pristine "$path"
}

# The zone's own root changed its files: that is a hostile upper layer, or a hostile copy.
in_zone() {
	local path=$1 shape=$2 status=0 tree=upper

	[ "$3" = overlay ] || tree=root
	z create -q v -t minimal --storage "$3" || status=1
	plant "$zones/v/data/$tree" "$path" "$shape" "$(target_of "$path")"
	canary_take
	z boot -q v >"$box/said" 2>&1
	case $? in
	0) is_sound v || { echo "# not sound"; status=1; } ;;
	*) sane $? || status=1 ;;
	esac
	z halt -q v >/dev/null 2>&1
	canary_same || status=1
	umount -q "$zones/v/data/$tree/$path" 2>/dev/null
	z destroy -q --force -y v || status=1
	nothing_left v || status=1
	attempt "$3, $path is $shape" "$status"
}

naive_falls() {
	plant "$template" "$1" "$2" "$(target_of "$1")"
	canary_take
	"$naive" "${@:3}" "$template" "$1" 2>/dev/null
	! canary_same >/dev/null
	local status=$?
	umount -q "$canary/dir" "$canary/file" 2>/dev/null
	echo precious >"$canary/file"
	touch -d @1000000000 "$canary/file"
	pristine "$1"
	return $status
}

a1() {
	for path in $paths; do
		for shape in $shapes; do
			in_template "$path" "$shape"
			in_zone "$path" "$shape" overlay
			[ "$mode" = quick ] || in_zone "$path" "$shape" copy
		done
	done
	caught naive_falls dev dots mount
	score A1 "every path and shape, in the template, the upper layer and a copy"
}

d1() {
	for file in $files; do
		for shape in $shapes; do
			in_template "etc/$file" "$shape" --timezone Europe/Berlin
			[ "$mode" = quick ] || in_template "etc/$file" "$shape" --timezone Europe/Berlin --storage copy
		done
	done
	caught naive_falls etc/hostname absolute write
	score D1 "files of /etc that lead elsewhere, through create, boot and set"
}

masked_files="kcore keys key-users timer_list interrupts kallsyms iomem config.gz"
masked_dirs="/proc/acpi /proc/scsi /sys/firmware /sys/kernel/slab /sys/kernel/debug /sys/kernel/tracing \
	/sys/kernel/security /sys/fs/bpf /sys/power"
knobs="/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /proc/sys/vm/drop_caches \
	/proc/sys/kernel/panic /proc/sys/kernel/sysrq /sys/power/state /sys/kernel/uevent_helper /proc/sys/fs/file-max"

# unmasked WHERE: lists what is seen there that should be hidden; WHERE runs a command.
unmasked() {
	local f

	for f in $masked_files; do
		"$@" test -e "/proc/$f" || continue
		[ "$("$@" stat -c %t:%T "/proc/$f")" = 1:3 ] || echo "/proc/$f"
	done
	for f in $masked_dirs; do
		"$@" test -d "$f" || continue
		[ -z "$("$@" ls -A "$f")" ] || echo "$f"
		"$@" grep -q " $f " /proc/self/mountinfo || echo "$f"
	done
}

a3() {
	local target hidden

	for target in /proc/sys/kernel/core_pattern /dev/pts/0 /proc/self/fd/0; do
		rm -rf "$template/dev/null"
		ln -s "$target" "$template/dev/null"
		running v || attempt "boot with /dev/null -> $target" 1
		hidden=$(unmasked z exec v --)
		[ -z "$hidden" ]
		attempt "masks with /dev/null -> $target: $hidden" $?
		# shellcheck disable=SC2086	# a list of files
		try "knobs with /dev/null -> $target" no_hit z exec v -- /inside knobs $knobs
		z destroy -q --force -y v
		pristine dev/null
	done
	# shellcheck disable=SC2086
	{ [ -n "$(unmasked env)" ] && hit "$inside" knobs $knobs; } && control=caught
	score A3 "masks are null or empty, no knob opens for writing"
}

# confined PID: by the host's own proc, what policy asks for is in force.
confined() {
	local status=/proc/$1/status

	grep -q '^Seccomp:	2$' "$status" && ! grep -q '^CapBnd:	000001ff' "$status" &&
		[ "$(awk '{ print ($2 >= 65536 && $3 == 65536) }' "/proc/$1/uid_map")" = 1 ] &&
		[ "$(awk '{ print ($2 >= 65536 && $3 == 65536) }' "/proc/$1/gid_map")" = 1 ]
}

a4() {
	local shape pid

	for shape in absolute fakes; do
		rm -rf "$template/proc"
		if [ "$shape" = absolute ]; then
			ln -s "$canary/dir" "$template/proc"
		else
			mkdir -p "$template/proc/self/attr" "$template/proc/1"
			for f in status uid_map gid_map setgroups attr/current oom_score_adj; do
				ln -s /dev/null "$template/proc/self/$f" 2>/dev/null
			done
		fi
		canary_take
		installed v
		if z boot -q v 2>/dev/null; then
			z exec v -- sleep 100 &
			wait_for 5 pgrep -x sleep >/dev/null
			for pid in $(init_of v) $(pgrep -x sleep); do
				try "proc is $shape, process $pid" confined "$pid"
			done
			kill %% && wait %% 2>/dev/null
		else
			attempt "proc is $shape, refused" 0
		fi
		try "canary, proc is $shape" canary_same
		z destroy -q --force -y v
		pristine proc
	done
	confined $$ || control=caught
	score A4 "what is set is in force by the host's own proc"
}

a10() {
	local tar=$box/a10.tar stage=$box/a10

	mkdir -p "$stage"
	cp -a "$box/pristine/." "$stage"
	printf '{"name":"owned","hostname":"owned","uid-base":0}' >"$stage/zone.json"
	printf '{"name":"owned","digest":"owned"}' >"$stage/template.json"
	ln -s "$canary/dir" "$stage/rootfs"
	ln -s "$canary/dir" "$stage/templates"
	ln -s "$canary/dir" "$stage/data"
	truncate -s 5G "$stage/backup.yaml"
	tar -C "$stage" --numeric-owner -Scf "$tar" .
	canary_take
	LIMIT=60 z template import -q "$tar" --name beside >"$box/said" 2>&1
	sane $?
	attempt "import: $(<"$box/said")" $?
	if z create -q v -t beside 2>/dev/null && z boot -q v; then
		try "hostname is ours" test "$(z exec v -- hostname)" = v
		try "uids are ours" test "$(uid_of v)" -ge 65536
		try "no name of the image is the zone's" \
			test "$(z info v --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["name"])')" = v
	fi
	try "template's word is ours" bash -c '! "$ZONECTL" template info beside --json 2>/dev/null | grep -q owned'
	z destroy -q --force -y v 2>/dev/null
	try "canary" canary_same
	grep -q owned <("$naive" read "$stage" zone.json) && control=caught
	rm -rf "$stage" "$tar"
	score A10 "an image cannot bring metadata of its own"
}

store_open
cp -a "$template" "$box/pristine"
a1
d1
a3
if [ "$mode" != quick ]; then
	a4
	a10
fi
done_scores
