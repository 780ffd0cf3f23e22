# SPDX-License-Identifier: GPL-2.0-or-later
# Sources of cgroups/ join libzone_a_SOURCES here.
