/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "oci/tree_parts.h"

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return strncmp(path, above, len) == 0 && path[len] == '/';
}

static bool is_covered(const struct oci_spec *spec, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_below(spec->mounts[at].destination, spec->mounts[i].destination))
			return true;
	return false;
}

/* A file is bound over a file; everything else is a directory. */
static bool is_file(const struct tree *t, const struct oci_mount *m)
{
	AUTO_FREE char *source = NULL;
	struct mount_options o;
	struct stat st;
	bool is_bind;

	mount_options_read(&o, m);
	is_bind = o.is_bind;
	mount_options_clear(&o);
	if (!is_bind || !m->source)
		return false;
	source = m->source[0] == '/' ? xstrdup(m->source)
				     : xasprintf("%s/%s", t->bundle, m->source);
	return stat(source, &st) == 0 && !S_ISDIR(st.st_mode); /* host path */
}

int tree_places(const struct tree *t, struct error *err)
{
	for (size_t i = 0; i < t->spec->n_mounts; i++) {
		const struct oci_mount *m = &t->spec->mounts[i];
		AUTO_CLOSE int fd = -1;

		if (is_covered(t->spec, i))
			continue;
		fd = tree_target(t, m->destination, !is_file(t, m), err);
		if (fd < 0)
			return error_wrap(err, "mount '%s'", m->destination);
	}
	return 0;
}
