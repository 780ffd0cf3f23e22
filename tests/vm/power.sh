#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power of the host fails while zones run; it is then turned on again.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_need
vm_prepare power
status=0
vm_boot || status=$?
[ "$status" -ne 0 ] || vm_boot || status=$?
cp "$vm_dir/console" "$vm_cache/power.console"
vm_report "$status"
