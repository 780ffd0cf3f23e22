# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154	# what lib.bash sets
# Debian 12 with systemd, for scripts that load this after lib.bash. mmdebstrap makes the archive once;
# BENCH_CACHE keeps it.

CACHE=${BENCH_CACHE:-/var/tmp/zonectl-bench-cache}
DEBIAN_PACKAGES=systemd,systemd-sysv,libpam-systemd,dbus,openssh-server,iproute2,iputils-ping,procps,sudo,ca-certificates,netbase,less
debian_tree=

# debian_archive NAME PACKAGES: $CACHE/NAME, which appears under its name when it is complete.
debian_archive() {
	mkdir -p "$CACHE"
	[ ! -e "$CACHE/$1" ] || return 0
	command -v mmdebstrap >/dev/null || die "needs mmdebstrap (bench/setup)"
	outside mmdebstrap --variant=minbase --include="$2" bookworm "$work/made.tar" 2>"$work/mmdebstrap.log" \
		</dev/null || die "mmdebstrap: $(tail -n 1 "$work/mmdebstrap.log")"
	mv "$work/made.tar" "$CACHE/$1"
}

# The template "debian", whose files are in $debian_tree.
debian_open() {
	debian_archive debian-12.tar "$DEBIAN_PACKAGES"
	zonectl template import -q --name debian "$CACHE/debian-12.tar"
	debian_tree=$(find "$store" -path '*/templates/*' -type d -name rootfs -path '*debian*' -print -quit)
	[ -n "$debian_tree" ] || debian_tree=$(realpath "$store/var/lib/zonectl/templates/debian")/rootfs
}
