/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* Time that nobody sets: for timeouts and ages, never for what people read as a date. */

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. Child-safe. */
int64_t clock_ms(void);

#endif
