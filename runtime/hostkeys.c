/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a zone may try: a key file that is a FIFO, a device, endless, a link to a file of the
 * host's; a root that answers nobody. Files are opened below the zone's root by path.h, and of a
 * zone that is up in a process that is killed when it takes too long.
 */
#include "runtime/hostkeys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/sha256.h"
#include "base/strv.h"
#include "base/sys.h"
#include "runtime/property_users.h"

/* All of them together fit into a pipe. */
enum { KEY_FILE_MAX = 4 << 10, LINES_MAX = 32 << 10, LOOK_MS = 2000 };

static const char *const servers[] = {
	"usr/sbin/sshd", "usr/sbin/dropbear", "usr/bin/sshd", "usr/bin/dropbear",
};

bool hostkeys_has_server(int rootfd)
{
	for (size_t i = 0; i < N_ROWS(servers); i++) {
		struct error ignored = { 0 };
		AUTO_CLOSE int fd = path_open(rootfd, servers[i], O_PATH, &ignored);

		if (fd >= 0)
			return true;
	}
	return false;
}

/* The comment does not count, nor does a key that two servers have. */
static void add_line(struct str *out, const char *line)
{
	AUTO_FREE char *found = NULL;
	const char *key;
	struct error not_one = { 0 };

	if (property_check_ssh_key(line, &not_one) < 0)
		return;
	found = xasprintf("%.*s\n", (int)property_ssh_key(line, &key), line);
	if (!strstr(str_text(out), found))
		str_add(out, found);
}

/* As ssh-keygen(1) leaves it. */
static void add_openssh(struct str *out, const char *text, size_t len)
{
	AUTO_FREE char *line = xstrndup(text, strnlen(text, len));

	line[strcspn(line, "\n")] = '\0';
	add_line(out, line);
}

/* The string of RFC 4251 at *at; false where the text ends before it does. */
static bool take_string(const char *text, size_t len, size_t *at, struct str *out)
{
	uint32_t n = 0;

	if (len - *at < 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		n = n << 8 | (uint8_t)text[*at + i];
	if (len - *at - 4 < n)
		return false;
	str_addn(out, text + *at + 4, n);
	*at += 4 + (size_t)n;
	return true;
}

/* dropbear keeps the private key alone. It begins with the type, and goes on as the public one does
 * with two strings more; that of ed25519 holds the public key after the secret instead. */
static void add_dropbear(struct str *out, const char *text, size_t len)
{
	static const char length[] = { 0, 0, 0, 32 };
	AUTO_STR struct str type = { 0 };
	AUTO_STR struct str part = { 0 };
	AUTO_STR struct str blob = { 0 };
	AUTO_STR struct str line = { 0 };
	size_t at = 0, end;

	if (!take_string(text, len, &at, &type))
		return;
	end = at;
	if (!take_string(text, len, &end, &part))
		return;
	if (strcmp(str_text(&type), "ssh-ed25519") == 0) {
		if (part.len != 64)
			return;
		str_addn(&blob, text, at);
		str_addn(&blob, length, sizeof(length));
		str_addn(&blob, part.data + 32, 32);
	} else {
		if (!take_string(text, len, &end, &part))
			return;
		str_addn(&blob, text, end);
	}
	str_addf(&line, "%s ", str_text(&type));
	base64_add(&line, blob.data, blob.len);
	add_line(out, str_text(&line));
}

/* Where servers have their keys unless they are told otherwise. */
static const struct key_row {
	const char *path;
	void (*add)(struct str *out, const char *text, size_t len);
} key_rows[] = {
	{ "etc/ssh/ssh_host_ed25519_key.pub",          add_openssh },
	{ "etc/ssh/ssh_host_ecdsa_key.pub",            add_openssh },
	{ "etc/ssh/ssh_host_rsa_key.pub",              add_openssh },
	{ "etc/dropbear/dropbear_ed25519_host_key",    add_dropbear },
	{ "etc/dropbear/dropbear_ecdsa_host_key",      add_dropbear },
	{ "etc/dropbear/dropbear_rsa_host_key",        add_dropbear },
};

char *hostkeys_read(int rootfd)
{
	AUTO_STR struct str out = { 0 };

	for (size_t i = 0; i < N_ROWS(key_rows); i++) {
		AUTO_FREE char *text = NULL;
		struct error ignored = { 0 };
		size_t len;

		/* One that is not there is none. */
		if (path_read(rootfd, key_rows[i].path, KEY_FILE_MAX, &text, &len, &ignored) == 0)
			key_rows[i].add(&out, text, len);
	}
	return str_take(&out);
}

bool hostkeys_fingerprint(const char *key, struct str *out)
{
	const char *data = key + strcspn(key, " ");
	uint8_t digest[SHA256_SIZE];
	AUTO_FREE uint8_t *bytes = NULL;
	struct sha256 sum;
	size_t len;

	if (*data != ' ' || !base64_size(data + 1, &len))
		return false;
	bytes = xreallocarray(NULL, len, 1);
	if (!base64_decode(data + 1, bytes, len))
		return false;
	sha256_init(&sum);
	sha256_add(&sum, bytes, len);
	sha256_end(&sum, digest);
	str_add(out, "SHA256:");
	base64_add(out, digest, sizeof(digest));
	out->data[--out->len] = '\0';	/* 32 bytes are padded by one '=', which is not shown */
	return true;
}

static pid_t start_look(int rootfd, int outfd)
{
	pid_t parent = getpid(), pid = fork();
	AUTO_FREE char *lines = NULL;

	if (pid != 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	lines = hostkeys_read(rootfd);
	_exit(fd_write_all(outfd, lines, strlen(lines), &(struct error){ 0 }) < 0);
}

/* Where reading may take for ever, as below a root that is a FUSE. */
static char *look(int rootfd)
{
	AUTO_CLOSE int pidfd = -1;
	struct error ignored = { 0 };
	char *lines = NULL;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return NULL;
	pid = start_look(rootfd, out[1]);
	close(out[1]);
	pidfd = pid < 0 ? -1 : sys_pidfd_open(pid, 0);
	if (pidfd >= 0) {
		if (proc_wait_end(pidfd, LOOK_MS, &ignored) != 1)
			(void)proc_signal(pidfd, SIGKILL, &ignored); /* or it ends just now */
		if (proc_reap(pidfd, &ignored) == 0)
			(void)fd_read_all(out[0], LINES_MAX, &lines, NULL, &ignored);
	}
	close(out[0]);
	return lines;
}

static char *look_up(const struct zone_status *status)
{
	char path[sizeof("/proc//root") + 11];
	struct error ignored = { 0 };
	AUTO_CLOSE int rootfd = -1;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)status->run.init.pid);
	rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);	/* host path */
	/* It has not ended, so its pid was its own when that was opened. */
	if (rootfd < 0 || proc_wait_end(status->initfd, 0, &ignored) != 0)
		return NULL;
	return look(rootfd);
}

/* What an overlay's lower layer may have is never the zone's (identity.h). */
static char *look_down(const struct zone *z)
{
	static const char *const roots[] = { "data/upper", "data/root" };

	for (size_t i = 0; i < N_ROWS(roots); i++) {
		AUTO_CLOSE int rootfd = openat(z->dirfd, roots[i], O_PATH | O_DIRECTORY |
					       O_NOFOLLOW | O_CLOEXEC);

		if (rootfd >= 0)
			return hostkeys_read(rootfd);
	}
	return NULL;
}

char *hostkeys_of(const struct zone *z, const struct zone_status *status)
{
	if (status->initfd >= 0)
		return look_up(status);
	return ZONE_BIT(status->state) & ZONE_UP ? NULL : look_down(z);
}
