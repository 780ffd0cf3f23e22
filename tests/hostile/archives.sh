#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# C1 to C14: template archives of an attacker. Every archive of tests/lib/corpus_*.py is imported;
# afterwards the store, the canary beside it, /etc, $TMPDIR, mounts and processes are as they were.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

ZONE_SRCDIR=${ZONE_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
command -v python3 >/dev/null || { echo "1..0 # SKIP needs python3"; exit 0; }

# The archives' names lead here, from wherever below the store they are unpacked.
mkdir -p "$ZONECTL_ROOT/etc/zonectl" "$canary/dir"
echo precious >"$canary/file"
echo precious >"$canary/dir/file"
trap 'umount /etc; rm -rf --one-file-system "$box"' EXIT
# A copy, as store_open makes one.
cp -a /etc "$box/etc" && mount --bind "$box/etc" /etc || exit 1
mkdir -m 1777 "$box/tmp" && export TMPDIR=$box/tmp
z template list >/dev/null || exit 1

python3 "$ZONE_SRCDIR/tests/lib/imports.py" "$mode"
