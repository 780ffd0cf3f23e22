/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare limit of `zonectl create` and `zonectl destroy`: the directories, links and file that a
 * zone of an overlay consists of, in the same directories, as safe from a power cut, and nothing
 * looked at or checked. What it costs more with many zones is the filesystem's.
 *
 *   create_limit create|destroy STORE NAME
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { ZONE_ROOT_UID = 1 << 30, TEXT_LEN = 344 };

/* Deepest last. */
static const char *const dirs[] = { "data", "data/upper", "data/lower", "data/work" };
/* A number of user ids and an address of each IP version are a zone's own. */
static const char *const claims[][2] = {
	{ "uids", "limit" }, { "addresses", "limit4" }, { "addresses", "limit6" },
};

static int open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		err(1, "open '%s'", name);
	return fd;
}

static void must(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
}

static void claim(int storefd, const char *name)
{
	for (size_t i = 0; i < N_ROWS(claims); i++) {
		int fd = open_dir(storefd, claims[i][0]);

		must(symlinkat(name, fd, claims[i][1]), "claim");
		close(fd);
	}
}

static void write_properties(int newfd)
{
	char text[TEXT_LEN];
	int fd = openat(newfd, ".text", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	must(fd, "make the text");
	memset(text, ' ', sizeof(text));
	must((int)write(fd, text, sizeof(text)), "write the text");
	must(fsync(fd), "sync the text");
	must(renameat(newfd, ".text", newfd, "zone.json"), "rename the text");
	must(fsync(newfd), "sync the zone");
	close(fd);
}

static void create(int storefd, const char *name)
{
	int zonesfd = open_dir(storefd, "zones");
	char new[64];
	int newfd, datafd, upperfd;

	snprintf(new, sizeof(new), ".limit-%s", name);
	must(mkdirat(zonesfd, new, 0700), "make the zone");
	newfd = open_dir(zonesfd, new);
	claim(storefd, name);
	for (size_t i = 0; i < N_ROWS(dirs); i++)
		must(mkdirat(newfd, dirs[i], 0700), dirs[i]);
	datafd = open_dir(newfd, "data");
	upperfd = open_dir(datafd, "upper");
	must(fchown(upperfd, ZONE_ROOT_UID, ZONE_ROOT_UID), "give the upper layer away");
	must(fchmod(upperfd, 0755), "open the upper layer");
	must(fsync(datafd), "sync the data");
	write_properties(newfd);
	must(renameat(zonesfd, new, zonesfd, name), "rename the zone");
	must(fsync(zonesfd), "sync the zones");
}

static void destroy(int storefd, const char *name)
{
	int zonesfd = open_dir(storefd, "zones");
	int fd = open_dir(zonesfd, name);

	must(unlinkat(fd, "zone.json", 0), "remove the text");
	for (size_t i = N_ROWS(dirs); i-- > 0;)
		must(unlinkat(fd, dirs[i], AT_REMOVEDIR), dirs[i]);
	must(unlinkat(zonesfd, name, AT_REMOVEDIR), "remove the zone");
	for (size_t i = 0; i < N_ROWS(claims); i++) {
		int claimsfd = open_dir(storefd, claims[i][0]);

		must(unlinkat(claimsfd, claims[i][1], 0), "give back");
		close(claimsfd);
	}
}

int main(int argc, char **argv)
{
	char path[4096];
	int storefd;

	if (argc != 4 || (strcmp(argv[1], "create") != 0 && strcmp(argv[1], "destroy") != 0))
		errx(2, "create_limit create|destroy STORE NAME");
	snprintf(path, sizeof(path), "%s/var/lib/zonectl", argv[2]);
	storefd = open_dir(AT_FDCWD, path);
	if (strcmp(argv[1], "create") == 0)
		create(storefd, argv[3]);
	else
		destroy(storefd, argv[3]);
	return 0;
}
