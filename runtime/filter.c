/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sha256.h"
#include "runtime/config.h"
#include "runtime/filter_compile.h"

#define CACHE_DIR ".filters"
#define CACHE_MAGIC "zonefil1"

enum { KEY_MAX = 16 + 1, CACHE_PATH_MAX = sizeof(CACHE_DIR) + KEY_MAX };

/* A file of the cache: this, then the instructions. */
struct cache_header {
	char magic[8];
	uint8_t digest[SHA256_SIZE];	/* of what the filter follows from, and of the filter */
};

static void key_of(char key[KEY_MAX], uint64_t features)
{
	snprintf(key, KEY_MAX, "%llx", (unsigned long long)filter_features(features));
}

static void header_fill(struct cache_header *h, const void *insns, size_t len, uint64_t features)
{
	struct sha256 s;

	memcpy(h->magic, CACHE_MAGIC, sizeof(h->magic));
	sha256_init(&s);
	filter_identity(&s, features);
	sha256_add(&s, insns, len);
	sha256_end(&s, h->digest);
}

/* The length of the instructions in fd, 0 if it can be no file of ours. */
static size_t cache_len(int fd)
{
	struct stat st;
	size_t len;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (st.st_uid != geteuid() || (st.st_mode & 07777) != 0600)
		return 0;
	if (st.st_size <= (off_t)sizeof(struct cache_header))
		return 0;
	len = (size_t)st.st_size - sizeof(struct cache_header);
	if (len % sizeof(struct sock_filter) != 0 ||
	    len > BPF_MAXINSNS * sizeof(struct sock_filter))
		return 0;
	return len;
}

/* False for a filter that is not there, not whole, not the caller's own or another program's: it is
 * made anew, so the reason does not matter. */
static bool cache_read(struct filter *out, struct site *site, uint64_t features)
{
	char key[KEY_MAX], path[CACHE_PATH_MAX];
	struct error err = { 0 };
	struct cache_header expected;
	AUTO_FREE char *data = NULL;
	AUTO_CLOSE int fd = -1;
	size_t len;

	key_of(key, features);
	snprintf(path, sizeof(path), "%s/%s", CACHE_DIR, key);
	fd = path_open_nolink(site->runfd, path, O_RDONLY, true, &err);
	if (fd < 0)
		return false;
	len = cache_len(fd);
	if (len == 0)
		return false;
	data = xcalloc(1, sizeof(expected) + len);
	if (fd_read_exact(fd, data, sizeof(expected) + len, &err) < 0)
		return false;
	header_fill(&expected, data + sizeof(expected), len, features);
	if (memcmp(&expected, data, sizeof(expected)) != 0)
		return false;
	/* The header's place is given back; the instructions move down to an aligned start. */
	memmove(data, data + sizeof(expected), len);
	*out = (struct filter){ .insns = (struct sock_filter *)TAKE_PTR(data),
				.n = (unsigned short)(len / sizeof(struct sock_filter)) };
	return true;
}

static int cache_write(const struct filter *f, struct site *site, uint64_t features,
		       struct error *err)
{
	size_t len = f->n * sizeof(*f->insns);
	struct cache_header header;
	AUTO_FREE char *data = xcalloc(1, sizeof(header) + len);
	AUTO_CLOSE int dirfd = path_mkdirs(site->runfd, CACHE_DIR, 0700, err);
	char key[KEY_MAX];

	if (dirfd < 0)
		return -1;
	header_fill(&header, f->insns, len, features);
	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), f->insns, len);
	key_of(key, features);
	return fd_replace_nosync(dirfd, key, 0600, data, sizeof(header) + len, err);
}

int filter_load(struct filter *out, struct site *site, uint64_t features, struct error *err)
{
	struct filter compiled = { 0 };
	struct error ignored = { 0 };

	if (cache_read(out, site, features)) {
		out->has_notices = (features & FEATURE_MKNOD) != 0;
		return 0;
	}
	if (filter_compile(&compiled, features, err) < 0)
		return error_wrap(err, "system call filter");
	(void)cache_write(&compiled, site, features, &ignored);	/* the next boot compiles again */
	*out = compiled;
	out->has_notices = (features & FEATURE_MKNOD) != 0;
	return 0;
}

void filter_clear(struct filter *f)
{
	free(f->insns);
	*f = (struct filter){ 0 };
}

/* SPEC_ALLOW: else spec_store_bypass_disable=seccomp on the host slows the whole zone. */
static int apply(const struct filter *f, unsigned long flags, struct error *err)
{
	struct sock_fprog program = { .len = f->n, .filter = f->insns };
	long ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_SPEC_ALLOW | flags, &program);

	return ret >= 0 ? (int)ret : error_sys(err, "apply the system call filter");
}

int filter_apply(const struct filter *f, struct error *err)
{
	return apply(f, 0, err);
}

int filter_apply_notices(const struct filter *f, struct error *err)
{
	return apply(f, SECCOMP_FILTER_FLAG_NEW_LISTENER, err);
}
