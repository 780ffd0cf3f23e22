# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/build.c %D%/build.h \
	%D%/build_adjust.c \
	%D%/build_debian.c \
	%D%/build_minimal.c \
	%D%/clone.c %D%/clone.h \
	%D%/digest.c %D%/digest.h \
	%D%/import.c %D%/import.h %D%/import_run.h \
	%D%/object.c %D%/object.h \
	%D%/osinfo.c %D%/osinfo.h \
	%D%/removal.c \
	%D%/stage.c %D%/store.c %D%/store.h \
	%D%/unpack.h %D%/unpack_limits.c \
	%D%/unpack_headers.c %D%/unpack_headers.h \
	%D%/unpack_name.c %D%/unpack_name.h \
	%D%/unpack_pax.c %D%/unpack_pax.h \
	%D%/version.c %D%/version.h \
	%D%/walk.c %D%/walk.h \
	%D%/xattrs.c %D%/xattrs.h

# The only program that reads archives; import.c starts it.
pkglibexec_PROGRAMS += zone-unpack
zone_unpack_SOURCES = \
	%D%/unpack.c \
	%D%/unpack_gzip.c %D%/unpack_gzip.h \
	%D%/unpack_main.c \
	%D%/unpack_sandbox.c %D%/unpack_sandbox.h \
	%D%/unpack_stream.c %D%/unpack_stream.h \
	%D%/unpack_tree.c %D%/unpack_tree.h \
	%D%/unpack_xattr.c %D%/unpack_xattr.h
zone_unpack_LDADD = libzone.a $(LIBARCHIVE_LIBS) $(LIBSECCOMP_LIBS) $(ZLIB_LIBS)
