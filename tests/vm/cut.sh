#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power of the host fails in the middle of creates and destroys, at three moments.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_need
vm_prepare cut
status=0
for _ in 1 2 3 4; do
	[ "$status" -ne 0 ] || vm_boot || status=$?
done
cp "$vm_dir/console" "$vm_cache/cut.console"
vm_report "$status"
