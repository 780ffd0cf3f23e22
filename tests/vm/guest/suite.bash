# SPDX-License-Identifier: GPL-2.0-or-later
# The functional tests named in /vm/files, each of their claims a claim here.

. /vm/tap.bash
export ZONE_SRCDIR=/vm/src ZONE_BUILDDIR=/vm/build ZONECTL=/vm/build/zonectl
# shellcheck disable=SC2154 # tap.bash's
export ZONE_TEST_PATIENCE=$patience

# Numbers the claims of a file on, and drops its plan; what did not keep to it is a claim that fails.
claims_of() {
	local file=$1 line planned=-1 seen=0

	while read -r line; do
		case $line in
		1..*) planned=${line#1..} ;;
		ok\ * | not\ ok\ *)
			claims=$((claims + 1)) seen=$((seen + 1))
			sed -E "s/^((not )?ok) [0-9]+/\1 $claims - $file:/" <<<"$line"
			;;
		*) echo "# ${line#\# }" ;;
		esac
	done
	[ "$planned" -eq "$seen" ] || claim "$file: all of it is run ($seen of $planned)" false
}

for file in $(cat /vm/files); do
	before=$SECONDS
	claims_of "$file" < <("$ZONE_SRCDIR/tests/lib/alone.sh" bats --tap "$ZONE_SRCDIR/tests/func/$file" 2>&1)
	echo "# $file: $((SECONDS - before)) s"
done
done_claims
