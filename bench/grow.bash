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
		stat "${z[@]}" stat ::: \
		files "$tools/create_limit" create "$store" limit ::: \
		- "$tools/create_limit" destroy "$store" limit :::
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
	for name in create files boot limit halt destroy list stat; do
		value=$(column "$work/grown" "$name" 3)
		row+=" ${value:--} |"
		case $name in
		limit) ;;
		files) point scaling 'create, limit' "$grown" "$value" ;;
		*) point scaling "$name" "$grown" "$value" ;;
		esac
	done
	echo "$row"
}

grow_head() {
	printf '| zones running | create | create, limit | boot | boot, limit | halt | destroy | list | stat |\n'
	printf '|---|---|---|---|---|---|---|---|---|\n'
}

# grow_value SERIES N: what grow_measure found.
grow_value() {
	sed -n "s/.*\"series\": \"$1\", \"n\": $2, \"value\": \([0-9.]*\)}/\1/p" "$work/points" | tail -n 1
}

# grow_by SERIES: how much it grew.
grow_by() {
	ratio "$(grow_value "$1" "$grown")" "$(grow_value "$1" "$grow_first")"
}

# grow_claim NAME LIMIT
grow_claim() {
	local own limit

	own=$(grow_by "$1")
	limit=$(grow_by "$1, limit")
	figure "$1 at $grown zones to $1 at $grow_first, beyond the growth of the limit" \
		"$(ratio "$own" "$limit")" "$2" "$own, the limit $limit"
}

# A logarithm that is held to a constant: a tenth more for each tenfold number of zones.
grow_claims() {
	local may

	may=$(awk -v n="$grown" -v first="$grow_first" 'BEGIN { printf "%.2f", 1 + 0.1 * log(n / first) / log(10) }')
	figures 'Logarithmic: at most a tenth more for each tenfold number of zones.'
	grow_claim create "<= $may"
	grow_claim boot "<= $may"
}
