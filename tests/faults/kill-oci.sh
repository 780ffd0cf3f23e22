#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# J4 for containers: zone-oci and everything that it started is killed at each system call that changes
# something, one by one, then zone-oci alone; then state finds a status that has a name, and delete
# leaves nothing.
# STRIDE=N in the environment tries every Nth call only.

. "$(dirname "${BASH_SOURCE[0]}")/../hostile/lib.bash"
# shellcheck source=tests/hostile/oci.bash
. "$(dirname "${BASH_SOURCE[0]}")/../hostile/oci.bash"

walk=$ZONE_BUILDDIR/tests/faults/faultwalk
stride=${STRIDE:-1}
program=("$ZONE_BUILDDIR/zone-oci" --root "$box/run")

status_of() {
	oci state k 2>/dev/null | sed -n 's/^ *"status": "\(.*\)",*$/\1/p'
}

is_stopped() {
	[ "$(status_of)" = stopped ]
}

create() {
	oci create -b "$bundle" k </dev/null >/dev/null 2>"$box/said" || attempt "create: $(<"$box/said")" 1
}

running() {
	create && oci start k
}

prepare() {
	case $1 in
	create|run)        ;;
	start|'delete -f') create ;;
	delete)            running && oci kill k KILL && wait_for 10 is_stopped ;;
	resume)            running && oci pause k ;;
	*)                 running ;;
	esac
}

# What must be true of the container, and how it ends, after a verb that was killed.
ended() {
	local verb=$1 status said

	status=$(status_of)
	[[ " creating created running paused stopped " == *" ${status:-creating} "* ]] || { echo "status '$status'"; return; }
	said=$(oci list 2>&1 >/dev/null) || { echo "list: $said"; return; }
	case $verb in
	exec|update)
		[ "$status" = running ] || { echo "the container is $status"; return; }
		said=$(oci exec k true 2>&1 </dev/null) || { echo "exec: $said"; return; }
		;;
	esac
	case $verb in
	delete)	said=$(oci delete k 2>&1) || [[ "$said" == *'does not exist'* ]] || echo "delete: $said" ;;
	*)      said=$(oci delete -f k 2>&1) || echo "delete --force: $said" ;;
	esac
}

is_over() {
	oci_nothing_left >/dev/null && ! pgrep -x sleep >/dev/null
}

remains() {
	wait_for 5 is_over && return
	oci_nothing_left
	pgrep -ax sleep
}

# After a failure the next point begins with nothing all the same.
clean_up() {
	pkill -KILL -x 'sleep|zone-oci'
	oci delete -f k 2>/dev/null
	groups_of_store '/oci*' | sort -r | xargs -r rmdir 2>/dev/null
	rm -rf --one-file-system "$box/run"
}

# point VERB K COMMAND...: one kill and what comes of it.
point() {
	local verb=$1 k=$2 why

	shift 2
	prepare "$verb"
	timeout -k 1 30 "$walk" "$k" "${program[@]}" "$@" >"$box/walk" 2>&1 </dev/null
	grep -q '^killed' "$box/walk" && killed=$((killed + 1))
	why=$(ended "$verb")
	[ -z "$why" ]
	attempt "$verb, $(<"$box/walk"): $why" $?
	why=$(remains)
	[ -z "$why" ] || { attempt "$verb, $(<"$box/walk"), left: $why" 1; clean_up; }
}

calls_of() {
	local verb=$1

	shift
	prepare "$verb"
	# A container has its creator's streams for as long as it lives, so no pipe.
	timeout -k 1 30 "$walk" 0 "${program[@]}" "$@" >"$box/walk" 2>&1 </dev/null
	oci delete -f k
	sed -n 's/^calls //p' "$box/walk"
}

# One that writes down nothing of what it makes.
naive_leaves() {
	local group status

	group=$(groups_of_store '' | head -n 1)/oci-naive
	timeout -k 1 10 "$walk" 0 busybox mkdir "$group" >/dev/null
	oci delete -f k
	[ -n "$(oci_nothing_left)" ]
	status=$?
	rmdir "$group"
	return $status
}

verb_walk() {
	local verb=$1 n k who killed=0

	shift
	n=$(calls_of "$verb" "$@")
	for who in '' first:; do
		for ((k = 1; k <= ${n:-0}; k += stride)); do
			point "$verb" "$who$k" "$@"
		done
	done
	# The number of calls varies a little from run to run, so some late points are not reached.
	[ "$killed" -gt $((cases / 2)) ] || attempt "only $killed of $cases were killed" 1
	caught naive_leaves
	score J4 "zone-oci $verb killed at every $([ "$stride" -eq 1 ] || echo "${stride}th ")call: $n calls, $killed kills"
}

store_open
oci_open
mkdir "$box/run"
hook="[{'path': '/bin/true'}]"
config "p['args'] = ['sleep', '98765']" \
	"l['resources'] = {'pids': {'limit': 50}, 'devices': [{'allow': False, 'access': 'rwm'}]}" \
	"c['hooks'] = {k: $hook for k in ('createRuntime', 'poststart', 'poststop')}"
echo '{"pids": {"limit": 40}, "memory": {"limit": 67108864}}' >"$box/limits"
create && oci delete -f k
verb_walk create create -b "$bundle" k
# Of which most is what create is walked for above.
stride=$((4 * stride)) verb_walk run run -d -b "$bundle" k
verb_walk start start k
verb_walk exec exec k true
verb_walk pause pause k
verb_walk resume resume k
verb_walk update update -r "$box/limits" k
verb_walk kill kill k TERM
verb_walk delete delete k
verb_walk 'delete -f' delete -f k
verb_walk 'delete -f of a running one' delete -f k
done_scores
