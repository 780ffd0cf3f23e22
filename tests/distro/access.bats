#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 12 as others' large programs reach it.

export RECIPE=debian-12
export KIND=systemd
export PACKAGES=git,python3
load ../lib/debian

setup_file() { debian_open; }
teardown_file() { store_close; }
setup() { debian_setup; }

@test "git pushes to Debian 12 and clones from it" {
	claim_git_works
}

@test "Ansible's ping and setup answer by what list --ansible prints" {
	claim_ansible_works
}
