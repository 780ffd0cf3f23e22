# SPDX-License-Identifier: GPL-2.0-or-later
# Sources of templates/ join libzone_a_SOURCES here, and zone-unpack is declared:
# pkglibexec_PROGRAMS += zone-unpack
# zone_unpack_SOURCES = ...
# zone_unpack_LDADD = libzone.a $(LIBARCHIVE_LIBS)
