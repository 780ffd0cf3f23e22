#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A store on ext4 and on XFS with project quotas.

. "$(dirname "${BASH_SOURCE[0]}")/vm.bash"
vm_store_size=1G
vm_test project
