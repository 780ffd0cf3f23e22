#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of zone-oci on a host that systemd runs with controllers on v1, units on v2.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_seconds 600
vm_test oci-hybrid systemd.unified_cgroup_hierarchy=0
