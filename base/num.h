/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_NUM_H
#define BASE_NUM_H

/*
 * Strict numbers: the whole word is the number or it is an error, which says
 * what was expected. No sign, no space, no octal, no locale.
 */

#include <stdint.h>

#include "base/error.h"

/* Decimal, min <= *out <= max. */
int num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct error *err);
/* Decimal, or with k or M (1000, 1000000): "200k". *out is written on success alone. */
int num_count(const char *text, uint64_t *out, struct error *err);
/* "0", or a number with K, M, G or T (powers of 1024), also as 1.5G. Bytes. */
int num_size(const char *text, uint64_t *out, struct error *err);
/* A number with ms, s, m or h; a bare number is seconds. Milliseconds. */
int num_duration(const char *text, uint64_t *out_ms, struct error *err);
/* A decimal fraction with up to three places, in thousandths: "1.5" is 1500. */
int num_milli(const char *text, uint64_t *out_milli, struct error *err);
/* "0", a number with kbit, mbit or gbit (powers of 1000, bits), or what num_size() takes. Bytes a
 * second. */
int num_rate(const char *text, uint64_t *out, struct error *err);
/* An octal file mode of at most 07777. */
int num_mode(const char *text, uint32_t *out, struct error *err);

enum { NUM_TEXT_MAX = 32 };
/* The shortest text that num_size() reads back as the same value: 536870912 -> "512M".
 * Returns buf. */
char *num_size_text(uint64_t bytes, char buf[NUM_TEXT_MAX]);
/* The shortest of "10mbit" and num_size_text() that num_rate() reads back. Returns buf. */
char *num_rate_text(uint64_t bytes, char buf[NUM_TEXT_MAX]);
/* For people, at most three digits and a unit: "1.2G". Returns buf. */
char *num_size_human(uint64_t bytes, char buf[NUM_TEXT_MAX]);
/* For people: "3d4h", "2h05m", "17s". Returns buf. */
char *num_duration_human(uint64_t seconds, char buf[NUM_TEXT_MAX]);
/* num_milli() backward: 1500 -> "1.5". Returns buf. */
char *num_milli_text(uint64_t milli, char buf[NUM_TEXT_MAX]);

#endif
