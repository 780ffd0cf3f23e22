# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Boots a machine of its own for a test: a Debian kernel and a Debian 12 root, both
# straight from apt, in QEMU without hardware help, so that it works wherever QEMU does.
#
# What is slow is made once and kept in vm/ of the build directory: the kernel, the
# root filesystem, the template of a Debian zone. A run gets a copy of the disk, and a
# tar of the built programs and the guest's scripts as a second disk. The guest says TAP
# on its second serial port; its console, the first one, goes to a log beside.
#
#   ZONE_VM_SUITE=trixie   another Debian's kernel (the floor is the default, bookworm)
#   ZONE_TEST_PATIENCE=12  on a host that runs much else: three times the patience (4) with the guest and in it
#   ZONE_VM_DEADLINE=600   seconds for a guest, whatever it asks for

set -u
export LC_ALL=C.UTF-8

vm_scripts=$(dirname "${BASH_SOURCE[0]}")
vm_cache=$ZONE_BUILDDIR/vm
vm_suite=${ZONE_VM_SUITE:-bookworm}
vm_store_size=			# of a third disk, empty, for a store
vm_disk=disk			# which root; "tests" has what the functional tests need, "podman" that
vm_patience=${ZONE_TEST_PATIENCE:-4}
vm_deadline=

# What the guest needs: its init, the libraries of zonectl and its programs, filesystems for stores.
vm_packages=systemd,systemd-sysv,dbus,kmod,procps,iproute2,busybox-static
vm_packages+=,libcap2,libseccomp2,libmnl0,libarchive13,libyajl2,zlib1g,libncursesw6
vm_packages+=,e2fsprogs,xfsprogs,btrfs-progs

# What the functional tests need besides (quickstart says what for).
vm_test_packages=bats,python3-minimal,expect,tmux,nftables,acl,attr,libcap2-bin,iputils-ping,openssl
vm_test_packages+=,gcc,libc6-dev,libarchive-tools,gzip,xz-utils,zstd,bzip2,lz4

# An ordinary user's engine, and the session that it is used in.
vm_podman_packages=podman,conmon,uidmap,dbus-user-session,libpam-systemd

# The functional tests that a guest runs: what cgroups, mounts and processes of a kernel could change.
vm_files=(limits.bats isolation.bats boot.bats freeze.bats console.bats)

# Kernel modules that zonectl has the kernel load, and those of the disks of stores; what begins so.
vm_modules=(kernel/fs/overlayfs kernel/fs/fuse kernel/fs/quota kernel/fs/xfs kernel/fs/btrfs
	kernel/net kernel/lib kernel/crypto kernel/block kernel/drivers/block/loop.ko
	kernel/drivers/net/veth.ko kernel/drivers/net/ifb.ko kernel/drivers/net/macvlan.ko)

# vm_seconds N: for each power-on of a guest, with the usual patience.
vm_seconds() {
	vm_deadline=${ZONE_VM_DEADLINE:-$(($1 * vm_patience / 4))}
}

vm_skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

vm_need() {
	local program

	[ "$EUID" -eq 0 ] || vm_skip "needs root, to make the guest's disk"
	for program in qemu-system-x86_64 mmdebstrap mke2fs apt-get dpkg-deb; do
		command -v "$program" >/dev/null || vm_skip "needs $program"
	done
}

# Makes a thing of the cache once, also when several tests want it at a time: a function that
# writes to the path it is given.
vm_once() {
	local path=$vm_cache/$1 log=$vm_cache/${1%%.*}.make.log

	shift
	mkdir -p "$vm_cache"
	(
		flock 9
		[ -e "$path" ] && exit 0
		rm -rf "$path.new"*
		"$@" "$path.new" >"$log" 2>&1 9>&- && mv "$path.new" "$path"
	) 9>"$vm_cache/lock" && return
	tail -n 20 "$log" | sed 's/^/# /'
	echo "Bail out! $* failed; all of it is in $log"
	exit 1
}

# The newest cloud kernel of the suite, unpacked. A suite that this host's apt does not know is
# asked for with lists of its own.
vm_make_kernel() {
	local out=$1 apt package

	mkdir -p "$out/apt/lists/partial" "$out/apt/archives/partial" "$out/root"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"http://deb.debian.org/debian $vm_suite main" >"$out/apt/sources.list"
	apt=(apt-get -q -o "Dir::Etc::sourcelist=$out/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State::lists=$out/apt/lists" -o "Dir::Cache=$out/apt" -o APT::Sandbox::User=root)
	cd "$out/apt" || return
	"${apt[@]}" update || return
	package=$(apt-cache "${apt[@]:2}" depends linux-image-cloud-amd64 |
		awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
	"${apt[@]}" download "$package" || return
	dpkg-deb -x ./*.deb "$out/root" || return
	cd / && rm -rf "$out/apt"
	ln -s "$(cd "$out" && echo root/boot/vmlinuz-*)" "$out/vmlinuz"
	ln -s "$(cd "$out" && find root -path '*/lib/modules/*' -prune | head -n 1)" "$out/modules"
}

# The guest's disk: vm_make_disk PACKAGES FILE. Its ext4 is made from a directory, so that nothing is
# mounted.
vm_make_disk() {
	local packages=$1 out=$2 root=$2.root kernel=$vm_cache/kernel-$vm_suite release module

	TMPDIR=$vm_cache mmdebstrap --quiet --variant=minbase --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
		bookworm "$root.tar" http://deb.debian.org/debian || return
	mkdir "$root" && tar -C "$root" --exclude='./dev/*' -xf "$root.tar" || return
	rm -rf "$root.tar" "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
	release=$(basename "$(readlink "$kernel/modules")")
	for module in "${vm_modules[@]}"; do
		mkdir -p "$root/lib/modules/$release/$(dirname "$module")"
		cp -r "$kernel/modules/$module"* "$root/lib/modules/$release/$(dirname "$module")/" || return
	done
	cp "$kernel/modules"/modules.{builtin,order}* "$root/lib/modules/$release/"
	chroot "$root" depmod "$release" || return
	vm_configure "$root" || return
	mke2fs -q -t ext4 -E lazy_itable_init=0 -d "$root" "$out" 2G || return
	rm -rf "$root"
}

# What a machine without user, network and clock does not need would only take its time.
vm_configure() {
	local root=$1 unit

	echo guest >"$root/etc/hostname"
	echo 00000000000000000000000000000001 >"$root/etc/machine-id"
	: >"$root/etc/fstab"
	install -m 755 "$vm_scripts/guest/start" "$root/usr/local/sbin/vm-start"
	install -m 644 "$vm_scripts/guest/vm-test.service" "$root/etc/systemd/system/vm-test.service"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s ../vm-test.service "$root/etc/systemd/system/multi-user.target.wants/vm-test.service"
	ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
	for unit in getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		fstrim.timer e2scrub_all.timer e2scrub_reap.service systemd-firstboot.service \
		systemd-hwdb-update.service systemd-journal-flush.service systemd-timesyncd.service \
		systemd-udev-settle.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
}

# The root filesystem of a Debian 12 template, as zonectl itself builds it.
vm_make_debian() {
	local out=$1 store=$1.store

	mkdir -m 700 "$store"
	"$ZONECTL" --root "$store" template build debian-12 || return
	tar -C "$(find "$store" -type d -name rootfs | head -n 1)" --numeric-owner --xattrs \
		--xattrs-include='*' -cf "$out" . || return
	rm -rf "$store"
}

# The second disk: vm_payload FILE TEST [FILE...].
vm_payload() {
	local out=$1 test=$2 dir=$1.dir

	shift 2
	rm -rf "$dir" && mkdir -p "$dir/vm"
	cp "$ZONECTL" "$ZONE_BUILDDIR/zone-unpack" "$ZONE_BUILDDIR/zone-oci" "$ZONE_BUILDDIR/tests/vm/leave" \
		"$ZONE_BUILDDIR/contrib/systemd/zonectl.service" "$ZONE_SRCDIR/contrib/systemd/zonectl.slice" \
		"$vm_scripts"/guest/*.bash "$dir/vm/" || return
	[ $# -eq 0 ] || (cd "$vm_cache" && ln "$@" "$dir/vm/") || return
	[ "$vm_disk" != tests ] || vm_payload_tests "$dir/vm" || return
	echo "$test" >"$dir/vm/test"
	tar -C "$dir" -cf "$out" vm && rm -rf "$dir"
	truncate -s %1M "$out"
}

# The functional tests, and of the build what they look for.
vm_payload_tests() {
	local to=$1

	mkdir -p "$to/src/tests" "$to/build/contrib" || return
	cp -r "$ZONE_SRCDIR"/tests/{lib,func,data} "$to/src/tests/" || return
	cp "$ZONECTL" "$ZONE_BUILDDIR"/zone-{unpack,pack} "$to/build/" || return
	cp -r "$ZONE_BUILDDIR"/contrib/{openrc,sysvinit} "$to/build/contrib/" || return
	printf '%s\n' "${vm_files[@]}" >"$to/files"
}

# One power-on, until the guest powers off or the deadline: vm_boot KERNEL-ARGUMENT...
# The claims of an earlier power-on are counted on. Without cx16, as the cmpxchg16b of QEMU 7.2
# spoils the flags, which panics a kernel of 6.12.
vm_boot() {
	local status=0 store=()

	[ -z "$vm_store_size" ] || store=(-drive "if=none,id=store,format=raw,cache=unsafe,file=$vm_dir/store"
		-device "nvme-ns,bus=disks,nsid=3,drive=store")
	vm_boots=$((vm_boots + 1))
	qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-cx16 -machine q35 -smp 2 -m 1536 \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$vm_cache/kernel-$vm_suite/vmlinuz" \
		-append "root=/dev/nvme0n1 rw console=ttyS0 panic=-1 random.trust_cpu=on loglevel=4 \
			vm.patience=$vm_patience vm.claims=$(vm_tap | grep -cE '^(not )?ok ') $*" \
		-drive "if=none,id=root,format=raw,cache=unsafe,file=$vm_dir/disk" \
		-drive "if=none,id=payload,format=raw,readonly=on,file=$vm_dir/payload" \
		-device nvme,id=disks,serial=vm -device nvme-ns,bus=disks,nsid=1,drive=root \
		-device nvme-ns,bus=disks,nsid=2,drive=payload "${store[@]}" \
		-serial "file:$vm_dir/console" -serial "file:$vm_dir/tap.$vm_boots" \
		</dev/null >"$vm_dir/qemu" 2>&1 &
	vm_pid=$!
	timeout "$vm_deadline" tail -f --pid="$vm_pid" -s 0.2 /dev/null || status=$?
	vm_kill
	return "$status"
}

# Nothing to do when it has powered off by itself.
vm_kill() {
	[ -n "$vm_pid" ] || return 0
	kill -9 "$vm_pid" 2>/dev/null
	wait "$vm_pid" 2>/dev/null
	vm_pid=
}

vm_clean() {
	vm_kill
	rm -rf "$vm_dir"
}

# What the guest said, of all its power-ons.
vm_tap() {
	cat "$vm_dir"/tap.* 2>/dev/null | tr -d '\r' | grep -E '^(ok|not ok|#|1\.\.)'
}

# Passes the guest's TAP on. What ends without its plan was cut short, and that is a failure.
vm_report() {
	local status=$1 n

	vm_tap
	n=$(vm_tap | grep -cE '^(not )?ok ')
	if [ "$status" -eq 0 ] && vm_tap | grep -qx "1\.\.$n"; then
		return
	fi
	echo "not ok $((n + 1)) - the guest runs to its end within $vm_deadline s"
	tail -n 25 "$vm_dir/console" "$vm_dir/qemu" | tr -d '\r' | sed 's/^/# /'
	vm_tap | grep -qE '^1\.\.' || echo "1..$((n + 1))"
}

# vm_prepare TEST [FILE...]: the directory of a run, in $vm_dir, with both disks. The files are of
# the cache, and will be in the guest's /vm.
vm_prepare() {
	local disk

	[ -n "$vm_deadline" ] || vm_seconds 300
	vm_once "kernel-$vm_suite" vm_make_kernel
	case $vm_disk in
	tests) vm_packages+=,$vm_test_packages ;;
	podman) vm_packages+=,$vm_podman_packages ;;
	esac
	disk=$vm_disk-$vm_suite-$(printf '%s ' "$vm_packages" "${vm_modules[@]}" | sha256sum | cut -c 1-8).ext4
	vm_once "$disk" vm_make_disk "$vm_packages"
	vm_dir=$(mktemp -d "$vm_cache/run-$1.XXXXXX") || exit 1
	vm_boots=0 vm_pid=
	trap vm_clean EXIT
	trap 'exit 1' INT TERM HUP
	cp --sparse=always --reflink=auto "$vm_cache/$disk" "$vm_dir/disk" || exit 1
	[ -z "$vm_store_size" ] || truncate -s "$vm_store_size" "$vm_dir/store" || exit 1
	vm_payload "$vm_dir/payload" "$@" || exit 1
}

# The whole of a test that needs one power-on: vm_test TEST KERNEL-ARGUMENT...
vm_test() {
	local status=0 test=$1

	shift
	vm_need
	vm_prepare "$test"
	vm_boot "$@" || status=$?
	cp "$vm_dir/console" "$vm_cache/$test.console"
	vm_report "$status"
}

# The functional tests in a guest, where each takes some ten times as long.
vm_suite_test() {
	vm_disk=tests
	vm_seconds 1500
	vm_test "$1"
}
