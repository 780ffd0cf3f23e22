#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of zone-oci on a host that systemd runs on pure cgroup v2, kernel 6.1.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_seconds 600
vm_test oci
