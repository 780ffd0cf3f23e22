#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program says of itself stands in the manual, and nothing else does; the same for what
# README types and for what completion offers.

. "$(dirname "${BASH_SOURCE[0]}")/lint.bash"

zonectl=${ZONECTL:-$PWD/_build/zonectl}
oci=${zonectl%/*}/zone-oci
page=man/zonectl.8
completion=contrib/completion/zonectl.bash

# Texts that the claims below compare; they are told apart by their first letters.
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

#
# The program's side
#

# Verbs of a help, in order.
help_verbs() {
	awk '/^[a-z]+:$/ { group = $1 }
		/^  [a-z]/ && group != "options:" { sub(/^  /, ""); sub(/  .*/, ""); print }'
}

# "-u, --user" for each row below "options:".
help_options() {
	awk '/^[a-z].*:/ { is_in = $0 == "options:" } is_in' | tags
}

# The properties as the manual has to show them: "memory=SIZE (no limit; live)".
table_properties() {
	awk 'BEGIN { when["LIVE"] = "live"; when["NEXT_BOOT"] = "next boot"; when["AT_CREATE"] = "at create" }
	/^\t\{ ROW\(/ { split($0, q, "\""); split(q[5], w, /[ ,]+/); row = q[2] "=" q[6]; change = w[2] }
	/\.fallback = "/ { split(substr($0, index($0, ".fallback")), q, "\"")
		print row " (" (q[2] == "" ? "none" : q[2]) "; " when[change] ")" }' runtime/property_table.c
}

json_keys() {
	grep -ohE 'json_[a-z0-9_]+\((o|&cli->json), "[a-z_]+"' cli/*.c | sed 's/.*, "//; s/"//'
	awk '/table_column columns\[\]/ { is_in = 1 } /^};/ { is_in = 0 }
		is_in && /^\t\[/ { split($0, q, "\""); print q[4] }
		/^\tX\("/ { split($0, q, "\""); print q[4] }' cli/*.c
}

#
# The manual's side: the page as a reader sees it, each paragraph on one line
#

section() {
	awk -v name="$1" '/^[A-Z]/ { is_in = $0 == name } is_in && $0 != name' "$work/page"
}

# What stands below the heading $1 of section VERBS.
verb_section() {
	section VERBS | awk -v name="   $1" '/^   [a-z]/ { is_in = $0 == name; next } is_in'
}

tags() {
	grep -oE '^ {2,7}(-[A-Za-z], )?--[a-z-]+' | sed 's/^ *//'
}

manual_properties() {
	section PROPERTIES | grep -oE '^       [a-z-]+=[^ ]+ \([^;]*; (live|next boot|at create)\)' | sed 's/^ *//'
}

#
# Comparisons: nothing is printed when both sides agree
#

# "-" stands before what only the program has, "+" before what only the other side has.
compare() {
	diff -U 0 "$1" "$2" | tail -n +3 | grep -v '^@@'
}

compare_options() {
	local verb

	while read -r verb; do
		# shellcheck disable=SC2086	# "template build" is two words
		"$zonectl" help $verb | help_options | sort >"$work/help"
		verb_section "$verb" | tags | sort >"$work/tags"
		compare "$work/help" "$work/tags" | sed "s/^/$verb: /"
	done <"$work/verbs"
}

missing_aliases() {
	local verb alias

	while read -r verb; do
		# shellcheck disable=SC2086
		alias=$("$zonectl" help $verb | sed -nE 's/.* \(also: (.*)\)$/\1/p')
		[ -z "$alias" ] || verb_section "$verb" | grep -qF "Also: $alias." || echo "$verb: $alias"
	done <"$work/verbs"
}

# Reads words, prints those that section $1 lacks.
missing_from() {
	section "$1" >"$work/section"
	sort -u | while read -r word; do
		grep -qwF -- "$word" "$work/section" || echo "$word"
	done
}

# zonectl VERB in README, where it is typed: in an indented line or between backquotes.
readme_verbs() {
	grep -hoE '(^    .*|`)zonectl( --[a-z-]+| -[a-z]( [0-9]+)?)* [a-z]+(-[a-z]+)*( [a-z]+)?' README.md |
		sed -E 's/.*zonectl( --[a-z-]+| -[a-z]( [0-9]+)?)* //' | sort -u |
		while read -r first second; do
			grep -qxF -e "$first" -e "$first $second" "$work/verbs" || echo "$first${second:+ $second}"
		done
}

dead_links() {
	local file target

	for file in README.md HACKING.md docs/*.md; do
		grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -v '^[a-z]*:' | while read -r target; do
			[ -e "$(dirname "$file")/$target" ] || echo "$file: $target"
		done
	done
}

# What completion offers after the words typed so far, of which the last is begun.
offered() {
	(
		# shellcheck source=contrib/completion/zonectl.bash
		. "$completion"
		COMP_WORDS=("$zonectl" "$@")
		COMP_CWORD=$#
		# shellcheck disable=SC2034	# it reads COMP_WORDS
		_zonectl "$zonectl" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

# All that may follow a verb and begins with dashes.
option_words() {
	# shellcheck disable=SC2086
	{ "$zonectl" help; "$zonectl" help $1; } | help_options | sed 's/.* //'
	case $1 in
	create|run) table_properties | sed 's/=.*//; s/^/--/' ;;
	esac
}

incomplete_completion() {
	local verb

	{ offered ''; offered template '' | sed 's/^/template /'; offered net '' | sed 's/^/net /'
		offered plan '' | sed 's/^/plan /'; offered pool '' | sed 's/^/pool /'; } |
		grep -vxE 'template|net|plan|pool' | sort >"$work/tags"
	sort "$work/verbs" | compare - "$work/tags"
	while read -r verb; do
		option_words "$verb" | sort -u >"$work/help"
		# shellcheck disable=SC2086
		offered $verb -- >"$work/tags"
		compare "$work/help" "$work/tags" | sed "s/^/$verb: /"
	done <"$work/verbs"
	table_properties | sed 's/=.*/=/' | sort >"$work/help"
	offered set zone '' | grep '=$' | sort | compare "$work/help" -
}

#
# zone-oci, a program of the same kind with a page of its own
#

# "-b, --bundle" of a help, without the words for values.
oci_help_options() {
	awk '/^[a-z]+:$/ { is_in = $0 == "options:" } is_in' | tags
}

compare_oci_options() {
	local verb

	while read -r verb; do
		"$oci" "$verb" --help | oci_help_options | sort >"$work/help"
		verb_section "$verb" | tags | sort >"$work/tags"
		compare "$work/help" "$work/tags" | sed "s/^/$verb: /"
	done <"$work/verbs"
}

check_oci_manual() {
	man --warnings -E UTF-8 -Tutf8 -Z -l man/zone-oci.8 2>&1 >/dev/null | claim "zone-oci: the manual is well-formed"
	MANWIDTH=1000 MANOPT='' man --no-justification --no-hyphenation -E ascii -P cat -l man/zone-oci.8 >"$work/page"
	"$oci" --help | awk '/^[a-z]+:$/ { is_in = $0 == "verbs:"; next } is_in && NF { print $1 }' | sort >"$work/verbs"
	section VERBS | sed -nE 's/^   ([a-z][a-z -]*)$/\1/p' | sort >"$work/tags"
	compare "$work/verbs" "$work/tags" | claim "zone-oci: the manual has a section for each verb"
	compare_oci_options | claim "zone-oci: each verb's section has the verb's options and no others"
	"$oci" --help | oci_help_options | sort >"$work/help"
	section "GLOBAL OPTIONS" | tags | sort >"$work/tags"
	compare "$work/help" "$work/tags" | claim "zone-oci: the manual has the global options and no others"
}

if [ ! -x "$zonectl" ]; then
	skip_claim "the manual says what the program says" "$zonectl is not built"
	done_claims
	exit 0
fi

"$zonectl" help >"$work/all"
help_verbs <"$work/all" >"$work/verbs"
[ -s "$work/verbs" ] || echo "zonectl help lists no verb" | claim "help lists the verbs"
readme_verbs              | claim "README types only verbs that there are"
dead_links                | claim "every file that a page links to is there"
incomplete_completion     | claim "completion offers the verbs, options and properties that help names"

if ! command -v man >/dev/null; then
	skip_claim "the manual says what the program says" "needs man (apt-get install man-db)"
	done_claims
	exit 0
fi

man --warnings -E UTF-8 -Tutf8 -Z -l "$page" 2>&1 >/dev/null | claim "the manual is well-formed"
MANWIDTH=1000 MANOPT='' man --no-justification --no-hyphenation -E ascii -P cat -l "$page" >"$work/page"

section VERBS | sed -nE 's/^   ([a-z][a-z -]*)$/\1/p' >"$work/tags"
compare "$work/verbs" "$work/tags"        | claim "the manual has a section for each verb, in the order of help"
compare_options                           | claim "each verb's section has the verb's options and no others"
missing_aliases                           | claim "each verb's section names its alias"
help_options <"$work/all" >"$work/help"
section "GLOBAL OPTIONS" | tags >"$work/tags"
compare "$work/help" "$work/tags"         | claim "the manual has the global options and no others"
"$zonectl" help create | awk '/^properties:/ { is_in = 1; next } /^example/ { is_in = 0 } is_in' |
	tags | sed 's/^--//' >"$work/help"
table_properties | sed 's/=.*//' | compare "$work/help" - | claim "help create names every property"
table_properties >"$work/help"
manual_properties >"$work/tags"
compare "$work/help" "$work/tags"         | claim "the manual's properties are those of the table, with default and time"
# A file's schema has each property once where groups have them, and once where plans do.
table_properties | sed 's/=.*//' | while read -r property; do
	[ "$(grep -cE "^\s*\"$property\": \{" schema/fleet.schema.json)" -ge 1 ] || echo "$property"
done | claim "schema/fleet.schema.json has every property"
sed -nE 's/^\t\[ZONE_[A-Z_]+\] = \{ "([a-z_]+)".*/\1/p' runtime/state.c | missing_from STATES |
	claim "the manual names every state"
sed -nE 's/^\t\treturn "([a-z-]+)";/\1/p' base/error.c | grep -vx none | missing_from "EXIT STATUS" |
	claim "the manual names the code of every error"
json_keys | missing_from JSON             | claim "the manual names every JSON key"
grep -ohE 'getenv\("[A-Z_]+"' cli/*.c | grep -oE '[A-Z_]{2,}' | missing_from ENVIRONMENT |
	claim "the manual names what is read from the environment"
check_oci_manual
done_claims
