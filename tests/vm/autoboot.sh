#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host that boots thirty zones, shut down once with one that takes too long.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_seconds 600
vm_need
vm_prepare autoboot
status=0
for _ in 1 2; do
	[ "$status" -ne 0 ] || vm_boot || status=$?
done
cp "$vm_dir/console" "$vm_cache/autoboot.console"
vm_report "$status"
