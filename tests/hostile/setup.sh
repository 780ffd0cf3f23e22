#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# D1, D2 for what setup writes: every file that it may write, look at or read, as everything but what
# it should be. What is claimed of each: create and boot end in time and with a status of zonectl's
# own, the zone runs, and the host is as it was.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbM8pN0bYVY3UExk8CnLrL6yEXYyIl2HUyjAQHpS3vE me@here"
hash='$5$salt$0123456789012345678901234567890123456789012'

files="etc etc/.zonectl-keep etc/conf.d/hostname etc/cron.d/popularity-contest etc/crontab etc/crontabs/root \
	etc/default/locale etc/hostname etc/hosts etc/inittab etc/locale.conf etc/localtime etc/machine-id \
	etc/network/interfaces etc/os-release etc/passwd etc/profile.d/00zonectl-locale.sh etc/rcS.d etc/resolv.conf \
	etc/resolvconf etc/runlevels etc/shadow etc/ssh etc/systemd etc/systemd/system etc/timezone root root/.ssh \
	root/.ssh/authorized_keys usr/lib/locale/locale-archive usr/share/zoneinfo"
shapes="absolute dots dangling loop directory fifo socket huge"
if [ "$mode" = quick ]; then
	files="etc/hosts etc/shadow etc/inittab root/.ssh/authorized_keys" shapes="absolute dots directory fifo huge"
fi

up=../../../../../../../../../../../../../..

# plant TREE PATH SHAPE: in place of what is there.
plant() {
	local at=$1/$2

	rm -rf --one-file-system "$at"
	mkdir -p "${at%/*}"
	case $3 in
	absolute)  ln -s "$canary/file" "$at" ;;
	dots)      ln -s "$up$canary/file" "$at" ;;
	dangling)  ln -s "/nowhere/$RANDOM" "$at" ;;
	loop)      ln -s "${at##*/}" "$at" ;;
	directory) mkdir "$at" && echo x >"$at/inside" ;;
	fifo)      mkfifo "$at" ;;
	socket)    python3 -c 'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[2])' \
			"${at%/*}" "${at##*/}" ;;
	huge)      truncate -s 1T "$at" 2>/dev/null || truncate -s 8T "$at" ;;
	esac
}

pristine() {
	rm -rf --one-file-system "$template"
	cp -a "$box/pristine" "$template"
}

properties=(--timezone Europe/Berlin --locale C.UTF-8 --password-hash "$hash" --ssh-key "$key")

# With a zone that runs; the least time of several, in us, is in least. What it said is in $box/said.
boots() {
	local start=${EPOCHREALTIME/[^0-9]/} status took

	z boot v >"$box/said" 2>&1
	status=$?
	took=$((${EPOCHREALTIME/[^0-9]/} - start))
	[ "$took" -ge "$least" ] || least=$took
	[ "$status" -eq 0 ] || { echo "# boot, status $status: $(<"$box/said")"; return 1; }
	! LC_ALL=C grep -q '[^ -~]' "$box/said" || { echo "# not printable: $(<"$box/said")"; return 1; }
}

# judge WHAT: boots it, halts it, boots it again, and looks at the host. One boot of two may be slow:
# this machine has other things to do.
judge() {
	local status=0 least=99000000

	boots || status=1
	z halt -q v >"$box/said" 2>&1 || status=1
	boots || status=1
	[ "$least" -lt 2000000 ] || { echo "# slow: $least us"; status=1; }
	z destroy -q --force -y v || status=1
	canary_same || status=1
	nothing_left v || status=1
	attempt "$1" "$status"
}

in_template() {
	plant "$template" "$1" "$2"
	canary_take
	if z create -q v -t minimal "${properties[@]}" "${@:3}" >"$box/said" 2>&1; then
		judge "template ${*:3}, $1 is $2"
	else
		attempt "create from a template, $1 is $2: $(<"$box/said")" 1
	fi
	pristine
}

# The zone's own root did it, between two boots.
in_zone() {
	z create -q v -t minimal
	plant "$zones/v/data/upper" "$1" "$2"
	chown -Rh "$(uid_of v)" "$zones/v/data/upper"
	canary_take
	z set -q v timezone=UTC locale=C.UTF-8 "password-hash=$hash" "ssh-key=$key"
	judge "zone, $1 is $2"
	pristine
}

# Follows what it finds, as a tool does that writes below a root by joining strings.
naive_falls() {
	plant "$template" etc/hosts absolute
	canary_take
	"$naive" write "$template" etc/hosts 2>/dev/null
	! canary_same >/dev/null
	local status=$?
	echo precious >"$canary/file"
	touch -d @1000000000 "$canary/file"
	pristine
	return $status
}

d1_setup() {
	for file in $files; do
		for shape in $shapes; do
			in_template "$file" "$shape"
			in_zone "$file" "$shape"
			[ "$mode" = quick ] || in_template "$file" "$shape" --storage copy
		done
	done
	caught naive_falls
	score D1 "files that setup writes, in the template, the zone and a copy"
}

store_open
echo 'ID=debian' >"$template/etc/os-release"	# which has the most files
cp -a "$template" "$box/pristine"
d1_setup
done_scores
