/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/unpack_name.h"

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"

static int component_check(const char *part, size_t len, struct error *err)
{
	if (len == 0)
		return error_set(err, ERR_USAGE, "a name with an empty component is refused");
	if (len == 1 && part[0] == '.')
		return error_set(err, ERR_USAGE, "a name with a component '.' is refused");
	if (len == 2 && part[0] == '.' && part[1] == '.')
		return error_set(err, ERR_USAGE, "a name with a component '..' is refused");
	if (len > NAME_MAX)
		return error_set(err, ERR_USAGE, "a component has %zu bytes, more than %d", len,
				 NAME_MAX);
	return 0;
}

static int components_check(const char *name, const struct unpack_limits *limits, struct error *err)
{
	uint64_t depth = 0;

	for (;;) {
		size_t len = strcspn(name, "/");

		if (component_check(name, len, err) < 0)
			return -1;
		if (++depth > limits->depth)
			return error_set(err, ERR_USAGE, "the name is more than %llu levels deep",
					 (unsigned long long)limits->depth);
		if (!name[len])
			return 0;
		name += len + 1;
	}
}

int unpack_name_check(char *raw, bool is_directory, const struct unpack_limits *limits,
		      const char **out, struct error *err)
{
	size_t len = strlen(raw);

	if (len == 0)
		return error_set(err, ERR_USAGE, "an empty name is refused");
	if (len > limits->path)
		return error_set(err, ERR_USAGE, "the name has %zu bytes, more than %llu", len,
				 (unsigned long long)limits->path);
	if (raw[0] == '/')
		return error_set(err, ERR_USAGE, "an absolute name is refused");
	if (strcmp(raw, ".") == 0)
		raw[0] = '\0';
	else if (strncmp(raw, "./", 2) == 0)
		raw += 2;
	len = strlen(raw);
	if (len > 0 && raw[len - 1] == '/' && !is_directory)
		return error_set(err, ERR_USAGE,
				 "a name that ends in '/' and is no directory is refused");
	if (len > 0 && raw[len - 1] == '/')
		raw[len - 1] = '\0';
	*out = raw;
	/* What remains of "./" is the root; what remains of "/" or ".//" is not. */
	if (len == 0)
		return 0;
	return components_check(raw, limits, err);
}
