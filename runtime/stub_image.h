/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_STUB_IMAGE_H
#define RUNTIME_STUB_IMAGE_H

/* The bytes of the program stub.c, linked into zonectl so that no file has to be found. */

extern const char stub_image[];
extern const char stub_image_end[];

#endif
