/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

enum { TEXT_MAX = 2048 };

static const char *const prefixes[] = {
	[LOG_LEVEL_ERROR] = "zonectl: ",
	[LOG_LEVEL_WARNING] = "zonectl: warning: ",
	[LOG_LEVEL_INFO] = "zonectl: ",
	[LOG_LEVEL_DEBUG] = "zonectl: debug: ",
};

void log_line(enum log_level shown, enum log_level level, const char *fmt, ...)
{
	char text[TEXT_MAX], line[4 * TEXT_MAX + 32];
	size_t len = strlen(prefixes[level]);
	ssize_t written;
	va_list args;
	int n;

	if (level > shown)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	memcpy(line, prefixes[level], len);
	len += utf8_escape(line + len, sizeof(line) - len - 1, text, strlen(text));
	line[len++] = '\n';
	written = write(STDERR_FILENO, line, len);
	(void)written;	/* There is no other place to complain. */
}
