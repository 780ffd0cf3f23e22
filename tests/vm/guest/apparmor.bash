# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # bundle is container.bash's
# Profiles of AppArmor: a container is under the one that is asked for, from its first instruction.

. /vm/tap.bash
. /vm/container.bash

profiles_load() {
	local name

	says Y cat /sys/module/apparmor/parameters/enabled
	for name in box other; do
		cat <<-END
		profile zone-$name flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, signal, ptrace, unix, mount, umount,
			deny /etc/not-$name wl,
		}
		END
	done >/run/profiles
	apparmor_parser -r /run/profiles
	grep "zone-box (enforce)" /sys/kernel/security/apparmor/profiles
}

# configured PROFILE NAME=JSON...: the process has it.
configured() {
	local profile=$1

	shift
	configure "$@"
	sed -i "s|\"cwd\": \"/\"|&, \"apparmorProfile\": \"$profile\"|" "$bundle/config.json"
}

under() {
	says "$1 (enforce)" cat "/proc/$(box_pid)/attr/current"
}

first_process() {
	configured zone-box
	created
	oci start box
	within 10 under zone-box
}

denies() {
	says "zone-box (enforce)" oci exec box cat /proc/self/attr/current
	fails_with 1 "Permission denied" oci exec box sh -c ': >/etc/not-box'
	oci exec box sh -c ': >/etc/not-other'
}

another() {
	says "zone-other (enforce)" oci exec --apparmor zone-other box cat /proc/self/attr/current
	fails_with 1 "Permission denied" oci exec --apparmor zone-other box sh -c ': >/etc/not-other'
	fails_with 255 "process.apparmorProfile: apparmor failed to apply profile" oci exec --apparmor zone-none box true
	oci delete --force box
}

not_loaded() {
	configured zone-none
	fails_with 1 "process.apparmorProfile: apparmor failed to apply profile" oci run --bundle "$bundle" box
	says "" oci list -q
}

hardened() {
	configured zone-box noNewPrivileges=true caps='["CAP_SYS_PTRACE"]'
	created
	oci start box
	within 10 under zone-box
	denies
	oci delete --force box
}

claim "a bundle is made" bundle_is_made
claim "two profiles are loaded" profiles_load
claim "the first process is under the profile of the configuration" first_process
claim "it denies, and exec is under it too" denies
claim "exec takes another, and none that is not loaded" another
claim "a profile that is not loaded is refused by name" not_loaded
claim "with no_new_privs, and out of a tracer's sight, it is the same" hardened
done_claims
