/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Lines for the operator on stderr. Used by cli/ and by the keeper, by nobody
 * else: a library function reports through struct error.
 */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "zonectl: warning: text\n", in one write(2), control characters made printable. level is the
 * line's own, shown is the most that is written. */
void log_line(enum log_level shown, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
