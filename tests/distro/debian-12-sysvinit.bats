#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 12 with sysvinit, as a user would have it: unchanged, clean up and clean down.

export RECIPE=debian-12-sysvinit
export KIND=sysvinit
load ../lib/debian

setup_file() { debian_open; }
teardown_file() { store_close; }
setup() { debian_setup; }

@test "Debian 12 with sysvinit boots to a clean state" {
	claim_boots_clean
}

@test "login to Debian 12 with sysvinit is a session that who knows of" {
	claim_login_works
}

@test "sshd of Debian 12 with sysvinit answers, with keys made for this zone" {
	claim_ssh_answers
}

@test "ssh=on-demand and ssh=inside hold for sysvinit too" {
	claim_ssh_is_whose_it_is_told
}

@test "users are added to Debian 12 with sysvinit and own what they make" {
	claim_users_work
}

@test "apt and dpkg of Debian 12 with sysvinit are ready" {
	claim_packages_work
}

@test "Debian 12 with sysvinit reboots from inside" {
	claim_reboots_from_inside
}

@test "Debian 12 with sysvinit is shut down by its init in less than 5 s" {
	claim_shuts_down_quickly
}
