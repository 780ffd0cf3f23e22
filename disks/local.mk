# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/btrfs.c %D%/btrfs.h \
	%D%/btrfs_quota.c %D%/btrfs_quota.h \
	%D%/btrfs_subvol.c %D%/btrfs_subvol.h \
	%D%/btrfs_template.c %D%/btrfs_template.h \
	%D%/disk.c %D%/disk.h \
	%D%/ext4.c %D%/ext4.h \
	%D%/image.c %D%/image.h \
	%D%/loop.c %D%/loop.h \
	%D%/plain.c %D%/plain.h \
	%D%/pool.c %D%/pool.h \
	%D%/pool_make.c %D%/pool_make.h \
	%D%/pool_record.c \
	%D%/project.c %D%/project.h
