#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every script is read by shellcheck.

. "$(dirname "${BASH_SOURCE[0]}")/lint.bash"

shellcheck=${SHELLCHECK:-$(command -v shellcheck)}
mapfile -t scripts < <(
	ls quickstart .ci/run 2>/dev/null
	for glob in '*.sh' '*.bash' '*.bats'; do files "$glob" base cgroups disks netns templates runtime cli oci tests bench contrib; done
)

for script in "${scripts[@]}"; do
	if [ -z "$shellcheck" ]; then
		skip_claim "$script" "needs shellcheck (apt-get install shellcheck)"
	else
		"$shellcheck" --source-path=SCRIPTDIR -x -S warning -f gcc "$script" | claim "$script"
	fi
done
done_claims
