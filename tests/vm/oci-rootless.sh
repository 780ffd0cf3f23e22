#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of an ordinary user: zone-oci by hand and below Podman, on pure cgroup v2, kernel 6.1.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_disk=podman
vm_seconds 600
vm_test oci-rootless
