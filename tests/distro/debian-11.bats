#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 11, as a user would have it: unchanged, clean up and clean down.

export RECIPE=debian-11
export KIND=systemd
load ../lib/debian

setup_file() { debian_open; }
teardown_file() { store_close; }
setup() { debian_setup; }

@test "Debian 11 boots to a clean state" {
	claim_boots_clean
}

@test "login to Debian 11 is a session that who knows of" {
	claim_login_works
}

@test "sshd of Debian 11 answers, with keys made for this zone" {
	claim_ssh_answers
}

@test "Debian 11 has a machine-id of its own" {
	claim_has_own_identity
}

@test "users are added to Debian 11 and own what they make" {
	claim_users_work
}

@test "apt and dpkg of Debian 11 are ready" {
	claim_packages_work
}

@test "Debian 11 reboots from inside" {
	claim_reboots_from_inside
}

@test "Debian 11 is shut down by its init in less than 5 s" {
	claim_shuts_down_quickly
}
