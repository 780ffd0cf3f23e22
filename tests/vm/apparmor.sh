#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of zone-oci under AppArmor, which Debian's kernel has on, kernel 6.1.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_packages+=,apparmor
vm_disk=apparmor
vm_seconds 600
vm_test apparmor
