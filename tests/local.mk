# SPDX-License-Identifier: GPL-2.0-or-later
# Tests are listed by name. A unit test is two lines, here sorted by file:
#   check_PROGRAMS += %D%/unit/test_path
#   tests_unit_test_path_SOURCES = %D%/unit/test_path.c
# and a functional test one: dist_check_SCRIPTS += %D%/func/boot.bats

# The specification's own schema and examples (Apache-2.0, licence beside them).
EXTRA_DIST += %D%/oci/schema

# unit
check_PROGRAMS += %D%/unit/test_cgroup
tests_unit_test_cgroup_SOURCES = %D%/unit/test_cgroup.c %D%/unit/cgroup_fixture.h
check_PROGRAMS += %D%/unit/test_cgroup_limits
tests_unit_test_cgroup_limits_SOURCES = %D%/unit/test_cgroup_limits.c %D%/unit/cgroup_fixture.h
check_PROGRAMS += %D%/unit/test_cgroup_stats
tests_unit_test_cgroup_stats_SOURCES = %D%/unit/test_cgroup_stats.c
check_PROGRAMS += %D%/unit/test_disk
tests_unit_test_disk_SOURCES = %D%/unit/test_disk.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_conntrack
tests_unit_test_conntrack_SOURCES = %D%/unit/test_conntrack.c
check_PROGRAMS += %D%/unit/test_ed25519
tests_unit_test_ed25519_SOURCES = %D%/unit/test_ed25519.c
check_PROGRAMS += %D%/unit/test_error
tests_unit_test_error_SOURCES = %D%/unit/test_error.c
check_PROGRAMS += %D%/unit/test_fd
tests_unit_test_fd_SOURCES = %D%/unit/test_fd.c
check_PROGRAMS += %D%/unit/test_json
tests_unit_test_json_SOURCES = %D%/unit/test_json.c
check_PROGRAMS += %D%/unit/test_limits
tests_unit_test_limits_SOURCES = %D%/unit/test_limits.c
check_PROGRAMS += %D%/unit/test_caps
tests_unit_test_caps_SOURCES = %D%/unit/test_caps.c
check_PROGRAMS += %D%/unit/test_filter
tests_unit_test_filter_SOURCES = %D%/unit/test_filter.c
check_PROGRAMS += %D%/unit/test_filter_load
tests_unit_test_filter_load_SOURCES = %D%/unit/test_filter_load.c
check_PROGRAMS += %D%/unit/test_lock
tests_unit_test_lock_SOURCES = %D%/unit/test_lock.c
check_PROGRAMS += %D%/unit/test_net
tests_unit_test_net_SOURCES = %D%/unit/test_net.c %D%/unit/net_fixture.h %D%/unit/net_place.h
check_PROGRAMS += %D%/unit/test_net_kinds
tests_unit_test_net_kinds_SOURCES = %D%/unit/test_net_kinds.c %D%/unit/net_fixture.h %D%/unit/net_place.h
check_PROGRAMS += %D%/unit/test_net_kill
tests_unit_test_net_kill_SOURCES = %D%/unit/test_net_kill.c %D%/unit/net_fixture.h %D%/unit/net_place.h
check_PROGRAMS += %D%/unit/test_net_rate
tests_unit_test_net_rate_SOURCES = %D%/unit/test_net_rate.c %D%/unit/net_fixture.h %D%/unit/net_place.h
check_PROGRAMS += %D%/unit/test_nl
tests_unit_test_nl_SOURCES = %D%/unit/test_nl.c
check_PROGRAMS += %D%/unit/test_num
tests_unit_test_num_SOURCES = %D%/unit/test_num.c
check_PROGRAMS += %D%/unit/test_path
tests_unit_test_path_SOURCES = %D%/unit/test_path.c
check_PROGRAMS += %D%/unit/test_treestream
tests_unit_test_treestream_SOURCES = %D%/unit/test_treestream.c
check_PROGRAMS += %D%/unit/test_pool
tests_unit_test_pool_SOURCES = %D%/unit/test_pool.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_proc
tests_unit_test_proc_SOURCES = %D%/unit/test_proc.c
check_PROGRAMS += %D%/unit/test_sha256
tests_unit_test_sha256_SOURCES = %D%/unit/test_sha256.c
check_PROGRAMS += %D%/unit/test_spec
tests_unit_test_spec_SOURCES = %D%/unit/test_spec.c
tests_unit_test_spec_LDADD = liboci.a $(LDADD)
check_PROGRAMS += %D%/unit/test_protobuf
tests_unit_test_protobuf_SOURCES = %D%/unit/test_protobuf.c
tests_unit_test_protobuf_LDADD = liboci.a $(LDADD)
check_PROGRAMS += %D%/unit/test_rdt
tests_unit_test_rdt_SOURCES = %D%/unit/test_rdt.c
tests_unit_test_rdt_LDADD = liboci.a $(LDADD)
check_PROGRAMS += %D%/unit/test_dbus
tests_unit_test_dbus_SOURCES = %D%/unit/test_dbus.c
check_PROGRAMS += %D%/unit/test_scope
tests_unit_test_scope_SOURCES = %D%/unit/test_scope.c
tests_unit_test_scope_LDADD = liboci.a $(LDADD)
check_PROGRAMS += %D%/unit/test_resources
tests_unit_test_resources_SOURCES = %D%/unit/test_resources.c
tests_unit_test_resources_LDADD = liboci.a $(LDADD)
check_PROGRAMS += %D%/unit/test_span
tests_unit_test_span_SOURCES = %D%/unit/test_span.c
check_PROGRAMS += %D%/unit/test_str
tests_unit_test_str_SOURCES = %D%/unit/test_str.c
check_PROGRAMS += %D%/unit/test_strv
tests_unit_test_strv_SOURCES = %D%/unit/test_strv.c
check_PROGRAMS += %D%/unit/test_table
tests_unit_test_table_SOURCES = %D%/unit/test_table.c
check_PROGRAMS += %D%/unit/test_table_packets
tests_unit_test_table_packets_SOURCES = %D%/unit/test_table_packets.c %D%/unit/net_fixture.h \
	%D%/unit/net_place.h %D%/unit/frame.h %D%/unit/frame_socket.h
check_PROGRAMS += %D%/unit/test_table_spoof
tests_unit_test_table_spoof_SOURCES = %D%/unit/test_table_spoof.c %D%/unit/net_fixture.h \
	%D%/hostile/forgery.c %D%/hostile/forgery.h \
	%D%/unit/net_place.h %D%/unit/frame.h %D%/unit/frame_socket.h
check_PROGRAMS += %D%/unit/test_table_last
tests_unit_test_table_last_SOURCES = %D%/unit/test_table_last.c
check_PROGRAMS += %D%/unit/test_table_zone
tests_unit_test_table_zone_SOURCES = %D%/unit/test_table_zone.c
check_PROGRAMS += %D%/unit/test_usage
tests_unit_test_usage_SOURCES = %D%/unit/test_usage.c
check_PROGRAMS += %D%/unit/test_top_model
tests_unit_test_top_model_SOURCES = %D%/unit/test_top_model.c cli/top_model.c cli/top_model.h
check_PROGRAMS += %D%/unit/test_users
tests_unit_test_users_SOURCES = %D%/unit/test_users.c %D%/unit/users_fixture.h
check_PROGRAMS += %D%/unit/test_users_bounds
tests_unit_test_users_bounds_SOURCES = %D%/unit/test_users_bounds.c %D%/unit/users_fixture.h
check_PROGRAMS += %D%/unit/test_config
tests_unit_test_config_SOURCES = %D%/unit/test_config.c
check_PROGRAMS += %D%/unit/test_property
tests_unit_test_property_SOURCES = %D%/unit/test_property.c
check_PROGRAMS += %D%/unit/test_site_config
tests_unit_test_site_config_SOURCES = %D%/unit/test_site_config.c
check_PROGRAMS += %D%/unit/test_address
tests_unit_test_address_SOURCES = %D%/unit/test_address.c
check_PROGRAMS += %D%/unit/test_addresses
tests_unit_test_addresses_SOURCES = %D%/unit/test_addresses.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_holdings
tests_unit_test_holdings_SOURCES = %D%/unit/test_holdings.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_guess
tests_unit_test_guess_SOURCES = %D%/unit/test_guess.c
check_PROGRAMS += %D%/unit/test_hostkeys
tests_unit_test_hostkeys_SOURCES = %D%/unit/test_hostkeys.c %D%/unit/guest_fixture.h
check_PROGRAMS += %D%/unit/test_hosts
tests_unit_test_hosts_SOURCES = %D%/unit/test_hosts.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_net_spec
tests_unit_test_net_spec_SOURCES = %D%/unit/test_net_spec.c
check_PROGRAMS += %D%/unit/test_uidmap
tests_unit_test_uidmap_SOURCES = %D%/unit/test_uidmap.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_vfork
tests_unit_test_vfork_SOURCES = %D%/unit/test_vfork.c
check_PROGRAMS += %D%/unit/test_brief
tests_unit_test_brief_SOURCES = %D%/unit/test_brief.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_zone
tests_unit_test_zone_SOURCES = %D%/unit/test_zone.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_create
tests_unit_test_create_SOURCES = %D%/unit/test_create.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_name_fuzz
tests_unit_test_name_fuzz_SOURCES = %D%/unit/test_name_fuzz.c
check_PROGRAMS += %D%/unit/test_crew
tests_unit_test_crew_SOURCES = %D%/unit/test_crew.c cli/crew.c cli/crew.h
check_PROGRAMS += %D%/unit/test_table_share
tests_unit_test_table_share_SOURCES = %D%/unit/test_table_share.c cli/table_share.c \
	cli/table_share.h cli/table.c cli/table.h cli/out.c cli/out.h cli/progress.c cli/progress.h
check_PROGRAMS += %D%/unit/test_fold
tests_unit_test_fold_SOURCES = %D%/unit/test_fold.c cli/fold.c cli/fold.h cli/names.c cli/names.h
check_PROGRAMS += %D%/unit/test_names
tests_unit_test_names_SOURCES = %D%/unit/test_names.c cli/names.c cli/names.h
check_PROGRAMS += %D%/unit/test_opt
tests_unit_test_opt_SOURCES = %D%/unit/test_opt.c cli/opt.c cli/opt.h
check_PROGRAMS += %D%/unit/test_process
tests_unit_test_process_SOURCES = %D%/unit/test_process.c
check_PROGRAMS += %D%/unit/test_progress
tests_unit_test_progress_SOURCES = %D%/unit/test_progress.c cli/progress.c cli/progress.h
check_PROGRAMS += %D%/unit/test_relay
tests_unit_test_relay_SOURCES = %D%/unit/test_relay.c
check_PROGRAMS += %D%/unit/test_screen
tests_unit_test_screen_SOURCES = %D%/unit/test_screen.c
check_PROGRAMS += %D%/unit/test_rename
tests_unit_test_rename_SOURCES = %D%/unit/test_rename.c %D%/unit/site_fixture.h
check_PROGRAMS += %D%/unit/test_ahead
tests_unit_test_ahead_SOURCES = %D%/unit/test_ahead.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_device_rules
tests_unit_test_device_rules_SOURCES = %D%/unit/test_device_rules.c %D%/unit/cgroup_fixture.h
check_PROGRAMS += %D%/unit/test_devices
tests_unit_test_devices_SOURCES = %D%/unit/test_devices.c %D%/unit/cgroup_fixture.h
check_PROGRAMS += %D%/unit/test_digest
tests_unit_test_digest_SOURCES = %D%/unit/test_digest.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_osinfo
tests_unit_test_osinfo_SOURCES = %D%/unit/test_osinfo.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_store
tests_unit_test_store_SOURCES = %D%/unit/test_store.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_tar_write
tests_unit_test_tar_write_SOURCES = %D%/unit/test_tar_write.c
check_PROGRAMS += %D%/unit/test_fleet
tests_unit_test_fleet_SOURCES = %D%/unit/test_fleet.c
check_PROGRAMS += %D%/unit/test_format
tests_unit_test_format_SOURCES = %D%/unit/test_format.c %D%/unit/tree_fixture.h

check_PROGRAMS += %D%/unit/test_metadata
tests_unit_test_metadata_SOURCES = %D%/unit/test_metadata.c %D%/unit/tree_fixture.h

check_PROGRAMS += %D%/unit/test_signals
tests_unit_test_signals_SOURCES = %D%/unit/test_signals.c

check_PROGRAMS += %D%/unit/test_clone
tests_unit_test_clone_SOURCES = %D%/unit/test_clone.c %D%/unit/tree_fixture.h
check_PROGRAMS += %D%/unit/test_unpack_headers
tests_unit_test_unpack_headers_SOURCES = %D%/unit/test_unpack_headers.c
check_PROGRAMS += %D%/unit/test_unpack_pax
tests_unit_test_unpack_pax_SOURCES = %D%/unit/test_unpack_pax.c
check_PROGRAMS += %D%/unit/test_unpack_name
tests_unit_test_unpack_name_SOURCES = %D%/unit/test_unpack_name.c
check_PROGRAMS += %D%/unit/test_unpack_ring
tests_unit_test_unpack_ring_SOURCES = %D%/unit/test_unpack_ring.c templates/unpack_ring.c templates/unpack_ring.h
check_PROGRAMS += %D%/unit/test_setup
tests_unit_test_setup_SOURCES = %D%/unit/test_setup.c %D%/unit/setup_fixture.h %D%/unit/guest_fixture.h
check_PROGRAMS += %D%/unit/test_setup_login
tests_unit_test_setup_login_SOURCES = %D%/unit/test_setup_login.c %D%/unit/setup_fixture.h %D%/unit/guest_fixture.h
check_PROGRAMS += %D%/unit/test_setup_net
tests_unit_test_setup_net_SOURCES = %D%/unit/test_setup_net.c %D%/unit/setup_fixture.h %D%/unit/guest_fixture.h
check_PROGRAMS += %D%/unit/test_property_users
tests_unit_test_property_users_SOURCES = %D%/unit/test_property_users.c
check_PROGRAMS += %D%/unit/test_setup_text
tests_unit_test_setup_text_SOURCES = %D%/unit/test_setup_text.c

# func
dist_check_SCRIPTS += %D%/func/apply.bats
dist_check_SCRIPTS += %D%/func/autoboot.bats
dist_check_SCRIPTS += %D%/func/boot.bats
dist_check_SCRIPTS += %D%/func/console.bats
dist_check_SCRIPTS += %D%/func/create.bats
dist_check_SCRIPTS += %D%/func/debian.bats
dist_check_SCRIPTS += %D%/func/doctor.bats
dist_check_SCRIPTS += %D%/func/exec.bats
dist_check_SCRIPTS += %D%/func/halt.bats
dist_check_SCRIPTS += %D%/func/login.bats
dist_check_SCRIPTS += %D%/func/terminal.bats
dist_check_SCRIPTS += %D%/func/hooks.bats
dist_check_SCRIPTS += %D%/func/oci.bats
dist_check_SCRIPTS += %D%/func/oci-bad.bats
dist_check_SCRIPTS += %D%/func/oci-checkpoint.bats
EXTRA_DIST += %D%/lib/criu.py
dist_check_SCRIPTS += %D%/func/oci-command.bats
dist_check_SCRIPTS += %D%/func/oci-config.bats %D%/func/oci-mounts.bats %D%/func/oci-process.bats
dist_check_SCRIPTS += %D%/func/oci-resources.bats
dist_check_SCRIPTS += %D%/func/oci-rootless.bats
dist_check_SCRIPTS += %D%/func/passwd.bats
dist_check_SCRIPTS += %D%/func/push.bats
dist_check_SCRIPTS += %D%/func/reboot.bats
dist_check_SCRIPTS += %D%/func/shutdown.bats
dist_check_SCRIPTS += %D%/func/destroy.bats
dist_check_SCRIPTS += %D%/func/disk.bats
dist_check_SCRIPTS += %D%/func/freeze.bats
dist_check_SCRIPTS += %D%/func/help.bats
dist_check_SCRIPTS += %D%/func/info.bats
dist_check_SCRIPTS += %D%/func/list.bats
dist_check_SCRIPTS += %D%/func/log.bats
dist_check_SCRIPTS += %D%/func/plan.bats
dist_check_SCRIPTS += %D%/func/pool.bats
dist_check_SCRIPTS += %D%/func/reinstall.bats
dist_check_SCRIPTS += %D%/func/upgrade.bats
dist_check_SCRIPTS += %D%/func/rename.bats
dist_check_SCRIPTS += %D%/func/neighbours.bats
dist_check_SCRIPTS += %D%/func/run.bats
dist_check_SCRIPTS += %D%/func/ps.bats %D%/func/stat.bats
dist_check_SCRIPTS += %D%/func/set.bats
dist_check_SCRIPTS += %D%/func/setup.bats
dist_check_SCRIPTS += %D%/func/shares.bats
dist_check_SCRIPTS += %D%/func/top.bats
dist_check_SCRIPTS += %D%/func/verify.bats
dist_check_SCRIPTS += %D%/func/wait.bats
dist_check_SCRIPTS += %D%/func/bad-input.bats
dist_check_SCRIPTS += %D%/func/crash.bats
dist_check_SCRIPTS += %D%/func/ending.bats
dist_check_SCRIPTS += %D%/func/errors.bats
dist_check_SCRIPTS += %D%/func/features.bats
dist_check_SCRIPTS += %D%/func/isolation.bats
dist_check_SCRIPTS += %D%/func/limits.bats
dist_check_SCRIPTS += %D%/func/names.bats
dist_check_SCRIPTS += %D%/func/many.bats
dist_check_SCRIPTS += %D%/func/net.bats
dist_check_SCRIPTS += %D%/func/net-kinds.bats
dist_check_SCRIPTS += %D%/func/net-addresses.bats
dist_check_SCRIPTS += %D%/func/net-names.bats
dist_check_SCRIPTS += %D%/func/repair.bats
dist_check_SCRIPTS += %D%/func/template-build.bats
dist_check_SCRIPTS += %D%/func/template-export.bats
dist_check_SCRIPTS += %D%/func/template-full.bats
dist_check_SCRIPTS += %D%/func/template-customize.bats
dist_check_SCRIPTS += %D%/func/template-import.bats
dist_check_SCRIPTS += %D%/func/template-formats.bats
dist_check_SCRIPTS += %D%/func/template-tools.bats
dist_check_SCRIPTS += %D%/func/template-list.bats
dist_check_SCRIPTS += %D%/func/template-make.bats
dist_check_SCRIPTS += %D%/func/template-remove.bats
dist_check_SCRIPTS += %D%/func/template-verify.bats
dist_check_SCRIPTS += %D%/func/template-versions.bats
dist_check_SCRIPTS += %D%/func/cli-manners.bats
dist_check_SCRIPTS += %D%/func/unpack.sh

# distributions that must boot clean: make check-distros
DISTRO_TESTS += %D%/distro/access.bats
DISTRO_TESTS += %D%/distro/alpine.bats
DISTRO_TESTS += %D%/distro/debian-11.bats
DISTRO_TESTS += %D%/distro/debian-12-plain.bats
DISTRO_TESTS += %D%/distro/debian-12-sysvinit.bats
DISTRO_TESTS += %D%/distro/debian-13.bats

# helpers of the tests, shipped but not run
EXTRA_DIST += %D%/lib/alone.sh
EXTRA_DIST += %D%/lib/bounded.sh %D%/lib/count.sh
EXTRA_DIST += %D%/lib/net.bash
EXTRA_DIST += %D%/lib/net.py
EXTRA_DIST += %D%/lib/oci.bash
EXTRA_DIST += %D%/lib/terminal.py
EXTRA_DIST += %D%/lib/unit.sh
EXTRA_DIST += %D%/lib/zone.bash
EXTRA_DIST += %D%/lib/debian.bash
EXTRA_DIST += %D%/lib/images.py %D%/lib/archives.py %D%/lib/corpus.py %D%/lib/corpus_bombs.py
EXTRA_DIST += %D%/lib/corpus_names.py %D%/lib/corpus_readers.py %D%/lib/corpus_tree.py
EXTRA_DIST += %D%/lib/sweep.py %D%/lib/tarraw.py %D%/lib/bombs.py %D%/lib/imports.py
EXTRA_DIST += %D%/lib/naive_untar.py %D%/lib/world.py
EXTRA_DIST += %D%/data/alpine-minirootfs-3.19.4-x86_64.tar.gz

# hostile: what a zone, a template or a stranger tries; make check runs a short form of each
EXTRA_DIST += %D%/hostile/answers.py
EXTRA_DIST += %D%/hostile/lib.bash %D%/hostile/oci.bash
EXTRA_PROGRAMS += %D%/hostile/evil.so %D%/hostile/inside %D%/hostile/naive %D%/hostile/spoof
TEST_TOOLS += %D%/hostile/evil.so %D%/hostile/inside %D%/hostile/naive %D%/hostile/spoof
tests_hostile_evil_so_SOURCES = %D%/hostile/evil.c
tests_hostile_evil_so_CFLAGS = -fPIC
tests_hostile_evil_so_LDFLAGS = -shared
tests_hostile_evil_so_LDADD =
# Runs in any root filesystem, so it needs nothing of it.
tests_hostile_inside_SOURCES = %D%/hostile/inside.c
tests_hostile_inside_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -Wshadow
tests_hostile_inside_LDFLAGS = -static
tests_hostile_inside_LDADD =
tests_hostile_naive_SOURCES = %D%/hostile/naive.c
tests_hostile_naive_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -Wshadow
tests_hostile_naive_LDFLAGS =
tests_hostile_naive_LDADD =
# static: it runs inside of zones, too
tests_hostile_spoof_SOURCES = %D%/hostile/spoof.c %D%/hostile/forgery.c %D%/hostile/forgery.h \
	%D%/unit/frame.h %D%/unit/frame_socket.h
tests_hostile_spoof_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -Wshadow
tests_hostile_spoof_LDFLAGS = -static
tests_hostile_spoof_LDADD =
HOSTILE_TESTS += %D%/hostile/paths.sh
HOSTILE_TESTS += %D%/hostile/mounts.sh
HOSTILE_TESTS += %D%/hostile/net.sh
HOSTILE_TESTS += %D%/hostile/access.sh
HOSTILE_TESTS += %D%/hostile/enter.sh
HOSTILE_TESTS += %D%/hostile/host.sh
HOSTILE_TESTS += %D%/hostile/races.sh
HOSTILE_TESTS += %D%/hostile/terminal.sh
HOSTILE_TESTS += %D%/hostile/life.sh
HOSTILE_TESTS += %D%/hostile/state.sh
HOSTILE_TESTS += %D%/hostile/setup.sh
HOSTILE_TESTS += %D%/hostile/archives.sh
HOSTILE_TESTS += %D%/hostile/templates.sh
HOSTILE_TESTS += %D%/hostile/oci.sh
HOSTILE_TESTS += %D%/hostile/oci_life.sh
dist_check_SCRIPTS += $(HOSTILE_TESTS)

# faults: what is left when a verb is killed anywhere
EXTRA_PROGRAMS += %D%/faults/faultwalk
TEST_TOOLS += %D%/faults/faultwalk
tests_faults_faultwalk_SOURCES = %D%/faults/faultwalk.c
tests_faults_faultwalk_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -Wshadow
tests_faults_faultwalk_LDFLAGS =
tests_faults_faultwalk_LDADD =
FAULT_TESTS += %D%/faults/kill.sh
FAULT_TESTS += %D%/faults/kill-oci.sh

# vm: hosts of their own, each with a kernel that is the floor; vm/ of the build keeps what they share
VM_TESTS += %D%/vm/v2.sh
VM_TESTS += %D%/vm/hybrid.sh
VM_TESTS += %D%/vm/v1.sh
VM_TESTS += %D%/vm/plain.sh
VM_TESTS += %D%/vm/apparmor.sh
EXTRA_DIST += %D%/vm/guest/apparmor.bash
VM_TESTS += %D%/vm/oci.sh
VM_TESTS += %D%/vm/oci-checkpoint.sh
EXTRA_DIST += %D%/vm/guest/oci-checkpoint.bash
VM_TESTS += %D%/vm/oci-hybrid.sh
VM_TESTS += %D%/vm/oci-rootless.sh
EXTRA_DIST += %D%/vm/guest/oci-hybrid.bash %D%/vm/guest/oci-rootless.bash
EXTRA_DIST += %D%/vm/guest/oci.bash %D%/vm/guest/container.bash
VM_TESTS += %D%/vm/debian.sh
VM_TESTS += %D%/vm/power.sh
VM_TESTS += %D%/vm/image.sh
VM_TESTS += %D%/vm/project.sh
VM_TESTS += %D%/vm/reboot.sh
VM_TESTS += %D%/vm/autoboot.sh
VM_TESTS += %D%/vm/cut.sh
VM_TESTS += %D%/vm/suite.sh
VM_TESTS += %D%/vm/suite-6.12.sh
VM_TESTS += %D%/vm/memory.sh
EXTRA_DIST += %D%/vm/guest/memory.bash
EXTRA_DIST += %D%/vm/guest/suite.bash
EXTRA_DIST += %D%/vm/guest/cut.bash
EXTRA_DIST += %D%/vm/guest/reboot.bash %D%/vm/guest/autoboot.bash %D%/vm/guest/service.bash
EXTRA_PROGRAMS += %D%/vm/leave
TEST_TOOLS += %D%/vm/leave
tests_vm_leave_SOURCES = %D%/vm/leave.c
tests_vm_leave_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -Wshadow
tests_vm_leave_LDFLAGS = -static
tests_vm_leave_LDADD =
EXTRA_DIST += %D%/vm/guest/image.bash
EXTRA_DIST += %D%/vm/guest/project.bash
EXTRA_DIST += %D%/vm/vm.bash %D%/vm/guest/start %D%/vm/guest/vm-test.service
EXTRA_DIST += %D%/vm/guest/tap.bash %D%/vm/guest/zone.bash %D%/vm/guest/limits.bash
EXTRA_DIST += %D%/vm/guest/units.bash %D%/vm/guest/v2.bash %D%/vm/guest/hybrid.bash
EXTRA_DIST += %D%/vm/guest/v1.bash %D%/vm/guest/plain.bash %D%/vm/guest/debian.bash
EXTRA_DIST += %D%/vm/guest/power.bash %D%/vm/guest/figures.bash
distclean-local:
	rm -rf vm

# engines that have zone-oci as their runtime
ENGINE_TESTS += %D%/engines/containerd.bats
ENGINE_TESTS += %D%/engines/docker.bats
ENGINE_TESTS += %D%/engines/docker-options.bats
ENGINE_TESTS += %D%/engines/files.bats
ENGINE_TESTS += %D%/engines/kubernetes.bats
ENGINE_TESTS += %D%/engines/podman.bats
ENGINE_TESTS += %D%/engines/podman-debian.bats
ENGINE_TESTS += %D%/engines/podman-options.bats
ENGINE_TESTS += %D%/engines/podman-pods.bats
ENGINE_TESTS += %D%/engines/podman-rootless.bats
ENGINE_TESTS += %D%/engines/swarm.bats
EXTRA_DIST += %D%/engines/engine.bash %D%/engines/docker.bash %D%/engines/swarm.bash %D%/engines/cri.py
EXTRA_DIST += %D%/engines/setup %D%/engines/podman.bash

# lint: the house rules
LINT_TESTS += %D%/lint/docs.sh
LINT_TESTS += %D%/lint/includes.sh
LINT_TESTS += %D%/lint/paths.sh
LINT_TESTS += %D%/lint/shape.sh
LINT_TESTS += %D%/lint/shellcheck.sh
EXTRA_DIST += %D%/lint/lint.bash

# fuzzers, one a door; its corpus is the directory beside it
EXTRA_DIST += %D%/fuzz/json/deep.json %D%/fuzz/json/edges.json %D%/fuzz/json/twice.json
EXTRA_DIST += %D%/fuzz/json/zone.json
EXTRA_DIST += %D%/fuzz/nl/link %D%/fuzz/nl/refusal %D%/fuzz/nl/routes %D%/fuzz/nl/words
EXTRA_DIST += %D%/fuzz/users/name %D%/fuzz/users/uid
if FUZZ
noinst_PROGRAMS += %D%/fuzz/fuzz_json
tests_fuzz_fuzz_json_SOURCES = %D%/fuzz/fuzz_json.c
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(ZONE_FUZZ_FLAGS)
noinst_PROGRAMS += %D%/fuzz/fuzz_nl
tests_fuzz_fuzz_nl_SOURCES = %D%/fuzz/fuzz_nl.c
tests_fuzz_fuzz_nl_LDFLAGS = $(AM_LDFLAGS) $(ZONE_FUZZ_FLAGS)
noinst_PROGRAMS += %D%/fuzz/fuzz_users
tests_fuzz_fuzz_users_SOURCES = %D%/fuzz/fuzz_users.c
tests_fuzz_fuzz_users_LDFLAGS = $(AM_LDFLAGS) $(ZONE_FUZZ_FLAGS)
noinst_PROGRAMS += %D%/fuzz/fuzz_unpack
tests_fuzz_fuzz_unpack_SOURCES = %D%/fuzz/fuzz_unpack.c \
	templates/unpack.c templates/unpack_gzip.c templates/unpack_layer.c \
	templates/unpack_pipe.c templates/unpack_ring.c templates/unpack_stream.c \
	templates/unpack_tree.c templates/unpack_xattr.c
tests_fuzz_fuzz_unpack_LDFLAGS = $(AM_LDFLAGS) $(ZONE_FUZZ_FLAGS)
tests_fuzz_fuzz_unpack_LDADD = libzone.a $(LIBARCHIVE_LIBS) $(ZLIB_LIBS)
endif
