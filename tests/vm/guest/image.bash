# SPDX-License-Identifier: GPL-2.0-or-later
# A zone's disk as an image grows while it runs, and is whole after it.

. /vm/tap.bash

# What df says inside: the size in KiB.
size() {
	zonectl exec web -- df -kP / | awk 'END { print $2 }'
}

whole() {
	zonectl halt web
	within 10 free_again
	e2fsck -fn "$image"
	zonectl boot web
	[ "$(zonectl exec web -- sha256sum /root/kept)" = "$kept" ]
}

free_again() {
	flock -n "$image" true
}

made() {
	zonectl template build minimal
	zonectl create web -t minimal --disk 64M --boot
	says 65536 size
	zonectl exec web -- sh -c 'dd if=/dev/urandom of=/root/kept bs=1M count=20'
}

# grows SIZE KIB: silently, and at once.
grows() {
	says "" zonectl set web "disk=$1"
	says "$2" size
	zonectl exec web -- dd if=/dev/zero of=/root/more bs=1M count="$3" conv=fsync
	zonectl exec web -- rm /root/more
}

# It may be written to meanwhile.
grows_busy() {
	zonectl exec web -- sh -c 'while dd if=/dev/zero of=/root/busy bs=64k count=100; do :; done' 2>/dev/null &
	grows 3G 3145728 100
	zonectl exec web -- sh -c 'kill $(pidof dd); killall sh' || :
	wait
	zonectl exec web -- rm -f /root/busy
}

grows_stopped() {
	zonectl halt web
	zonectl set web disk=4G
	zonectl boot web
	says 4194304 size
}

fills() {
	fails_with 1 "No space" zonectl exec web -- dd if=/dev/zero of=/root/all bs=1M count=100
	zonectl exec web -- rm /root/all
}

shrinks() {
	said=$(zonectl set web disk=64M 2>&1)
	[[ $said == *"applies at the next boot"* ]]
	says 4194304 size
	zonectl halt web
	zonectl boot web
	says 65536 size
	fills
}

gone() {
	zonectl destroy --force -y web
	within 10 sh -c '! losetup -a | grep .'
	says "" ls "$ZONECTL_ROOT/var/lib/zonectl/zones"
}

export ZONECTL_ROOT=/srv/store
mkdir -m 700 "$ZONECTL_ROOT"
image=$ZONECTL_ROOT/var/lib/zonectl/zones/web/disk.img
claim "a zone has an image of its own" made
kept=$(zonectl exec web -- sha256sum /root/kept)
claim "it is full at its size" fills
claim "it grows while the zone runs" grows 128M 131072 80
claim "and is whole" whole
claim "it grows beyond what it was laid out for" grows 2G 2097152 200
claim "and is whole" whole
claim "it grows while it is written to" grows_busy
claim "and is whole" whole
claim "it grows of a stopped zone" grows_stopped
claim "and is whole" whole
claim "it becomes small again at the next boot" shrinks
claim "and is whole" whole
claim "destroy leaves no device" gone
done_claims
