# SPDX-License-Identifier: GPL-2.0-or-later
# Sources of netns/ join libzone_a_SOURCES here.
