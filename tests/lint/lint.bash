# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the lint scripts share: the list of files, a C file without comments, TAP.

set -u
export LC_ALL=C
cd "${ZONE_SRCDIR:-$(dirname "${BASH_SOURCE[0]}")/../..}" || exit 99

tests_run=0

# The files below the given folders whose names match the pattern: files GLOB FOLDER...
files() {
	local glob=$1 folder

	shift
	for folder in "$@"; do
		[ -d "$folder" ] && find "$folder" -name "$glob" -type f
	done | sort
}

# Each line of the given C files as "file:line:text", comments and the text of
# strings blanked. A line that ends in the comment given as EXEMPT is left out.
code() {
	awk -v exempt="${EXEMPT:-}" '
	FNR == 1 { in_comment = 0 }
	{
		raw = $0; out = ""; n = length(raw); in_string = ""
		for (i = 1; i <= n; i++) {
			c = substr(raw, i, 1); two = substr(raw, i, 2)
			if (in_comment) {
				if (two == "*/") { in_comment = 0; i++ }
			} else if (in_string != "") {
				if (c == "\\") i++
				else if (c == in_string) { in_string = ""; out = out c }
			} else if (two == "/*") { in_comment = 1; i++ }
			else if (two == "//") break
			else {
				if (c == "\"" || c == "\047") in_string = c
				out = out c
			}
		}
		if (exempt != "" && index(raw, exempt)) next
		print FILENAME ":" FNR ":" out
	}' "$@" /dev/null
}

# One TAP line: passes when its standard input is empty, otherwise shows it.
# Read from a pipe, it must not run in a subshell, hence lastpipe.
shopt -s lastpipe
claim() {
	local found

	found=$(head -n 40)
	tests_run=$((tests_run + 1))
	if [ -z "$found" ]; then
		echo "ok $tests_run - $1"
	else
		echo "not ok $tests_run - $1"
		while IFS= read -r line; do echo "# $line"; done <<<"$found"
	fi
}

skip_claim() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

done_claims() {
	echo "1..$tests_run"
}
