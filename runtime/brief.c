/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/brief.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/addresses.h"

/* Words with a space between, in this order, numbers in base 16; "-" where there is none. One of
 * another form has another first word. Of the host's boot id its last part is enough to tell one
 * boot from the next. They are short because a tmpfs gives a link of 128 bytes a page of its own
 * (shmem_symlink() in mm/shmem.c): nearly all are below that. */
enum word {
	FORMAT, BOOT_ID, CONFIG, INIT, INIT_START, KEEPER, KEEPER_START, KEEPER_NUMBER,
	STARTED, TEMPLATE, IPS, WORDS,
};

enum { PATH_SIZE = ZONE_NAME_MAX + 16, SEAL_SIZE = 96 };

static const char format[] = "1";

/* Which zone.json it is: "INODE.SECONDS.NANOSECONDS". One that takes an earlier one's inode
 * number was made later. */
static int seal(struct site *site, const char *name, char out[SEAL_SIZE])
{
	char path[PATH_SIZE];
	struct stat st;

	snprintf(path, sizeof(path), "%s/zone.json", name);
	if (fstatat(site->zonesfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	snprintf(out, SEAL_SIZE, "%" PRIx64 ".%" PRIx64 ".%lx", (uint64_t)st.st_ino,
		 (uint64_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return 0;
}

static const char *or_none(const char *text)
{
	return text && *text ? text : "-";
}

static const char *boot_id(const struct site *site)
{
	return site->boot_id + PROC_BOOT_ID_LEN - 12;
}

static void path_of(const char *name, char out[PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "%s/brief", name);
}

void brief_write(const struct zone_brief *b, struct site *site, const struct zone_config *c)
{
	char path[PATH_SIZE], config[SEAL_SIZE];
	AUTO_STRV char **list = addresses_of(site, c);
	AUTO_FREE char *ips = strv_join(list, ",");
	AUTO_FREE char *text = NULL;
	uint64_t number = proc_number(b->keeper.pid);

	path_of(c->name, path);
	if (seal(site, c->name, config) < 0)
		return;
	text = xasprintf("%s %s %s %x %" PRIx64 " %x %" PRIx64 " %" PRIx64 " %" PRIx64 " %s %s",
			 format, boot_id(site), config, (unsigned int)b->init.pid, b->init.start,
			 (unsigned int)b->keeper.pid, number ? 0 : b->keeper.start, number,
			 b->started_mono_ms, or_none(c->template_name), or_none(ips));
	/* Without it readers take the long way. */
	if (strlen(text) < PATH_MAX && symlinkat(text, site->runfd, path) < 0)
		return;
}

int brief_remove(struct site *site, const char *name, struct error *err)
{
	char path[PATH_SIZE];

	path_of(name, path);
	if (unlinkat(site->runfd, path, 0) < 0 && errno != ENOENT)
		return error_sys(err, "remove 'run/%s'", path);
	return 0;
}

static bool split(char *text, char *words[WORDS])
{
	size_t n = 0;

	for (char *at = text; at && n < WORDS; n++) {
		words[n] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = '\0';
	}
	return n == WORDS;
}

static struct proc_id process(const struct site *site, const char *pid, const char *start)
{
	struct proc_id id = { .pid = (pid_t)strtoul(pid, NULL, 16),
			      .start = strtoull(start, NULL, 16) };

	memcpy(id.boot_id, site->boot_id, sizeof(id.boot_id));
	return id;
}

bool brief_read(struct zone_brief *out, struct site *site, const char *name)
{
	char path[PATH_SIZE], text[PATH_MAX];
	char *words[WORDS];
	ssize_t n;

	path_of(name, path);
	n = readlinkat(site->runfd, path, text, sizeof(text) - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	if (!split(text, words) || strcmp(words[FORMAT], format) != 0 ||
	    strcmp(words[BOOT_ID], boot_id(site)) != 0)
		return false;
	*out = (struct zone_brief){
		.init = process(site, words[INIT], words[INIT_START]),
		.keeper = process(site, words[KEEPER], words[KEEPER_START]),
		.keeper_number = strtoull(words[KEEPER_NUMBER], NULL, 16),
		.started_mono_ms = strtoull(words[STARTED], NULL, 16),
	};
	out->config = xstrdup(words[CONFIG]);
	if (strcmp(words[TEMPLATE], "-") != 0)
		out->template_name = xstrdup(words[TEMPLATE]);
	if (strcmp(words[IPS], "-") != 0)
		out->ips = strv_split(words[IPS], ",");
	return true;
}

bool brief_is_configured(const struct zone_brief *b, struct site *site, const char *name)
{
	char config[SEAL_SIZE];

	return b->config && seal(site, name, config) == 0 && strcmp(b->config, config) == 0;
}

void brief_clear(struct zone_brief *b)
{
	free(b->config);
	free(b->template_name);
	strv_clear(&b->ips);
	*b = (struct zone_brief){ 0 };
}
