#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one more idle zone takes of a host that was just booted.
#
#   ZONE_VM_ZONES=100      so many zones, on a slow host
#   ZONE_VM_LAYOUT=        pure v2; the default is hybrid cgroups

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_deadline=${ZONE_VM_DEADLINE:-900}
vm_test memory "vm.zones=${ZONE_VM_ZONES:-200}" "${ZONE_VM_LAYOUT-systemd.unified_cgroup_hierarchy=0}"
