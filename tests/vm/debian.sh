#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 zone, run by its own systemd, on a Debian 12 host that is run by systemd.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_need
vm_once debian-12.tar vm_make_debian
vm_prepare debian debian-12.tar
status=0
vm_boot || status=$?
cp "$vm_dir/console" "$vm_cache/debian.console"
vm_report "$status"
