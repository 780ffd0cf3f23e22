/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroups/options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/sys.h"

enum { MOUNTINFO_MAX = 16 << 20 };

/* "36 35 98:0 /root /where opts [optional...] - type source words" (proc_pid_mountinfo(5)). */
static bool read_line(char *line, struct cgroup_options *out)
{
	char *save = NULL, *type = strstr(line, " - cgroup2 ");
	char *word = strtok_r(line, " ", &save);
	const char *words;

	for (int i = 0; i < 4 && word; i++)
		word = strtok_r(NULL, " ", &save);
	if (!type || !word)
		return false;
	words = strrchr(type + 1, ' ');
	str_add(&out->where, word);
	str_add(&out->words, words ? words + 1 : "");
	return true;
}

int cgroup_options_read(struct cgroup_options *out, struct error *err)
{
	AUTO_CLOSE int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC); /* host path */
	AUTO_FREE char *text = NULL;
	char *save = NULL;
	bool is_found = false;

	*out = (struct cgroup_options){ .where.len = 0 };
	if (fd < 0)
		return error_sys(err, "open '/proc/self/mountinfo'");
	if (fd_read_all(fd, MOUNTINFO_MAX, &text, NULL, err) < 0)
		return error_wrap(err, "read '/proc/self/mountinfo'");
	for (char *l = strtok_r(text, "\n", &save); l && !is_found; l = strtok_r(NULL, "\n", &save))
		if (strstr(l, " - cgroup2 "))
			is_found = read_line(l, out);
	return 0;
}

static int set(const struct cgroup_options *o, struct error *err)
{
	AUTO_CLOSE int fsfd = sys_fspick(AT_FDCWD, str_text(&o->where), FSPICK_CLOEXEC);
	AUTO_FREE char *words = xstrdup(str_text(&o->words));
	char *save = NULL;

	if (fsfd < 0)
		return error_sys(err, "open the filesystem at '%s'", str_text(&o->where));
	for (char *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (strcmp(w, "rw") != 0 && mount_option(fsfd, "cgroup2", w, NULL, err) < 0)
			return -1;
	if (sys_fsconfig(fsfd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return error_sys(err, "set the options of '%s'", str_text(&o->where));
	return 0;
}

int cgroup_options_keep(const struct cgroup_options *o, struct error *err)
{
	struct cgroup_options now;
	int status = cgroup_options_read(&now, err);

	if (status == 0 && o->where.len > 0 &&
	    strcmp(str_text(&now.words), str_text(&o->words)) != 0)
		status = set(o, err);
	cgroup_options_clear(&now);
	return status;
}

void cgroup_options_clear(struct cgroup_options *o)
{
	str_clear(&o->where);
	str_clear(&o->words);
}
