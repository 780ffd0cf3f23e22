# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/ahead.c %D%/ahead.h \
	%D%/build.c %D%/build.h \
	%D%/build_adjust.c \
	%D%/units.c %D%/units.h \
	%D%/build_debian.c \
	%D%/build_minimal.c \
	%D%/clone.c %D%/clone.h \
	%D%/clone_ids.c %D%/clone_ids.h \
	%D%/digest.c %D%/digest.h \
	%D%/format.c %D%/format.h \
	%D%/image.c %D%/image.h \
	%D%/image_docker.c \
	%D%/image_oci.c \
	%D%/import.c %D%/import.h \
	%D%/import_image.c %D%/import_job.h \
	%D%/import_name.c \
	%D%/import_run.c %D%/import_run.h \
	%D%/import_take.c \
	%D%/import_tree.c \
	%D%/machine.c %D%/machine.h \
	%D%/metadata.c %D%/metadata.h \
	%D%/export.c %D%/export.h \
	%D%/make.c %D%/make.h \
	%D%/manifest.c %D%/manifest.h \
	%D%/object.c %D%/object.h \
	%D%/osinfo.c %D%/osinfo.h \
	%D%/program.c %D%/program.h \
	%D%/removal.c \
	%D%/squashfs.c %D%/squashfs.h \
	%D%/tar_write.c %D%/tar_write.h \
	%D%/squashfs_sandbox.c %D%/squashfs_sandbox.h \
	%D%/stage.c %D%/store.c %D%/store.h \
	%D%/unpack.h %D%/unpack_limits.c \
	%D%/unpack_headers.c %D%/unpack_headers.h \
	%D%/unpack_name.c %D%/unpack_name.h \
	%D%/unpack_pax.c %D%/unpack_pax.h \
	%D%/verify.c %D%/verify.h \
	%D%/version.c %D%/version.h \
	%D%/walk.c %D%/walk.h \
	%D%/writeback.c %D%/writeback.h \
	%D%/wash.c %D%/wash.h \
	%D%/xattrs.c %D%/xattrs.h

# What export compresses with.
pkglibexec_PROGRAMS += zone-pack
zone_pack_SOURCES = %D%/pack.c %D%/pack.h
zone_pack_LDADD = libzone.a $(LIBARCHIVE_LIBS)

# The only program that reads archives; import.c starts it.
pkglibexec_PROGRAMS += zone-unpack
zone_unpack_SOURCES = \
	%D%/unpack.c \
	%D%/unpack_gzip.c %D%/unpack_gzip.h \
	%D%/unpack_layer.c %D%/unpack_layer.h \
	%D%/unpack_main.c \
	%D%/unpack_pipe.c %D%/unpack_pipe.h \
	%D%/unpack_ring.c %D%/unpack_ring.h \
	%D%/unpack_sandbox.c %D%/unpack_sandbox.h \
	%D%/unpack_stream.c %D%/unpack_stream.h \
	%D%/unpack_tree.c %D%/unpack_tree.h \
	%D%/unpack_xattr.c %D%/unpack_xattr.h
zone_unpack_LDADD = libzone.a $(LIBARCHIVE_LIBS) $(LIBSECCOMP_LIBS) $(ZLIB_LIBS)
