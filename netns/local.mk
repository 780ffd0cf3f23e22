# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/link.c %D%/link.h \
	%D%/nl.c %D%/nl.h %D%/nl_attr.c
