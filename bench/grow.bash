# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154	# what lib.bash sets
# What the next zone costs when N are there, for scripts that load this after lib.bash and limit.bash.

GROW_ROUNDS=7
grown=0
grow_first=''		# the first number that was measured
grow_limits=1		# the next number of a limit

# grow_to N: N zones of minimal, with routed network, run. They are g1 to gN.
grow_to() {
	[ "$1" -gt "$grown" ] || return 0
	zonectl create -q "g{$((grown + 1))..$1}" -t minimal -j 2
	zonectl boot -q "g{$((grown + 1))..$1}" -j 2
	grown=$1
}

grow_looks() {
	local z=("$ZONECTL" --root "$store")

	"$tools/timer" "$GROW_ROUNDS" 1 \
		create "${z[@]}" create next -t minimal ::: \
		boot "${z[@]}" boot next ::: \
		halt "${z[@]}" halt next ::: \
		destroy "${z[@]}" destroy -y next ::: \
		list "${z[@]}" list ::: \
		stat "${z[@]}" stat :::
}

# Beside the others; each has a number of its own.
grow_limit() {
	local i from

	for ((i = 0; i < GROW_ROUNDS; i++)); do
		limit_boot "$grow_limits"
		from=${EPOCHREALTIME/[^0-9]/}
		"${limit_command[@]}"
		awk -v us=$((${EPOCHREALTIME/[^0-9]/} - from)) 'BEGIN { print us / 1000 }'
		limit_end "$grow_limits"
		"${limit_command[@]}"
		grow_limits=$((grow_limits + 1))
	done | three
	# The loop ran in a process of its own.
	grow_limits=$((grow_limits + GROW_ROUNDS))
}

# grow_measure: a row of the table that grow_head begins, and points of the chart "scaling".
grow_measure() {
	local name value row="| $grown |"

	grow_first=${grow_first:-$grown}
	grow_looks >"$work/grown"
	grow_limit >"$work/grown.limit"
	read -r value _ <"$work/grown.limit"
	point scaling 'boot, limit' "$grown" "$value"
	printf 'limit\t-\t%s\n' "$value" >>"$work/grown"
	for name in create boot limit halt destroy list stat; do
		value=$(column "$work/grown" "$name" 3)
		row+=" ${value:--} |"
		[ "$name" = limit ] || point scaling "$name" "$grown" "$value"
	done
	echo "$row"
}

grow_head() {
	printf '| zones running | create | boot | boot, limit | halt | destroy | list | stat |\n'
	printf '|---|---|---|---|---|---|---|---|\n'
}

# grow_value SERIES N: what grow_measure found.
grow_value() {
	sed -n "s/.*\"series\": \"$1\", \"n\": $2, \"value\": \([0-9.]*\)}/\1/p" "$work/points" | tail -n 1
}

# grow_claim NAME LIMIT-GROWTH LIMIT
grow_claim() {
	local own

	own=$(ratio "$(grow_value "$1" "$grown")" "$(grow_value "$1" "$grow_first")")
	figure "$1 at $grown zones to $1 at $grow_first$4" "$(ratio "$own" "$2")" "$3" "$own${4:+, the limit $2}"
}

# A logarithm that is held to a constant: a tenth more for each tenfold number of zones.
grow_claims() {
	local limits may

	limits=$(ratio "$(grow_value 'boot, limit' "$grown")" "$(grow_value 'boot, limit' "$grow_first")")
	may=$(awk -v n="$grown" -v first="$grow_first" 'BEGIN { printf "%.2f", 1 + 0.1 * log(n / first) / log(10) }')
	figures 'Logarithmic: at most a tenth more for each tenfold number of zones.'
	grow_claim create 1 "<= $may" ''
	grow_claim boot "$limits" "<= $may" ', beyond the growth of the limit'
}
