#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A store whose filesystem has no quotas, on a host that may grow filesystems: images.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_test image
