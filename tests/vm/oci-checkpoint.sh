#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of zone-oci written down and made again by criu, on the kernel that Debian 12's knows.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_packages+=,criu,iptables
vm_deadline=${ZONE_VM_DEADLINE:-900}
vm_test oci-checkpoint
