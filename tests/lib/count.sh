#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# count.sh STARTED TEST...: what came of tests that Automake's driver ran in this directory, since STARTED in seconds
# of the epoch: what failed or was skipped, and the count, as .ci/run ends. A test without a record is a failure.

started=$1
shift
for test; do
	log=${test%.sh}
	log=${log%.bats}
	if [ -e "$log.trs" ]; then
		# A program that reports a failure also exits with one; that is no second failure.
		awk -v test="$test" '
		/^(PASS|FAIL|XPASS|XFAIL|SKIP|ERROR): / && index($2, test) { line[++n] = $0 }
		/^FAIL: / { failed = 1 }
		END { for (i = 1; i <= n; i++)
			if (!(failed && line[i] ~ /^ERROR: [^ ]+ - exited with status/)) print line[i] }
		' "$log.log"
	else
		echo "ERROR: $test - has not run"
	fi
done | awk -v minutes=$((($(date +%s) - started + 30) / 60)) '
	/^(PASS|XFAIL): / { passed++; next }
	/^SKIP: / { skipped++ }
	/^(FAIL|XPASS|ERROR): / { failed++ }
	{ print }
	END { printf "\nThe tests took %d minutes.\n\n", minutes
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
