# SPDX-License-Identifier: GPL-2.0-or-later
# In a library of their own, so that tests read what the program reads.
noinst_LIBRARIES += liboci.a
liboci_a_SOURCES =
liboci_a_SOURCES += %D%/container.c %D%/container.h
liboci_a_SOURCES += %D%/mount_options.c %D%/mount_options.h
liboci_a_SOURCES += %D%/resources.c %D%/resources.h %D%/resources_io.c %D%/resources_parts.h
liboci_a_SOURCES += %D%/spec.c %D%/spec.h
liboci_a_SOURCES += %D%/spec_check.c %D%/spec_check.h
liboci_a_SOURCES += %D%/spec_linux.c %D%/spec_linux.h
liboci_a_SOURCES += %D%/spec_resources.c %D%/spec_resources.h
liboci_a_SOURCES += %D%/spec_seccomp.c %D%/spec_seccomp.h
