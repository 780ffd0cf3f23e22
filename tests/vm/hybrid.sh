#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 host, systemd, hybrid cgroups: controllers on v1, units on v2.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_test hybrid systemd.unified_cgroup_hierarchy=0
