#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 12, as a user would have it: clean up and clean down.

export RECIPE=debian-12
export KIND=systemd
export PACKAGES=rsync,dropbear-bin,vim-tiny,htop,tmux
load ../lib/debian

setup_file() { debian_open; }
teardown_file() { store_close; }
setup() { debian_setup; }

@test "Debian 12 boots to a clean state" {
	claim_boots_clean
}

@test "login to Debian 12 is a session that who knows of" {
	claim_login_works
}

@test "an editor of Debian 12 looks as it does outside" {
	claim_editor_looks_as_outside
}

@test "full-screen programs of Debian 12 work, and leave a whole terminal when the zone ends" {
	claim_full_screen_programs_work
}

@test "sshd of Debian 12 answers, with keys made for this zone" {
	claim_ssh_answers
}

@test "ssh enters Debian 12 without a prompt, by its address and without one" {
	claim_ssh_works
}

@test "plain ssh and scp reach Debian 12 by what ssh-config prints" {
	claim_ssh_config_works
}

@test "rsync reaches Debian 12 by what ssh-config prints" {
	claim_rsync_works
}

@test "what list --ansible prints leads into Debian 12" {
	claim_ansible_inventory_works
}

@test "with ssh=on-demand nothing of ssh runs until somebody comes" {
	claim_ssh_on_demand
}

@test "many sessions at once reach the zones they mean" {
	claim_ssh_reaches_whom_it_means
}

@test "where there is no OpenSSH, ssh=on-demand starts dropbear" {
	claim_dropbear_works
}

@test "ssh into Debian 12 is refused with another key and with one that has expired" {
	claim_ssh_refuses_keys
}

@test "ssh refuses a server that is not the zone's" {
	claim_ssh_knows_its_server
}

@test "Debian 12 has a machine-id of its own" {
	claim_has_own_identity
}

@test "users are added to Debian 12 and own what they make" {
	claim_users_work
}

@test "apt and dpkg of Debian 12 are ready" {
	claim_packages_work
}

@test "Debian 12 is reinstalled, with an identity of its own but for what is kept" {
	claim_is_reinstalled
}

@test "Debian 12 reboots from inside" {
	claim_reboots_from_inside
}

@test "Debian 12 is shut down by its init in less than 5 s" {
	claim_shuts_down_quickly
}
