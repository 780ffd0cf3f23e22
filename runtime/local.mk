# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += %D%/config.c %D%/config.h
libzone_a_SOURCES += %D%/property.c %D%/property.h
libzone_a_SOURCES += %D%/property_table.c
libzone_a_SOURCES += %D%/site.c %D%/site.h
libzone_a_SOURCES += %D%/caps.c %D%/caps.h
libzone_a_SOURCES += %D%/filter.c %D%/filter.h
libzone_a_SOURCES += %D%/filter_compile.c %D%/filter_compile.h
libzone_a_SOURCES += %D%/filter_table.c %D%/filter_table.h
libzone_a_SOURCES += %D%/state.c %D%/state.h
libzone_a_SOURCES += %D%/uidmap.c %D%/uidmap.h
libzone_a_SOURCES += %D%/zone.c %D%/zone.h
libzone_a_SOURCES += %D%/identity.c %D%/identity.h
libzone_a_SOURCES += %D%/destroy.c %D%/destroy.h
libzone_a_SOURCES += %D%/create.c %D%/create.h
