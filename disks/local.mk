# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/disk.c %D%/disk.h \
	%D%/ext4.c %D%/ext4.h \
	%D%/image.c %D%/image.h \
	%D%/loop.c %D%/loop.h \
	%D%/plain.c %D%/plain.h
