# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/base64.c %D%/base64.h \
	%D%/cleanup.h \
	%D%/clock.c %D%/clock.h \
	%D%/dbus.c %D%/dbus.h \
	%D%/ed25519.c %D%/ed25519.h \
	%D%/error.c %D%/error.h \
	%D%/fd.c %D%/fd.h \
	%D%/guess.c %D%/guess.h \
	%D%/json.c %D%/json.h \
	%D%/json_fill.c %D%/json_fill.h \
	%D%/json_out.c %D%/json_out.h \
	%D%/lock.c %D%/lock.h \
	%D%/log.c %D%/log.h \
	%D%/mem.c %D%/mem.h \
	%D%/mount.c %D%/mount.h \
	%D%/num.c %D%/num.h \
	%D%/path.c %D%/path.h \
	%D%/proc.c %D%/proc.h \
	%D%/sha256.c %D%/sha256.h \
	%D%/signals.c %D%/signals.h \
	%D%/str.c %D%/str.h \
	%D%/strv.c %D%/strv.h \
	%D%/sys.c %D%/sys.h \
	%D%/treestream.c %D%/treestream.h %D%/treestream_io.h \
	%D%/treestream_receive.c %D%/treestream_send.c \
	%D%/utf8.c %D%/utf8.h \
	%D%/vfork.c %D%/vfork.h
