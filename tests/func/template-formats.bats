#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl template import: every format that people have
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	cd "$BATS_FILE_TMPDIR" || return
	images flat flat
}

teardown_file() { store_close; }

setup() {
	zone_setup
	cd "$BATS_FILE_TMPDIR" || return
	objects >"$BATS_TEST_TMPDIR/before"
}

# images NAME FILE: writes an image of tests/lib/images.py.
images() {
	python3 "$ZONE_SRCDIR/tests/lib/images.py" "$@"
}

# image NAME [OTHER]: writes it to a file of its name, once.
image() {
	[ -e "$1" ] || images "$1" "$@"
}

objects() {
	find "$ZONECTL_ROOT/var/lib/zonectl/templates" -maxdepth 2 | sort
}

# imported NAME FILE...: takes it in and says its digest.
imported() {
	run --separate-stderr zonectl template import "${@:2}" --name "$1"
	[ "$status" -eq 0 ] || { echo "$*: $stderr" >&2; return 1; }
	zonectl template info "$1" --json | json "d['digest']"
}

# same_as_flat FILE...: it is the tree of the plain archive.
same_as_flat() {
	[ "$(imported one "$@")" = "$(imported flat flat)" ]
}

# refused STATUS WORDS FILE...: with these words, nothing stored and nothing left.
refused() {
	run --separate-stderr zonectl template import "${@:3}" --name refused
	[ "$status" -eq "$1" ] || { echo "status $status, want $1: $stderr"; return 1; }
	[[ $stderr == "zonectl: "*"$2"* ]] || { printf '%s\n' "no '$2' in:" "$stderr"; return 1; }
	[[ $stderr != *[![:print:][:space:]]* ]] || { echo "unprintable: $stderr"; return 1; }
	[ -z "$output" ]
	objects | diff "$BATS_TEST_TMPDIR/before" -
}

rootfs_of() {
	echo "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects/$(zonectl template info "$1" --json | json "d['digest']")/rootfs"
}

# merged NAME: its tree is what the layers make.
merged() {
	python3 - "$ZONE_SRCDIR/tests/lib" "$(rootfs_of "$1")" <<-'END'
		import os, sys
		sys.path.insert(0, sys.argv[1])
		import images
		wrong = []
		for name, want in images.MERGED.items():
		    path = os.path.join(sys.argv[2], name)
		    got = open(path).read() if os.path.isfile(path) else None if not os.path.lexists(path) else "a directory"
		    if got != want:
		        wrong.append(f"{name}: {got!r}, want {want!r}")
		sys.exit("\n".join(wrong) or 0)
	END
}

@test "a root filesystem is taken with ./ or without, and from below one directory" {
	image flat-without-dots && image strip-one
	same_as_flat strip-one
	# The one that does not describe its root has a root of time 0.
	imported bare flat-without-dots
	diff <(cd "$(rootfs_of bare)" && find . ! -name . -printf '%p %m %U %G %T@ %s %l\n' | sort) \
		<(cd "$(rootfs_of flat)" && find . ! -name . -printf '%p %m %U %G %T@ %s %l\n' | sort)
}

@test "an image of Incus is taken, unified and split, its words are its name" {
	image incus-unified
	same_as_flat incus-unified
	run --separate-stderr zonectl template import incus-unified
	[ "$status" -eq 0 ]
	[[ $output == tiny-seven\ * ]]
	[[ $stderr == *"warning: tiny-seven: templates of the image left out: /etc/strange"* ]]
	[[ $stderr != */etc/hostname* ]]
	image incus-split incus-split.root
	same_as_flat incus-split incus-split.root
}

@test "the fingerprint of an image is that of its file, of a split one of both in their order" {
	image incus-unified && image incus-split incus-split.root
	exits 0 zonectl template import incus-unified --name f --digest "sha256:$(sha256sum <incus-unified | cut -c 1-64)"
	both=$(cat incus-split incus-split.root | sha256sum | cut -c 1-64)
	exits 0 zonectl template import incus-split incus-split.root --name f --digest "sha256:$both"
	# Given the other way round they are still metadata and root filesystem.
	exits 0 zonectl template import incus-split.root incus-split --name f --digest "sha256:$both"
	image incus-split-large-meta incus-split-large-meta.root
	both=$(cat incus-split-large-meta incus-split-large-meta.root | sha256sum | cut -c 1-64)
	exits 0 zonectl template import incus-split-large-meta incus-split-large-meta.root --name f --digest "sha256:$both"
}

@test "metadata of an image may be JSON" {
	image incus-json
	run --separate-stderr zonectl template import incus-json
	[ "$status" -eq 0 ]
	[[ $output == tiny-json\ * ]]
}

@test "the pair of lxc-download is taken in either order" {
	image lxc-pair lxc-pair.root
	same_as_flat lxc-pair lxc-pair.root
	same_as_flat lxc-pair.root lxc-pair
	run --separate-stderr zonectl template import lxc-pair lxc-pair.root
	[ "$status" -eq 0 ]
}

@test "a file called rootfs is named after the system in it" {
	image lxc-pair lxc-pair.root
	mkdir -p pair
	cp lxc-pair pair/meta.tar.xz && cp lxc-pair.root pair/rootfs.tar.xz
	run --separate-stderr zonectl template import pair/rootfs.tar.xz pair/meta.tar.xz
	[ "$status" -eq 0 ]
	[[ $output == tiny-7\ * ]] || { echo "$output"; return 1; }
}

@test "an export of Incus is taken" {
	image incus-export
	same_as_flat incus-export
}

@test "a backup of Proxmox loses its configuration" {
	image vzdump
	same_as_flat vzdump
}

@test "a template of Proxmox is named as it calls itself" {
	cp flat debian-12-standard_12.7-1_amd64.tar.zst
	run --separate-stderr zonectl template import debian-12-standard_12.7-1_amd64.tar.zst
	[ "$status" -eq 0 ]
	[[ $output == debian-12-standard\ * ]]
}

@test "ids that begin at a multiple of 65536 are brought back" {
	image shifted && image shifted-beyond
	same_as_flat shifted
	refused 2 "its owner 393216 is outside 327680..393215" shifted-beyond
}

@test "a directory is taken by copying it" {
	mkdir -p tree && tar -C tree -xf flat
	same_as_flat "$PWD/tree"
	same_as_flat tree
}

@test "a directory with ids of its own is brought back, ACLs too; ids beyond are refused" {
	mkdir -p moved && tar -C moved -xf flat
	setfacl -m u:1005:r moved/etc/passwd
	imported plain moved
	find moved -exec chown -h 327680:327680 {} +
	setfacl -b moved/etc/passwd && setfacl -m u:328685:r moved/etc/passwd
	[ "$(imported back moved)" = "$(imported plain moved)" ]
	[ "$(getfacl -ncp "$(rootfs_of back)/etc/passwd" | grep 1005)" = user:1005:r-- ]
	chown 7 moved/etc/hostname
	objects >"$BATS_TEST_TMPDIR/before"
	refused 2 "'etc/hostname': its owner 7 is outside 327680..393215" moved
}

@test "what is mounted in a directory, and links that lead out of it, are not followed" {
	mkdir -p mounted && tar -C mounted -xf flat
	ln -s "$PWD/outside" mounted/etc/link
	mkdir -p outside && echo "the host's own" >outside/secret
	imported plain mounted
	unshare -m --propagation private sh -e -c '
		mount --bind outside mounted/tmp
		"$0" template import mounted --name with -q' "$ZONECTL"
	[ -z "$(ls -A "$(rootfs_of with)/tmp")" ]
	[ "$(readlink "$(rootfs_of with)/etc/link")" = "$PWD/outside" ]
	not grep -r "the host's own" "$(rootfs_of with)"
}

@test "the directory that holds the store is refused" {
	refused 2 "the template store is in this directory" "$ZONECTL_ROOT/var"
}

@test "a squashfs image is taken, alone, from a pipe, and as half of an image" {
	command -v mksquashfs >/dev/null || { echo "needs mksquashfs"; return 1; }
	rm -rf squash && mkdir squash && tar -C squash -xf flat
	for comp in gzip xz zstd lz4; do
		mksquashfs squash "$comp.squashfs" -comp "$comp" -quiet -noappend -no-progress >/dev/null
		same_as_flat "$comp.squashfs"
	done
	zonectl template import - --name piped -q --digest "sha256:$(sha256sum <xz.squashfs | cut -c 1-64)" <xz.squashfs
	image incus-split incus-split.root
	same_as_flat incus-split zstd.squashfs
	exits 0 zonectl template import incus-split zstd.squashfs --name f \
		--digest "sha256:$(cat incus-split zstd.squashfs | sha256sum | cut -c 1-64)"
}

@test "a damaged squashfs image is refused, whatever is wrong with it" {
	rm -rf squash && mkdir squash && tar -C squash -xf flat
	mksquashfs squash whole.squashfs -quiet -noappend -no-progress >/dev/null
	objects >"$BATS_TEST_TMPDIR/before"
	size=$(stat -c %s whole.squashfs)
	for n in 4 95 96 200 5000 $((size / 2)) $((size - 5000)); do
		head -c "$n" whole.squashfs >cut.squashfs
		refused 2 "damaged squashfs image" cut.squashfs
	done
	python3 - <<-'END'
		import random
		random.seed(7)
		data = bytearray(open("whole.squashfs", "rb").read())
		for i in range(4, len(data), 97):
		    data[i] ^= 1 << random.randrange(8)
		open("flipped.squashfs", "wb").write(data)
	END
	refused 2 "damaged squashfs image" flipped.squashfs
	deadline 5 sh -c '! pgrep -x sqfs2tar'
}

@test "sqfs2tar runs where there is nothing but its libraries and the image" {
	sandbox=$BATS_TEST_TMPDIR/probe.c
	# What the sandbox runs is found by name in /usr/local/bin last, so a probe stands in for it in a
	# mount namespace of its own.
	cat >"$sandbox" <<-'END'
		#include <dirent.h>
		#include <errno.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <unistd.h>
		static void names(const char *dir)
		{
			DIR *d = opendir(dir);
			struct dirent *e;

			while (d && (e = readdir(d)))
				if (e->d_name[0] != '.')
					fprintf(stderr, "%s ", e->d_name);
		}
		int main(void)
		{
			fprintf(stderr, "uid %d pid %d; ", (int)getuid(), (int)getpid());
			fprintf(stderr, "etc %d proc %d null %d ", access("/etc/passwd", F_OK), access("/proc/1", F_OK),
				open("/dev/null", O_RDONLY));
			fprintf(stderr, "write %d socket %d ", open("/image", O_RDWR), socket(AF_INET, SOCK_STREAM, 0));
			fprintf(stderr, "fork %d make %d", (int)fork(), open("/usr/x", O_CREAT | O_WRONLY, 0600));
			names("/proc");
			return 1;
		}
	END
	cc -o "$BATS_TEST_TMPDIR/probe" "$sandbox"
	printf hsqs >probe.squashfs && head -c 5000 /dev/zero >>probe.squashfs
	run --separate-stderr unshare -m --propagation private sh -e -c '
		mount --bind "$0" "$(command -v sqfs2tar)"
		"$1" template import probe.squashfs --name probe' "$BATS_TEST_TMPDIR/probe" "$ZONECTL"
	[ "$status" -eq 2 ]
	[[ $stderr == *"uid 65534 pid 1; etc -1 proc -1 null -1 write -1 socket -1 fork -1 make -1"* ]] || { echo "$stderr"; return 1; }
}

@test "without sqfs2tar a squashfs image is refused and the package named" {
	printf hsqs >probe.squashfs && head -c 5000 /dev/zero >>probe.squashfs
	run --separate-stderr unshare -m --propagation private sh -e -c '
		mkdir -p bin && mount --bind bin /usr/bin
		"$0" template import probe.squashfs --name probe' "$ZONECTL"
	[ "$status" -eq 8 ]
	[[ $stderr == *"a squashfs image needs the program sqfs2tar"*"install squashfs-tools-ng"* ]]
	objects | diff "$BATS_TEST_TMPDIR/before" -
}

@test "layers of an OCI image become the tree that they describe" {
	image oci
	imported oci oci
	merged oci
	[ "$(zonectl template info oci --json | json "d['format']")" = oci ]
	run --separate-stderr zonectl template import oci
	[[ $output == tiny-7\ * ]]
}

@test "an OCI image is the same from an archive, a pipe, a directory, a nested index, docker save" {
	image oci && image oci-nested && image oci-tag && image docker && image docker-old
	want=$(imported oci oci)
	mkdir -p layout && images oci-directory layout
	for it in oci-nested oci-tag layout docker docker-old; do
		got=$(imported other "$it")
		[ "$got" = "$want" ] || { echo "$it: $got, want $want"; return 1; }
	done
	gzip -k -f oci
	got=$(zonectl template import - --name other <oci.gz | cut -d ' ' -f 2)
	[ "$got" = "${want:0:12}" ]
	run --separate-stderr zonectl template import oci-tag
	[[ $output == oci-tag-edge\ * ]]
}

@test "docker save may write a layer that it has once as a link" {
	image docker-old-link
	imported linked docker-old-link
	[ "$(cat "$(rootfs_of linked)/etc/changed")" = middle ]
}

@test "a layer that hides everything leaves its own" {
	image oci-opaque-root
	imported hidden oci-opaque-root
	[ ! -e "$(rootfs_of hidden)/dir" ]
	[ -e "$(rootfs_of hidden)/etc/passwd" ]
}

@test "a whiteout of a link takes the link, not what it leads to" {
	image layer-whiteout-of-link && image layer-of-aufs
	imported linkless layer-whiteout-of-link
	[ ! -L "$(rootfs_of linkless)/link-to-etc" ]
	[ -e "$(rootfs_of linkless)/etc/passwd" ]
	imported aufs layer-of-aufs
	not find "$(rootfs_of aufs)" -name '.wh.*' -print -quit | grep .
}

@test "an image may be asked for by the digest of its manifest, and of its index" {
	image oci-nested && mkdir -p layout && images oci-directory layout
	manifest=$(json "d['manifests'][0]['digest']" <layout/index.json)
	exits 0 zonectl template import layout --name d --digest "$manifest"
	mkdir -p nested && tar -C nested -xf oci-nested
	exits 0 zonectl template import nested --name d --digest "$(json "d['manifests'][0]['digest']" <nested/index.json)"
	exits 0 zonectl template import oci-nested --name d --digest "sha256:$(sha256sum <oci-nested | cut -c 1-64)"
	objects >"$BATS_TEST_TMPDIR/before"
	refused 2 "its digest is $manifest, not sha256:00" layout --digest "sha256:$(printf '%064d' 0)"
	rm -rf tree && mkdir tree && tar -C tree -xf flat
	refused 2 "a directory has no digest" tree --digest "$manifest"
	refused 2 "bad digest 'md5:1'" flat --digest md5:1
	refused 2 "its digest is sha256:$(sha256sum <flat | cut -c 1-64), not" flat --digest "$manifest"
}

@test "two images that differ in what they run are two templates" {
	image oci && image oci-other-process
	[ "$(imported one oci)" != "$(imported two oci-other-process)" ]
	exits 0 zonectl template verify one two
}

@test "128 layers are taken, 129 refused" {
	image oci-most-layers && image oci-many-layers
	exits 0 zonectl template import oci-most-layers --name most
	objects >"$BATS_TEST_TMPDIR/before"
	refused 2 "manifest: it has more than 128 layers" oci-many-layers
}

@test "limits hold over all layers of an image" {
	image oci
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	echo '{"unpack-limits": {"entries": 60}}' >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	refused 2 "it has more than 60 entries" oci
	# Unpacking the archive takes 3 MB, unpacking the layers another 2.
	echo '{"unpack-limits": {"bytes": 4000000}}' >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	refused 2 "the files are more than 4000000 bytes" oci
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
}

@test "an image that is not what its digests say is refused" {
	while read -r name status words; do
		image "$name"
		refused "$status" "$words" "$name"
	done <<-'END'
		oci-blob-missing 2 layer 2 of 4: open 'blobs/sha256/
		oci-blob-changed 2 layer 1 of 4: its digest is
		oci-blob-longer 2 layer 1 of 4: it has
		oci-diff-id 2 layer 2 of 4: its diff_id is
		oci-diff-ids-fewer 2 config: it names 3 layers, the manifest 4
		oci-config-changed 2 config: its digest is
		oci-manifest-changed 2 manifest: its digest is
		docker-layer-changed 2 layer 2 of 3: its diff_id is
		docker-config-changed 2 config: its digest is
		docker-layer-outside 2 layer 1 of 3: open '../../../../../../etc/passwd': No such file
		oci-blob-is-link 2 Too many levels of symbolic links
		oci-blobs-are-link 2 Too many levels of symbolic links
		oci-blob-is-directory 2 is no regular file
		oci-digest-is-path 2 layers[0].digest: expected "sha256:" and 64 digits
	END
	mkdir -p linked/d && images oci-directory-link linked/d
	refused 2 "Too many levels of symbolic links" linked/d
}

@test "an image that can't be read in one way is refused" {
	while read -r name status words; do
		image "$name"
		refused "$status" "$words" "$name"
	done <<-'END'
		oci-two-images 2 index: it holds more than one image for here
		oci-no-image 2 index: no image for linux/
		oci-loop 2 index: nested deeper than 4 levels
		oci-json-deep 2 nested deeper than 16 levels
		oci-json-large 2 index.json: longer than 1048576 bytes
		oci-json-twice 2 this key stands here twice
		oci-stop-signal 2 config: no signal 'SIGNOTHING'
		oci-layout-two 8 oci-layout: version '2.0.0' is not known
		oci-encrypted 8 its layers are encrypted
		docker-two 2 manifest.json: it lists 2 images, not one
		docker-none 2 manifest.json: it lists 0 images, not one
		docker-other 2 manifest.json: it is not what docker save writes
		incus-half 2 it is half of an image, its metadata
		incus-rootfs-is-link 2 it is half of an image, its metadata
		incus-metadata-large 2 read 'metadata.yaml': longer than 1048576 bytes
		incus-metadata-sparse 2 it unpacks to more than 200 times its size
	END
	image two-roots two-roots.other
	refused 2 "neither file is the metadata of an image" two-roots two-roots.other
	refused 2 "a directory is imported alone" flat "$PWD"
}

@test "a whiteout that leads elsewhere is refused" {
	while read -r name words; do
		image "$name"
		refused 2 "layer 2 of 2: entry '$words" "$name"
	done <<-'END'
		layer-whiteout-parent ./etc/.wh...': a whiteout of '..' is refused
		layer-whiteout-self ./etc/.wh..': a whiteout of '.' is refused
		layer-whiteout-nothing ./etc/.wh.': a whiteout of '' is refused
		layer-whiteout-through-link ./link-to-etc/.wh.passwd': its parent 'link-to-etc' is a link
		layer-opaque-through-link ./link-to-etc/.wh..wh..opq': its parent 'link-to-etc' is a link
		layer-file-through-link ./link-to-etc/evil': its parent 'link-to-etc' is a link
		layer-below-whiteout ./.wh.etc/x': an entry below a whiteout is refused
		layer-hard-link-to-none ./x': the archive has no 'etc/not-there' before it
	END
}

@test "an image for another machine is refused, by its words or by its programs" {
	while read -r name words; do
		image "$name"
		refused 8 "$words" "$name"
	done <<-'END'
		oci-other-machine index: no image for linux/
		oci-machine-in-config it is for
		incus-other-machine metadata.yaml: it is for s390x, this machine is
		other-machine it is for s390x, this machine is
	END
}

@test "files of the image beside its root filesystem are no files of the store" {
	image incus-with-zone-json && image incus-metadata-is-link
	same_as_flat incus-with-zone-json
	same_as_flat incus-metadata-is-link
	[ "$(ls "$(rootfs_of one)/..")" = "$(ls "$(rootfs_of minimal)/..")" ]
}

@test "what holds a disk is refused, with what to do instead" {
	for it in ploop incus-vm; do
		image "$it"
		refused 8 "mount the image and pack its root" "$it"
	done
	for it in export-optimized export-optimized-bin; do
		image "$it"
		refused 8 "re-export without --optimized-storage" "$it"
	done
}

# mark OFFSET BYTES: a file of zeros with these bytes there.
mark() {
	head -c 70000 /dev/zero >marked
	printf '%b' "$2" | dd of=marked bs=1 seek="$1" conv=notrunc status=none
}

@test "disks, packages and other archives are refused by their marks, compressed or not" {
	while read -r offset bytes words; do
		mark "$offset" "$bytes"
		refused 8 "it is $words" marked
		gzip -f marked
		refused 8 "it is $words, compressed" marked.gz
	done <<-'END'
		0 QFI\xfb a disk image (qcow2)
		0 KDMV a disk image (VMDK)
		64 \x7f\x10\xda\xbe a disk image (VDI)
		0 vhdxfile a disk image (VHDX)
		510 \x55\xaa a disk image
		512 EFI\x20PART a disk image
		1080 \x53\xef a filesystem image (ext)
		0 XFSB a filesystem image (xfs)
		65600 _BHRfS_M a filesystem image (btrfs)
		32769 CD001 a CD image
		0 WithoutFreeSpace a disk image (ploop)
		0 \x89LZO an lzop file
		0 PK\x03\x04 a zip file
		0 7z\xbc\xaf\x27\x1c a 7z file
		0 Rar!\x1a\x07 a rar file
		0 !<arch>\n an ar archive or a deb package
		0 \xed\xab\xee\xdb an rpm package
		0 070701 a cpio archive
	END
}

@test "run without a command runs the image's own, as its user, in its directory, with its environment" {
	image oci
	imported tiny oci
	prints "hello world" zonectl run -t tiny --rm
	image oci-server
	imported server oci-server
	zonectl run -t server --rm --name server >"$BATS_TEST_TMPDIR/out" &
	deadline 5 grep -q up "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "up as 33 in /usr/share with blue" ]
	kill -QUIT "$(pgrep -P "$!" -x zonectl || echo "$!")"
	wait "$!"
	[ "$(tail -1 "$BATS_TEST_TMPDIR/out")" = "stopped by quit" ]
}

@test "run with a command keeps the image's environment and directory; the zone's own goes before" {
	image oci
	imported tiny oci
	prints "0 /usr/share blue /bin:/opt/bin lxc" \
		zonectl run -t tiny --rm -- sh -c 'echo $(id -u) $(pwd) $COLOR $PATH $container'
	prints "red" zonectl run -t tiny --rm --env COLOR=red -- sh -c 'echo $COLOR'
}

@test "a zone of an image without an init boots the image's program and stops it by its signal" {
	image oci-server
	imported server oci-server
	[ "$(zonectl template info server --json | json "d['args']")" = '["/server"]' ]
	zonectl create sv -t server
	zonectl boot sv
	deadline 5 sh -c '"$0" log sv 2>/dev/null | grep -q "up as 33 in /usr/share with blue"' "$ZONECTL"
	prints "blue /bin:/opt/bin" zonectl exec sv -- sh -c 'echo $COLOR $PATH'
	prints "33" zonectl exec sv -- stat -c %u /proc/1
	prints "sv: its init shut it down" zonectl shutdown sv
	zonectl log sv | grep "stopped by quit"
	zonectl destroy -y sv
}

@test "a zone of an image with an init boots that, as root, with the image's environment" {
	image oci-init
	imported withinit oci-init
	zonectl create wi -t withinit --init-args sh
	zonectl set wi init=/bin/sleep init-args=1000
	zonectl boot wi
	prints "0" zonectl exec wi -- stat -c %u /proc/1
	zonectl exec wi -- cat /proc/1/environ | tr '\0' '\n' | grep -x COLOR=blue
	zonectl destroy -y --force wi
}

@test "a user or a directory that the image names and does not have is told" {
	image oci-no-user && image oci-no-directory
	imported nouser oci-no-user
	run --separate-stderr zonectl run -t nouser --rm
	[ "$status" -eq 125 ]
	[[ $stderr == *"no user 'nobody-here'"* ]]
	imported nodir oci-no-directory
	run --separate-stderr zonectl run -t nodir --rm
	[ "$status" -eq 125 ]
	[[ $stderr == *"enter directory '/not/here'"* ]]
	[ -z "$(zonectl list -a -H)" ]
}

@test "template info says what a template came in" {
	rm -rf grown && mkdir grown
	while read -r format name; do
		zonectl template remove -y info 2>/dev/null || :
		image "$name"
		rm -rf grown && mkdir grown && echo "$format" >grown/mark
		[ "$format" != directory ] || tar -C grown -xf flat
		case $format in
		tar) tar -rf flat -C grown mark && name=flat ;;
		directory) name=grown ;;
		squashfs) mksquashfs grown info.squashfs -quiet -noappend -no-progress >/dev/null && name=info.squashfs ;;
		esac
		zonectl template import "$name" --name info -q
		[ "$(zonectl template info info --json | json "d['format']")" = "$format" ]
	done <<-'END'
		tar flat
		directory flat
		squashfs flat
		oci oci-server
		docker docker-old-link
		incus incus-unique
		vzdump vzdump-unique
	END
}

@test "a file that changes while it is read is refused, where its digest was asked for" {
	mkfifo changing
	want=$(sha256sum <flat | cut -c 1-64)
	python3 - flat >changing <<-'END' &
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		at = data.index(b"root:x:0:0")
		data[at:at + 4] = b"evil"
		sys.stdout.buffer.write(data)
	END
	refused 2 "its digest is" - --digest "sha256:$want" <changing
	wait
}
