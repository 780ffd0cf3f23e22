# SPDX-License-Identifier: GPL-2.0-or-later
# Tests are listed by name. A unit test is two lines, here sorted by file:
#   check_PROGRAMS += %D%/unit/test_path
#   tests_unit_test_path_SOURCES = %D%/unit/test_path.c
# and a functional test one: dist_check_SCRIPTS += %D%/func/boot.bats

# unit

# func

# helpers of the tests, shipped but not run

# lint: the house rules
