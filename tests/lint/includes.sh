#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include whom (HACKING.md, sections 1 and 11).

. "$(dirname "${BASH_SOURCE[0]}")/lint.bash"

folders="base cgroups disks netns templates runtime cli oci"

# Where an include of ours comes from: "file:line folder".
our_includes() {
	local folder=$1

	files '*.[ch]' "$folder" | xargs -r grep -Hn '^[[:space:]]*#[[:space:]]*include "' /dev/null |
		sed -E 's/^([^:]*:[0-9]*):[^"]*"([^"]*)".*/\1 \2/'
}

upward() {
	local folder may where what

	for folder in $folders; do
		case $folder in
		base)                    may="base" ;;
		cgroups|disks|netns|templates) may="base $folder" ;;
		runtime)                 may="base cgroups disks netns templates runtime" ;;
		cli|oci)                 may="base cgroups disks netns templates runtime $folder" ;;
		esac
		our_includes "$folder" | while read -r where what; do
			case " $may " in
			*" ${what%%/*} "*) ;;
			*) echo "$where: $folder/ may not include $what" ;;
			esac
		done
	done
}

not_from_the_top() {
	local folder where what

	for folder in $folders tests; do
		our_includes "$folder" | while read -r where what; do
			case $what in
			*/*) ;;
			*) echo "$where: $what" ;;
			esac
		done
	done
}

own_header_not_first() {
	local c first

	# shellcheck disable=SC2086	# a list of folders
	for c in $(files '*.c' $folders); do
		[ -f "${c%.c}.h" ] || continue
		first=$(grep -m 1 '^[[:space:]]*#[[:space:]]*include' "$c")
		[ "$first" = "#include \"${c%.c}.h\"" ] || echo "$c: begins with $first"
	done
}

# System before ours, each group sorted; the own header stands before both.
out_of_order() {
	# shellcheck disable=SC2086
	files '*.[ch]' $folders | xargs -r awk '
	FNR == 1 { last_sys = last_our = ""; own = FILENAME; sub(/\.c$/, ".h", own) }
	/^#[ \t]*include[ \t]*</ {
		name = $0; sub(/^[^<]*</, "", name); sub(/>.*/, "", name)
		if (last_our != "")
			print FILENAME ":" FNR ": <" name "> after \"" last_our "\""
		else if (name < last_sys)
			print FILENAME ":" FNR ": <" name "> after <" last_sys ">"
		last_sys = name
	}
	/^#[ \t]*include[ \t]*"/ {
		name = $0; sub(/^[^"]*"/, "", name); sub(/".*/, "", name)
		if (name == own) next
		if (name < last_our)
			print FILENAME ":" FNR ": \"" name "\" after \"" last_our "\""
		last_our = name
	}'
}

# includers PATTERN ALLOWED...: files that include <PATTERN> and are not among ALLOWED (globs).
includers() {
	local pattern=$1 file glob

	shift
	# shellcheck disable=SC2086
	files '*.[ch]' $folders tests | xargs -r grep -lE "^[[:space:]]*#[[:space:]]*include <($pattern)>" /dev/null |
		while read -r file; do
			for glob in "$@"; do
				# shellcheck disable=SC2053	# a glob on purpose
				[[ $file == $glob ]] && continue 2
			done
			echo "$file"
		done
}

# The same for words of code.
users() {
	local pattern=$1 where glob

	shift
	# shellcheck disable=SC2046,SC2086
	code $(files '*.[ch]' $folders) | grep -E "^[^:]*:[0-9]*:.*$pattern" | while read -r where; do
		for glob in "$@"; do
			# shellcheck disable=SC2053
			[[ ${where%%:*} == $glob ]] && continue 2
		done
		echo "$where"
	done
}

upward                | claim "includes point down"
not_from_the_top      | claim "includes are written from the top of the tree"
own_header_not_first  | claim "a source includes its own header first"
out_of_order          | claim "system headers come before ours, both sorted"
includers 'yajl/.*' 'base/json*.c'                        | claim "only base/json.c includes yajl"
includers 'archive(_entry)?\.h' 'templates/unpack*.c' templates/pack.c 'tests/*' | claim "only the unpacker and the packer include libarchive"
includers '(n?curses|term)\.h' cli/top_view.c              | claim "only the screen of top includes ncurses"
includers 'sys/capability\.h' runtime/caps.c              | claim "only runtime/caps.c includes libcap"
includers 'seccomp\.h' 'runtime/filter*.c' 'templates/*_sandbox.c' oci/seccomp.c tests/unit/test_filter.c \
	tests/unit/test_table.c | claim "only the filters include libseccomp"
includers 'sodium.*' base/ed25519.c                      | claim "only base/ed25519.c includes libsodium"
users '\b(SYS_openat2|__NR_openat2|sys_openat2)\b' base/path.c 'base/sys.[ch]' |
	claim "only base/path.c walks paths with openat2"
users '\bAF_NETLINK\b' netns/nl.c runtime/filter_table.c   | claim "only netns/nl.c opens netlink sockets"
done_claims
