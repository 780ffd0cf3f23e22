# SPDX-License-Identifier: GPL-2.0-or-later
# In a library of their own, so that tests read what the program reads.
noinst_LIBRARIES += liboci.a
liboci_a_SOURCES =
liboci_a_SOURCES += %D%/container.c %D%/container.h
liboci_a_SOURCES += %D%/entry.c %D%/entry.h
liboci_a_SOURCES += %D%/foreground.c %D%/foreground.h
liboci_a_SOURCES += %D%/groups.c %D%/groups.h
liboci_a_SOURCES += %D%/handover.c %D%/handover.h
liboci_a_SOURCES += %D%/hooks.c %D%/hooks.h
liboci_a_SOURCES += %D%/idmap.c %D%/idmap.h
liboci_a_SOURCES += %D%/inherit.c %D%/inherit.h
liboci_a_SOURCES += %D%/labels.c %D%/labels.h
liboci_a_SOURCES += %D%/life.c %D%/life.h
liboci_a_SOURCES += %D%/mount_options.c %D%/mount_options.h
liboci_a_SOURCES += %D%/notices.c %D%/notices.h
liboci_a_SOURCES += %D%/oci_launch.c %D%/oci_launch.h
liboci_a_SOURCES += %D%/oci_launch_build.c %D%/oci_launch_inside.c
liboci_a_SOURCES += %D%/oci_log.c %D%/oci_log.h
liboci_a_SOURCES += %D%/process.c %D%/process.h
liboci_a_SOURCES += %D%/program.c %D%/program.h
liboci_a_SOURCES += %D%/resources.c %D%/resources.h %D%/resources_parts.h
liboci_a_SOURCES += %D%/resources_devices.c %D%/resources_io.c
liboci_a_SOURCES += %D%/rootless.c %D%/rootless.h
liboci_a_SOURCES += %D%/scope.c %D%/scope.h %D%/scope_devices.c
liboci_a_SOURCES += %D%/scope_properties.c %D%/scope_variant.c
liboci_a_SOURCES += %D%/seccomp.c %D%/seccomp.h
liboci_a_SOURCES += %D%/spec.c %D%/spec.h
liboci_a_SOURCES += %D%/spec_check.c %D%/spec_check.h
liboci_a_SOURCES += %D%/spec_linux.c %D%/spec_linux.h
liboci_a_SOURCES += %D%/spec_resources.c %D%/spec_resources.h
liboci_a_SOURCES += %D%/spec_seccomp.c %D%/spec_seccomp.h
liboci_a_SOURCES += %D%/stats.c %D%/stats.h %D%/stats_parts.h
liboci_a_SOURCES += %D%/stats_io.c %D%/stats_memory.c
liboci_a_SOURCES += %D%/traits.c %D%/traits.h
liboci_a_SOURCES += %D%/unsupported.c %D%/unsupported.h
liboci_a_SOURCES += %D%/tree.c %D%/tree.h %D%/tree_parts.h
liboci_a_SOURCES += %D%/tree_cgroup.c %D%/tree_copy.c %D%/tree_covers.c %D%/tree_devices.c
liboci_a_SOURCES += %D%/tree_long.c

# Where ordinary users find it too: engines without root call it.
bin_PROGRAMS += zone-oci
zone_oci_SOURCES = %D%/main.c %D%/oci.h %D%/verbs.c
zone_oci_SOURCES += %D%/verb_create.c %D%/verb_exec.c %D%/verb_kill.c %D%/verb_state.c
zone_oci_SOURCES += %D%/verb_events.c %D%/verb_update.c
zone_oci_SOURCES += %D%/verb_features.c %D%/verb_spec.c
zone_oci_LDADD = liboci.a libzone.a $(ZONECTL_LIBS)
zone_oci_LDFLAGS = $(ZONECTL_LDFLAGS)
