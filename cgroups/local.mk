# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/blocks.c %D%/blocks.h \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/device_program.c %D%/device_program.h \
	%D%/device_rules.c %D%/device_rules.h \
	%D%/devices.c %D%/devices.h \
	%D%/group.c %D%/group.h \
	%D%/host.c %D%/host.h \
	%D%/keepers.c %D%/keepers.h \
	%D%/limits.c %D%/limits.h %D%/limits_rows.h \
	%D%/limits_cpu.c %D%/limits_memory.c %D%/limits_io.c \
	%D%/members.c %D%/members.h \
	%D%/slice.c %D%/slice.h \
	%D%/options.c %D%/options.h \
	%D%/span.c %D%/span.h \
	%D%/stats.c %D%/stats.h \
	%D%/unit.c %D%/unit.h \
	%D%/v1.c %D%/v1.h \
	%D%/v2.c %D%/v2.h
