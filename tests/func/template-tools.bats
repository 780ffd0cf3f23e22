#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template import: images that umoci and skopeo made, and trees that they make of them

load ../lib/zone

# An image of two layers: Alpine, and a change of everything that a layer can change.
setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	command -v umoci >/dev/null && command -v skopeo >/dev/null || { echo "needs umoci and skopeo"; return 1; }
	cd "$BATS_FILE_TMPDIR" || return
	{
		umoci init --layout layout
		umoci new --image layout:tiny
		umoci unpack --image layout:tiny one
		tar -C one/rootfs -xf "$ZONE_SRCDIR/tests/data/alpine-minirootfs-3.19.4-x86_64.tar.gz"
		umoci repack --image layout:tiny one
		umoci unpack --image layout:tiny two
		change two/rootfs
		umoci repack --image layout:tiny two
		umoci config --image layout:tiny --config.entrypoint /bin/echo --config.cmd hi --config.env A=b \
			--config.workingdir /usr/share --config.user 65534 --config.stopsignal SIGUSR1
		umoci unpack --image layout:tiny three
	} >&2
}

teardown_file() { store_close; }

setup() {
	zone_setup
	cd "$BATS_FILE_TMPDIR" || return
}

change() (
	cd "$1" || exit
	rm -rf etc/apk etc/motd usr/share usr/lib/modules-load.d
	mkdir usr/share
	echo new >usr/share/new
	echo file >usr/lib/modules-load.d
	ln etc/passwd etc/passwd.hard
	ln -sfn /run srv
	setfattr -n user.color -v blue etc/hosts
	chmod 4711 bin/busybox
	chown 12:34 home
	mkfifo tmp/pipe
)

tree_of() {
	(cd "$1" && find . -printf '%p %y %m %U %G %T@ %s %n %l\n' | sort)
}

rootfs_of() {
	echo "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects/$(zonectl template info "$1" --json | json "d['digest']")/rootfs"
}

@test "the tree of an image is the one that umoci makes of it" {
	exits 0 zonectl template import layout --name tiny
	diff <(tree_of three/rootfs | grep -v '^\. ') <(tree_of "$(rootfs_of tiny)" | grep -v '^\. ')
	(cd three/rootfs && find . -type f -exec sha256sum {} +) | (cd "$(rootfs_of tiny)" && sha256sum -c --quiet)
	prints blue getfattr --absolute-names --only-values -n user.color "$(rootfs_of tiny)/etc/hosts"
}

@test "it is the same image in every form that skopeo writes" {
	exits 0 zonectl template import layout --name tiny
	want=$(zonectl template info tiny --json | json "d['digest']")
	skopeo copy -q oci:layout:tiny docker-archive:docker.tar:lib/tiny:1
	skopeo copy -q oci:layout:tiny oci-archive:oci.tar:tiny
	skopeo copy -q --dest-compress-format zstd --dest-compress --format oci oci:layout:tiny oci:zstd:tiny
	for it in docker.tar oci.tar zstd; do
		exits 0 zonectl template import "$it" --name other
		[ "$(zonectl template info other --json | json "d['digest']")" = "$want" ] || { echo "$it differs"; return 1; }
	done
	run --separate-stderr zonectl template import docker.tar
	[[ $output == tiny-1\ * ]]
}

@test "what umoci was told to run is what runs" {
	exits 0 zonectl template import layout --name tiny
	prints hi zonectl run -t tiny --rm
	prints "0 /usr/share b" zonectl run -t tiny --rm -- sh -c 'echo $(id -u) $(pwd) $A'
}
