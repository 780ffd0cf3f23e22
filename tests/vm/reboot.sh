#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host whose zones boot with it: shut down in order once, then losing its power twice.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_need
vm_prepare reboot
status=0
for _ in 1 2 3 4; do
	[ "$status" -ne 0 ] || vm_boot || status=$?
done
cp "$vm_dir/console" "$vm_cache/reboot.console"
vm_report "$status"
