/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

size_t strv_len(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

void strv_give(char ***list, char *s)
{
	size_t n = strv_len(*list);

	*list = xreallocarray(*list, n + 2, sizeof(**list));
	(*list)[n] = s;
	(*list)[n + 1] = NULL;
}

void strv_add_nth(char ***list, size_t *n, const char *s)
{
	/* The room is a power of two, so the length tells when it is full. */
	if ((*n & (*n + 1)) == 0)
		*list = xreallocarray(*list, 2 * (*n + 1), sizeof(**list));
	(*list)[(*n)++] = xstrdup(s);
	(*list)[*n] = NULL;
}

void strv_add(char ***list, const char *s)
{
	strv_give(list, xstrdup(s));
}

void strv_addf(char ***list, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	text = xcalloc(n > 0 ? (size_t)n + 1 : 1, 1);
	va_start(args, fmt);
	if (n > 0)
		vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	strv_give(list, text);
}

size_t strv_remove(char **list, const char *s)
{
	size_t kept = 0, n = strv_len(list);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], s) == 0)
			free(list[i]);
		else
			list[kept++] = list[i];
	}
	if (list)
		list[kept] = NULL;
	return n - kept;
}

bool strv_has(char *const *list, const char *s)
{
	for (; list && *list; list++)
		if (strcmp(*list, s) == 0)
			return true;
	return false;
}

char **strv_copy(char *const *list)
{
	size_t n = strv_len(list);
	char **copy = NULL;

	if (n == 0)
		return NULL;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

char **strv_split(const char *text, const char *separators)
{
	char **list = NULL;

	for (;;) {
		size_t n;

		text += strspn(text, separators);
		n = strcspn(text, separators);
		if (n == 0)
			return list;
		strv_give(&list, xstrndup(text, n));
		text += n;
	}
}

char *strv_join(char *const *list, const char *separator)
{
	AUTO_STR struct str s = { 0 };

	for (size_t i = 0; list && list[i]; i++) {
		if (i > 0)
			str_add(&s, separator);
		str_add(&s, list[i]);
	}
	return str_take(&s);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort_unique(char **list)
{
	size_t kept = 0, n = strv_len(list);

	if (n == 0)
		return;
	qsort(list, n, sizeof(*list), compare);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && strcmp(list[kept - 1], list[i]) == 0)
			free(list[i]);
		else
			list[kept++] = list[i];
	}
	list[kept] = NULL;
}

/* The member NAME=..., or NULL. */
static char *const *env_find(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return env;
	return NULL;
}

void strv_env_set(char ***env, const char *name, const char *value)
{
	char *const *found = env_find(*env, name);
	char *entry = xasprintf("%s=%s", name, value);

	if (found) {
		size_t i = (size_t)(found - *env);

		free((*env)[i]);
		(*env)[i] = entry;
		return;
	}
	strv_give(env, entry);
}

const char *strv_env_get(char *const *env, const char *name)
{
	char *const *found = env_find(env, name);

	return found ? *found + strlen(name) + 1 : NULL;
}

void strv_clear(char ***list)
{
	for (size_t i = 0; *list && (*list)[i]; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
}
