# SPDX-License-Identifier: GPL-2.0-or-later
# Stores on filesystems with project quotas: a zone gets what disk= and inodes= say, and no more.

. /vm/tap.bash

# The third disk, made anew.
filesystem() {
	case $kind in
	ext4) mke2fs -q -F -t ext4 -O quota,project /dev/nvme0n3 ;;
	xfs) mkfs.xfs -q -f /dev/nvme0n3 ;;
	esac
	mkdir -p "/srv/$kind"
	mount -o prjquota /dev/nvme0n3 "/srv/$kind"
	mkdir -m 700 "$ZONECTL_ROOT"
	zonectl template build minimal
}

# What the kernel counts and allows of a project, in KiB: "USED LIMIT".
project_of() {
	xfs_quota -f -x -c "quota -p -N -b -v $1" "/srv/$kind" | tee /dev/stderr | awk '{ print $2, $4 }'
}

base_of() {
	zonectl info "$1" --json | sed -n 's/^ *"uid_base": \([0-9]*\),*$/\1/p'
}

# size PATH: what df shows inside, "TOTAL-KiB INODES".
df_inside() {
	zonectl exec "$1" -- sh -c "df -k $2 | tail -n 1 | awk '{ print \$2 }'; df -i $2 | tail -n 1 | awk '{ print \$2 }'" | xargs
}

fill() {
	zonectl exec "$1" -- dd if=/dev/zero of=/root/big bs=1M count="$2"
}

full() {
	fails_with 1 "$said_full" fill "$1" "$2"
}

limited() {
	zonectl create web -t minimal --disk 64M --inodes 2000 --storage "$1"
	zonectl create other -t minimal --disk 64M --storage "$1"
	zonectl boot web other
	says "65536 2000" df_inside web /
	full web 100
	fill other 40
	says "$((1024 * 64))" sh -c "echo $(project_of "$(base_of web)" | cut -d' ' -f2)"
	zonectl exec web -- rm /root/big
	fill web 40
}

inodes() {
	fails_with 1 "$said_full" zonectl exec web -- sh -c \
		'mkdir /root/many && cd /root/many && i=0 && while [ $i -lt 2100 ]; do : >$i || exit 1; i=$((i + 1)); done'
	zonectl exec web -- rm -r /root/many
	zonectl exec other -- touch /root/one
}

live() {
	zonectl set web disk=128M inodes=
	says 131072 sh -c "echo $(df_inside web / | cut -d' ' -f1)"
	fill web 100
	fails_with 7 "in use" zonectl set web disk=64M
	fill web 20
	zonectl set web disk=64M
	full web 100
	zonectl set web disk=
	fill web 100
	zonectl exec web -- rm /root/big
}

bound() {
	zonectl exec web -- sh -c 'cat >/root/leave && chmod 755 /root/leave' </vm/leave
	zonectl exec web -- mkdir /root/try
	zonectl exec web -- /root/leave /root/try
	zonectl exec web -- rm -r /root/try /root/leave
}

whiteouts() {
	zonectl exec web -- sh -c 'rm /etc/passwd- /bin/ls; echo new >/bin/ls; mv /bin/ls /bin/ls2; ln -s x /root/l; mv /root/l /root/m'
}

removed() {
	local base
	base=$(base_of web)
	zonectl destroy --force -y web other
	# XFS knows nothing at all of the project then.
	[ "$(project_of "$base")" = "$rest" ]
}

# Both roots of a zone have its limit, each for itself.
reinstalled() {
	local base
	zonectl create web -t minimal --disk 64M --storage "$1" --boot
	fill web 40
	zonectl exec web -- sh -c 'mkdir /srv/keep && echo kept >/srv/keep/it'
	zonectl halt web
	base=$(base_of web)
	zonectl reinstall web --keep /srv/keep
	zonectl boot web
	says "kept" zonectl exec web -- cat /srv/keep/it
	says 65536 sh -c "echo $(df_inside web / | cut -d' ' -f1)"
	fill web 50
	full web 100
	zonectl halt web
	zonectl reinstall web --back
	zonectl boot web
	says 40 zonectl exec web -- sh -c 'echo $(($(stat -c %s /root/big) >> 20))'
	full web 100
	says "" zonectl verify web web.old
	zonectl destroy --force -y web web.old
	[ "$(project_of "$base")" = "$rest" ]
	[ "$(project_of "$((base + 1))")" = "$rest" ]
}

# A store that was there before its quotas.
adopted() {
	within 10 umount "/srv/$kind"	# the last of a zone's mounts goes a moment after the zone
	mount /dev/nvme0n3 "/srv/$kind"
	zonectl create old -t minimal
	zonectl boot old
	zonectl exec old -- sh -c 'ln -s target /root/link; mkfifo /root/fifo; rm /bin/ls; echo text >/root/text; chown 7:8 /root/text'
	zonectl halt old
	within 10 umount "/srv/$kind"
	mount -o prjquota /dev/nvme0n3 "/srv/$kind"
	zonectl set old disk=64M
	zonectl boot old
	says "65536" sh -c "echo $(df_inside old / | cut -d' ' -f1)"
	zonectl exec old -- sh -c 'mv /root/link /root/link2; mv /root/fifo /root/fifo2; echo new >/bin/ls; mv /root/text /root/text2'
	says "target 7:8 text" zonectl exec old -- sh -c 'echo $(readlink /root/link2) $(stat -c %u:%g /root/text2) $(cat /root/text2)'
	full old 100
}

# Switched off again, the limit holds in another way.
switched_off() {
	zonectl exec old -- rm /root/big
	zonectl halt old
	within 10 umount "/srv/$kind"
	mount /dev/nvme0n3 "/srv/$kind"
	zonectl boot old
	says "target" zonectl exec old -- readlink /root/link2
	fails_with 1 "No space" fill old 100
	zonectl destroy --force -y old
	says "" ls "$ZONECTL_ROOT/var/lib/zonectl/zones"
}

# Another store on the same filesystem has zones with the same uids.
strangers() {
	local base
	zonectl create web -t minimal --disk 64M --boot
	base=$(base_of web)
	fill web 40
	(
		export ZONECTL_ROOT=/srv/$kind/store2
		mkdir -p "$ZONECTL_ROOT/etc/zonectl"
		chmod 700 "$ZONECTL_ROOT"
		echo "{\"uid-range\": {\"start\": $base, \"count\": 65536}}" >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
		zonectl template build minimal
		zonectl create web -t minimal --disk 64M --boot
		says "$base" base_of web
		fill web 40
		fails_with 1 "No space" fill web 80
		zonectl destroy --force -y web
	)
	zonectl exec web -- sh -c 'rm /root/big; echo ok >/root/ok'
	zonectl destroy --force -y web
}

kind=ext4 said_full="quota exceeded" rest="0 0"
export ZONECTL_ROOT=/srv/ext4/store
claim "a store on ext4 with project quotas" filesystem
claim "ext4: a zone's files are limited, its neighbour's are not; df shows it" limited overlay
claim "ext4: so are their number" inodes
claim "ext4: the limit changes live, both ways" live
claim "ext4: whiteouts and renames work" whiteouts
claim "ext4: the zone's root cannot leave its project" bound
claim "ext4: destroy leaves no quota" removed
claim "ext4: storage=copy is limited too" limited copy
claim "ext4: nor can it leave with storage=copy" bound
claim "ext4: destroy of that leaves no quota" removed
claim "ext4: a reinstalled zone has its limit, and the root of before too" reinstalled overlay
claim "ext4: likewise with storage=copy" reinstalled copy
claim "ext4: another store's zones with the same uids have limits of their own" strangers
claim "ext4: a zone of before the quotas gets a limit" adopted
claim "ext4: with quotas switched off it keeps its limit" switched_off
within 10 umount /srv/ext4
kind=xfs said_full="No space" rest=""
export ZONECTL_ROOT=/srv/xfs/store
claim "a store on XFS with project quotas" filesystem
claim "XFS: a zone's files are limited, its neighbour's are not; df shows it" limited overlay
claim "XFS: so are their number" inodes
claim "XFS: the limit changes live, both ways" live
claim "XFS: whiteouts and renames work" whiteouts
claim "XFS: the zone's root cannot leave its project" bound
claim "XFS: destroy leaves no quota" removed
claim "XFS: storage=copy is limited too" limited copy
claim "XFS: destroy of that leaves no quota" removed
claim "XFS: a reinstalled zone has its limit, and the root of before too" reinstalled overlay
claim "XFS: a zone of before the quotas gets a limit" adopted
claim "XFS: with quotas switched off it keeps its limit" switched_off
done_claims
