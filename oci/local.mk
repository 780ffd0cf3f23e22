# SPDX-License-Identifier: GPL-2.0-or-later
# In a library of their own, so that tests read what the program reads.
noinst_LIBRARIES += liboci.a
liboci_a_SOURCES =
liboci_a_SOURCES += %D%/spec.c %D%/spec.h
liboci_a_SOURCES += %D%/spec_check.c %D%/spec_check.h
liboci_a_SOURCES += %D%/spec_linux.c %D%/spec_linux.h
liboci_a_SOURCES += %D%/spec_resources.c %D%/spec_resources.h
liboci_a_SOURCES += %D%/spec_seccomp.c %D%/spec_seccomp.h
