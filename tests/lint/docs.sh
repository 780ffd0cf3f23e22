#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program says of itself stands in the manual too.

. "$(dirname "${BASH_SOURCE[0]}")/lint.bash"

zonectl=${ZONECTL:-_build/zonectl}
page=man/zonectl.8

if [ ! -x "$zonectl" ]; then
	skip_claim "the manual names every verb, property and option" "$zonectl is not built"
	done_claims
	exit 0
fi

# The page as a reader sees its words: no font changes, no escaped hyphens.
manual=$(sed -E 's/\\f[BIRP]//g; s/\\-/-/g; s/\\\(aq/'"'"'/g' "$page")

# Reads words, prints those that the page lacks.
missing() {
	local word

	sort -u | while read -r word; do
		grep -qE "(^|[^[:alnum:]-])${word//./\\.}([^[:alnum:]-]|\$)" <<<"$manual" || echo "$word"
	done
}

# A verb, a property: the first word of an indented row of its list.
rows() {
	sed -nE 's/^ {2,}([a-z][a-z-]*( [a-z]+)?) {2,}.*/\1/p; s/^ {2,}([a-z][a-z-]*) [A-Z[].*/\1/p'
}

verbs=$("$zonectl" --help 2>&1 | rows)
helps=$("$zonectl" --help 2>&1; while read -r verb; do
	# shellcheck disable=SC2086	# "template build" is two words
	"$zonectl" help $verb 2>&1
done <<<"$verbs")

[ -n "$verbs" ] || echo "zonectl --help lists no verb" | claim "help lists the verbs"
missing <<<"$verbs"                                  | claim "the manual names every verb"
rows <<<"$helps" | missing                           | claim "the manual names every property"
grep -oE -- '--[a-z][a-z-]+' <<<"$helps" | missing   | claim "the manual names every option"
if command -v man >/dev/null; then
	man --warnings -E UTF-8 -Tutf8 -Z -l "$page" 2>&1 >/dev/null | claim "the manual is well-formed"
else
	skip_claim "the manual is well-formed" "needs man (apt-get install man-db)"
fi
done_claims
