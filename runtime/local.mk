# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += %D%/config.c %D%/config.h
libzone_a_SOURCES += %D%/property.c %D%/property.h
libzone_a_SOURCES += %D%/property_table.c
libzone_a_SOURCES += %D%/site.c %D%/site.h
