#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 host, systemd, pure cgroup v1.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_test v1 systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1
