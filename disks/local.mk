# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/disk.c %D%/disk.h \
	%D%/plain.c %D%/plain.h
