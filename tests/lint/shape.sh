#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How a file looks (HACKING.md, sections 2, 3, 7 and 8).

. "$(dirname "${BASH_SOURCE[0]}")/lint.bash"

folders="base cgroups disks netns templates runtime cli oci"
mapfile -t ours < <(files '*.[ch]' base cgroups disks netns templates runtime cli oci)
mapfile -t all_c < <(files '*.[ch]' base cgroups disks netns templates runtime cli oci tests bench)

# Everything that is text and ours, the licence aside.
mapfile -t scripts < <(
	ls quickstart .ci/run configure.ac Makefile.am 2>/dev/null
	# shellcheck disable=SC2086	# a list of folders
	for glob in '*.sh' '*.bats' '*.bash' '*.mk' '*.py' '*.exp'; do files "$glob" $folders tests bench; done
)
mapfile -t texts < <(
	ls README.md NEWS HACKING.md .clang-format .editorconfig .gitignore 2>/dev/null
	files '*.md' docs
	files '*.8' man
)

# matches PATTERN ALLOWED...: lines of code with PATTERN in files that are not ALLOWED (globs).
matches() {
	local pattern=$1 where glob

	shift
	code "${ours[@]}" | grep -E "^[^:]*:[0-9]*:.*$pattern" | while read -r where; do
		for glob in "$@"; do
			# shellcheck disable=SC2053	# a glob on purpose
			[[ ${where%%:*} == $glob ]] && continue 2
		done
		echo "$where"
	done
}

mapfile -t programs < <(grep -lE '^int main\(' "${ours[@]}" /dev/null)

no_tag() {
	local f

	for f in "${all_c[@]}"; do
		case $(head -n 1 "$f") in
		'/* SPDX-License-Identifier: '*' */') ;;
		*) echo "$f" ;;
		esac
	done
	for f in "${scripts[@]}"; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier:' || echo "$f"
	done
}

longer_than() {
	local most=$1 f n

	shift
	for f in "$@"; do
		n=$(wc -l <"$f")
		[ "$n" -le "$most" ] || echo "$f: $n lines"
	done
}

# Kernel style: a function's braces, and no others, stand alone in the first column.
long_functions() {
	awk '
	FNR == 1 { start = 0 }
	/^[a-z].*\(/ { head = FNR }
	/^\{$/ { start = head ? head : FNR }
	/^\}$/ && start {
		if (FNR - start + 1 > 60)
			print FILENAME ":" start ": " FNR - start + 1 " lines"
		start = 0; head = 0
	}' "${all_c[@]}" /dev/null
}

wide_lines() {
	local f

	for f in "${all_c[@]}"; do
		expand -t 8 "$f" | awk -v f="$f" 'length($0) > 100 { print f ":" NR ": " length($0) " columns" }'
	done
}

no_final_newline() {
	local f

	for f in "${all_c[@]}" "${scripts[@]}" "${texts[@]}"; do
		[ ! -s "$f" ] || [ -z "$(tail -c 1 "$f")" ] || echo "$f"
	done
}

trailing_space() {
	grep -HnE '[[:space:]]+$' "${all_c[@]}" "${scripts[@]}" "${texts[@]}" /dev/null
}

# A guard of a header and a question about the machine are no second path.
stray_conditionals() {
	matches '#[[:space:]]*(if|ifdef|ifndef|elif)\b' 'base/sys.[ch]' |
		grep -vE ':#ifndef [A-Z0-9_]+_H$' |
		grep -vE '__(x86_64|aarch64|riscv|i386)__|__SANITIZE_ADDRESS__|__has_feature'
}

unfinished() {
	grep -HnwE 'FIXME|TODO|XXX' "${all_c[@]}" "${scripts[@]}" /dev/null | grep -v '^tests/lint/'
}

no_tag                                 | claim "every source names its licence first"
matches '\bgoto\b'                     | claim "there is no goto"
matches '\btypedef struct\b'           | claim "there is no typedef struct"
matches '(^|[^_[:alnum:]>.])exit[[:space:]]*\(' base/mem.c cli/main.c runtime/keeper.c "${programs[@]}" |
	claim "only base/mem.c, the keeper and a program's main call exit"
matches '\b(stderr|perror)\b' base/mem.c base/log.c runtime/keeper.c 'cli/*' "${programs[@]}" |
	claim "below cli/, only the keeper and base/log.c write to stderr"
stray_conditionals                     | claim "only base/sys.c asks what kernel or libc this is"
longer_than 600 "${all_c[@]}"          | claim "a file has at most 600 lines"
mapfile -t headers < <(printf '%s\n' "${all_c[@]}" | grep '\.h$')
longer_than 150 "${headers[@]}"        | claim "a header has at most 150 lines"
long_functions                         | claim "a function has at most 60 lines"
wide_lines                             | claim "a line has at most 100 columns"
trailing_space                         | claim "no line ends in space"
no_final_newline                       | claim "every file ends in a newline"
unfinished                             | claim "nothing is left to do"
done_claims
