# SPDX-License-Identifier: GPL-2.0-or-later
# Sources of base/ join libzone_a_SOURCES here.
