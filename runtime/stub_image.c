/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/stub_image.h"

/* The linked program, as the build made it; a string literal could not be checked by eye. */
__asm__(".section .rodata\n"
	".balign 16\n"
	".globl stub_image\n"
	"stub_image:\n"
	".incbin \"runtime/stub\"\n"
	".globl stub_image_end\n"
	"stub_image_end:\n"
	".byte 0\n"
	".previous\n");
