/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "cgroups/options.h"
#include "oci/protobuf.h"
#include "runtime/confine.h"

enum { REPLY_MAX = 16 << 10, SCRIPT_MAX = 32, MESSAGE_MAX = 200 };
enum { NOTIFY = 6 };			/* a type, too */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };

/* criu_resp. */
struct reply {
	uint64_t type, is_success, errnum, pid, version[3];
	char script[SCRIPT_MAX], message[MESSAGE_MAX];
	int fd;
};

const char *criu_find(const char *given, struct error *err)
{
	static const char *const places[] = { "/usr/sbin/criu", "/usr/local/sbin/criu",
					      "/usr/bin/criu", "/usr/local/bin/criu" };

	if (given && *given == '/' && access(given, X_OK) == 0) /* host path */
		return given;
	for (size_t i = 0; (!given || strcmp(given, "criu") == 0) && i < N_ROWS(places); i++)
		if (access(places[i], X_OK) == 0) /* host path */
			return places[i];
	error_set(err, ERR_UNSUPPORTED, "criu, which checkpoints and restores, is not on this host"
		  "%s%s", given ? ": " : "", given ? given : "");
	error_hint(err, given ? "--criu takes an absolute path"
			      : "apt-get install criu, or --criu PATH");
	return NULL;
}

void criu_keep(struct criu_request *r, int fd)
{
	for (size_t i = 0; i < N_ROWS(r->keepfds); i++)
		if (r->keepfds[i] < 0) {
			r->keepfds[i] = fd;
			return;
		}
}

static int keep(const struct criu_request *r, int sock)
{
	if (sys_close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0 || fcntl(sock, F_SETFD, 0) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(r->keepfds); i++)
		if (r->keepfds[i] >= 0 && fcntl(r->keepfds[i], F_SETFD, 0) < 0)
			return -1;
	return 0;
}

/* criu looks for descriptors in the process that made its socket (SO_PEERCRED). Only its own are of
 * the mount namespace that it works in. */
static int make_socket(int handfd, struct error *err)
{
	AUTO_CLOSE int ours = -1, theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "make a socket");
	ours = pair[0];
	theirs = pair[1];
	return fd_send(handfd, &ours, 1, "s", 1, err) < 0 ? -1 : TAKE_FD(theirs);
}

/* If we are killed it hears that, and leaves what it works on whole: it must not die along. */
__attribute__((noreturn))
static void child(const struct criu_request *r, int handfd, int reportfd)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char name[] = "criu", work[] = "swrk", number[16], lc_all[] = "LC_ALL=C";
	char *const argv[] = { name, work, number, NULL }, *const env[] = { path, lc_all, NULL };
	struct error err = { 0 };
	int sock = -1;

	if (!r->prepare || r->prepare(r->arg, &err) == 0)
		sock = make_socket(handfd, &err);
	if (sock >= 0) {
		snprintf(number, sizeof(number), "%d", sock);
		if (keep(r, sock) == 0)
			execve(r->program, argv, env);
		error_sys(&err, "run '%s'", r->program);
	}
	(void)!write(reportfd, &err, sizeof(err));	/* nobody else to tell */
	_exit(127);
}

struct started {
	int sock, pidfd;		/* owned */
};

static int take_socket(int handfd, int reportfd, const struct criu_request *r, int *out,
		       struct error *err)
{
	size_t n_fds = 1;
	char byte;

	if (confine_report(reportfd, r->program, err) < 0)
		return -1;
	if (fd_receive(handfd, out, &n_fds, &byte, 1, err) < 0)
		return -1;
	return n_fds == 1 ? 0 : error_set(err, ERR_FAILED, "criu did not start");
}

static int start(const struct criu_request *r, struct started *out, struct error *err)
{
	int report[2], hand[2], status = -1;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hand) < 0) {
		close(report[0]);
		close(report[1]);
		return error_sys(err, "make a socket");
	}
	pid = fork();
	if (pid == 0)
		child(r, hand[1], report[1]);
	close(report[1]);
	close(hand[1]);
	if (pid < 0 || (out->pidfd = sys_pidfd_open(pid, 0)) < 0)
		error_sys(err, "make a process for criu");
	else
		status = take_socket(hand[0], report[0], r, &out->sock, err);
	close(report[0]);
	close(hand[0]);
	return status;
}

static int send_request(int sock, uint64_t type, const struct str *opts, int verdict,
			struct error *err)
{
	AUTO_STR struct str text = { 0 };

	protobuf_put_u64(&text, REQ_TYPE, type);
	if (opts)
		protobuf_put_message(&text, REQ_OPTS, opts);
	if (verdict >= 0)
		protobuf_put_u64(&text, REQ_NOTIFY_SUCCESS, (uint64_t)verdict);
	if (send(sock, str_text(&text), text.len, MSG_NOSIGNAL) != (ssize_t)text.len)
		return error_sys(err, "send to criu");
	return 0;
}

/* Messages within the answer: dump, restore, notify, version. */
static bool read_inner(struct reply *out, const struct protobuf *outer)
{
	struct protobuf p = { .at = outer->bytes, .left = outer->number };

	while (protobuf_next(&p)) {
		switch (outer->field << 4 | p.field) {
		case 4 << 4 | 1:
		case 5 << 4 | 2:
			out->pid = p.number;
			break;
		case 5 << 4 | 1:
			protobuf_text(&p, out->script, sizeof(out->script));
			break;
		case 10 << 4 | 1:
		case 10 << 4 | 2:
			out->version[p.field - 1] = p.number;
			break;
		case 10 << 4 | 4:
			out->version[2] = p.number;
			break;
		default:
			break;
		}
	}
	return p.left == 0;
}

static bool read_reply(struct reply *out, const uint8_t *text, size_t len)
{
	struct protobuf p = { .at = text, .left = len };

	while (protobuf_next(&p)) {
		if (p.field == 1)
			out->type = p.number;
		else if (p.field == 2)
			out->is_success = p.number;
		else if (p.field == 7)
			out->errnum = p.number;
		else if (p.field == 9)
			protobuf_text(&p, out->message, sizeof(out->message));
		else if (p.bytes && !read_inner(out, &p))
			return false;
	}
	return p.left == 0;
}

static int receive(int sock, struct reply *out, struct error *err)
{
	uint8_t text[REPLY_MAX];
	size_t n_fds = 1;
	ssize_t n;

	*out = (struct reply){ .fd = -1 };
	n = fd_receive(sock, &out->fd, &n_fds, text, sizeof(text), err);
	if (n_fds == 0)
		out->fd = -1;
	if (n < 0)
		return error_wrap(err, "hear of criu");
	if (n == 0)
		return error_set(err, ERR_FAILED, "criu ended without an answer");
	return read_reply(out, text, (size_t)n) ? 0 : error_set(err, ERR_FAILED, "criu's answer is"
								" no message of its kind");
}

/* What fails here is the cause, not that criu then gives up. */
static int take_notice(const struct criu_request *r, int sock, struct reply *reply,
		       struct error *cause, struct error *err)
{
	int status = 0;

	if (r->notice && cause->kind == ERR_NONE)
		status = r->notice(r->arg, reply->script, (pid_t)reply->pid, reply->fd, cause);
	if (reply->fd >= 0)
		close(TAKE_FD(reply->fd));
	return send_request(sock, NOTIFY, NULL, status == 0 && cause->kind == ERR_NONE, err);
}

static int failed(const struct reply *reply, const struct error *cause, struct error *err)
{
	static const char *const names[] = { [CRIU_DUMP] = "DUMP", [CRIU_RESTORE] = "RESTORE",
					     [CRIU_PRE_DUMP] = "PRE_DUMP" };
	const char *name = reply->type < N_ROWS(names) ? names[reply->type] : NULL;

	if (cause->kind != ERR_NONE) {
		*err = *cause;
		return -1;
	}
	error_set(err, ERR_FAILED, "criu failed: type %s errno %" PRIu64 "%s%s",
		  name ? name : "unknown", reply->errnum, *reply->message ? ": " : "",
		  reply->message);
	err->sys = (int)reply->errnum;
	return -1;
}

static int converse(const struct criu_request *r, int sock, struct reply *reply, struct error *err)
{
	struct error cause = { 0 };

	if (send_request(sock, r->type, r->opts.len > 0 ? &r->opts : NULL, -1, err) < 0)
		return -1;
	do {
		if (receive(sock, reply, err) < 0)
			return -1;
		if (reply->type != NOTIFY)
			break;
	} while (take_notice(r, sock, reply, &cause, err) == 0);
	if (reply->type == NOTIFY)
		return -1;
	if (reply->fd >= 0)
		close(TAKE_FD(reply->fd));
	return reply->type == r->type && reply->is_success ? 0 : failed(reply, &cause, err);
}

static int have_done(const struct criu_request *r, struct reply *reply, struct error *err)
{
	struct started s = { -1, -1 };
	int status = start(r, &s, err);

	if (status == 0)
		status = converse(r, s.sock, reply, err);
	cleanup_close(&s.sock);
	if (s.pidfd < 0)
		return -1;
	/* It ends when nobody asks for more. */
	if (status < 0)
		proc_end(s.pidfd);
	else
		(void)proc_reap(s.pidfd, err);
	close(s.pidfd);
	return status;
}

/* It mounts cgroups for itself, and the host's have its options from then on. */
int criu_do(const struct criu_request *r, struct error *err)
{
	struct cgroup_options before;
	struct error other = { 0 };
	struct reply reply;
	int status = cgroup_options_read(&before, err);

	if (status == 0) {
		status = have_done(r, &reply, err);
		/* What is done is done: a container that was written down has ended. */
		(void)cgroup_options_keep(&before, &other);
	}
	cgroup_options_clear(&before);
	return status;
}

int criu_version(const char *program, char out[32], struct error *err)
{
	const struct criu_request r = CRIU_REQUEST(CRIU_VERSION, program);
	struct reply reply;

	if (have_done(&r, &reply, err) < 0)
		return -1;
	snprintf(out, 32, "%u.%u.%u", (unsigned int)reply.version[0],
		 (unsigned int)reply.version[1], (unsigned int)reply.version[2]);
	return 0;
}
