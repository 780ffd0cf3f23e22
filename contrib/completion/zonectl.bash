# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for zonectl. Verbs, options, properties and their words are what "zonectl help" prints
# from the program's own tables, so that there is nothing here to keep in step.

# The program that is being typed, on the store that is being typed; both are set by _zonectl.
_zonectl_ask() {
	"${program[@]}" "$@" 2>/dev/null
}

_zonectl_verbs() {
	_zonectl_ask help | awk '/^[a-z]+:$/ { group = $1 }
		/^  [a-z]/ && group != "options:" { sub(/^  /, ""); sub(/  .*/, ""); print }'
}

# Rows of options: those that every verb has and those of verb $1. The properties that help lists
# are options too, but not of set.
_zonectl_rows() {
	_zonectl_ask help | grep '^  -'
	case $1 in
	'') ;;
	set) _zonectl_ask help set | sed '/^properties/,$d' | grep '^  -' ;;
	*) _zonectl_ask help "$1" | grep '^  -' ;;
	esac
}

_zonectl_assignments() {
	_zonectl_ask help set | sed -n '/^properties/,/^example/p' |
		sed -nE 's/^  (--)?([a-z-]+)[ =][^ ].*/\2=/p'
}

# What option $2 of verb $1 takes, as help names it: "SIZE", "no|yes|last", or nothing.
_zonectl_operand() {
	case $2 in
	--*) _zonectl_rows "$1" | sed -nE "s/^  (-[A-Za-z], )?$2 ([^ ]+).*/\2/p" ;;
	-?)  _zonectl_rows "$1" | sed -nE "s/^  $2, --[a-z-]+ ([^ ]+).*/\1/p" ;;
	esac
}

# Words for an operand; for one that is a file, nothing, and readline's own completion takes over.
_zonectl_words() {
	case $1 in
	*'|'*)                       tr '|' '\n' <<<"$1" ;;
	PLAN)                        _zonectl_ask plan list -H -o name ;;
	TEMPLATE)                    _zonectl_ask template list -H -o name ;;
	NAME|NAME...|ZONE|PATTERN*)  _zonectl_ask list -a -H -o name ;;
	VERB)                        _zonectl_verbs | cut -d ' ' -f 1 | sort -u ;;
	STATE) printf '%s\n' incomplete configured installed ready running frozen shutting_down down ;;
	esac
}

# What follows verb $1.
_zonectl_operands() {
	local operands

	operands=$(_zonectl_ask help "$1" | sed -nE "1s/^usage: zonectl $1 ?//p")
	case $1 in
	create|run|'template build'|'template import') return ;;
	'template make') operands=ZONE ;;
	'template '*) operands=TEMPLATE ;;
	'plan show') operands=PLAN ;;
	set) _zonectl_assignments ;;
	esac
	operands=${operands%% *}
	operands=${operands#[}
	_zonectl_words "${operands%]}"
}

# The verb among the words before the cursor, in $verb, and --root, in $program.
_zonectl_parse() {
	local i word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--root|-j|--jobs)
			[ "${COMP_WORDS[i + 1]-}" != = ] || ((i++))
			[ "$word" != --root ] || program+=(--root "${COMP_WORDS[i + 1]-}")
			((i++)) ;;
		--) is_command=1; return ;;
		-*) ;;
		template|net|plan|pool) [ -n "$verb" ] || verb=$word ;;
		*) [[ ! $verb =~ ^(template|net|plan|pool)$ ]] || verb+=" $word"
		   [ -n "$verb" ] || verb=$word ;;
		esac
	done
}

_zonectl() {
	local program=("$1") verb='' is_command='' current=$2 before=$3 words operand

	COMPREPLY=()
	_zonectl_parse
	[ -z "$is_command" ] || return
	[ "$current" != = ] || current=
	[ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
	operand=$(_zonectl_operand "$verb" "$before")
	if [ -n "$operand" ]; then
		words=$(_zonectl_words "$operand")
	elif [[ $current == -* ]]; then
		words=$(_zonectl_rows "$verb" | grep -oE '^  (-[A-Za-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
			sort -u)
	elif [ -z "$verb" ]; then
		words=$(_zonectl_words VERB)
	elif [[ $verb =~ ^(template|net|plan|pool)$ ]]; then
		words=$(_zonectl_verbs | sed -n "s/^$verb //p")
	else
		words=$(_zonectl_operands "$verb")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	# A value follows at once.
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}

complete -o default -F _zonectl zonectl
