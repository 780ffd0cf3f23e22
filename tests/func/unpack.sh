#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Good and hostile archives through zone-unpack, each with what must become of it, and a good one
# cut and flipped. tests/hostile/archives.sh sends them through zonectl, in the long form.

command -v python3 >/dev/null || { echo "1..0 # SKIP needs python3"; exit 0; }
exec python3 "$ZONE_SRCDIR/tests/lib/archives.py" all "$ZONE_BUILDDIR/zone-unpack"
