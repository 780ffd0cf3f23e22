#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# alone.sh COMMAND...: runs it in a network namespace of its own, with nothing in it but a raised lo:
# what zones of a test do to links, routes, sysctls and nft tables is not done to this machine.
# ZONE_TEST_OUTSIDE is the namespace that it comes from. Other than root just runs it.

set -e
[ "$(id -u)" -eq 0 ] || exec "$@"
if [ -z "${ZONE_TEST_OUTSIDE:-}" ]; then
	export ZONE_TEST_OUTSIDE="/proc/$PPID/ns/net"
	exec unshare --net -- "$0" "$@"
fi
ip link set lo up
# Else the first zone's boot would do it, and say so.
sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
exec "$@"
