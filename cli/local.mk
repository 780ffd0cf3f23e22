# SPDX-License-Identifier: GPL-2.0-or-later
# The program is declared here:
# sbin_PROGRAMS += zonectl
# zonectl_SOURCES = ...
# zonectl_LDADD = libzone.a $(ZONE_LIBS)
