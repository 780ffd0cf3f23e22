/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DISKS_LOOP_H
#define DISKS_LOOP_H

/*
 * Loop devices. One is made of a file and goes by itself, once nothing has it open and nothing is
 * mounted from it (LO_FLAGS_AUTOCLEAR, loop(4)): neither a kill nor the end of a zone leaves one.
 */

#include "base/error.h"

/* Makes a device of the file, which is open for reading and writing, past the page cache where its
 * filesystem can. Returns a descriptor of the device, and its number. The device keeps the file
 * open, with the lock that filefd may hold. ERR_UNSUPPORTED where the kernel has none. */
int loop_attach(int filefd, int *out_number, struct error *err);
/* Opens a device if it is one of that file; else ERR_NOT_FOUND. */
int loop_open(int number, int filefd, struct error *err);
/* Makes the device as long as its file has become. */
int loop_grow(int loopfd, struct error *err);

#endif
