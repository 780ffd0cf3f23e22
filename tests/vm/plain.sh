#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host without systemd, cgroup v1.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_test plain init=/usr/local/sbin/vm-start
