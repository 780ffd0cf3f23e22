/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/notices.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci/oci_launch.h"
#include "oci/spec_linux.h"
#include "oci/spec_seccomp.h"

int notices_connect(const char *path, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "linux.seccomp.listenerPath: too long");
	strcpy(addr.sun_path, path);
	if (sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "connect to linux.seccomp.listenerPath '%s'", path);
	return TAKE_FD(sock);
}

pid_t notices_own_pid(void)
{
	char text[16] = "";

	if (readlink("/proc/self", text, sizeof(text) - 1) < 0) /* host path */
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

int notices_pass(int sock, int noticefd, const struct notices_process *p, struct error *err)
{
	const struct oci_seccomp *s = p->container->spec.linux_->seccomp;
	struct json_out out = { .compact = true };
	int status;

	json_out_object(&out, NULL);
	json_out_str(&out, "ociVersion", p->container->spec.version);
	json_out_array(&out, "fds");
	json_out_str(&out, NULL, "seccompFd");
	json_out_end_array(&out);
	json_out_i64(&out, "pid", p->pid);
	if (s->listener_metadata)
		json_out_str(&out, "metadata", s->listener_metadata);
	oci_state_add(&out, "state", p->container, p->status, p->init);
	json_out_end_object(&out);
	status = fd_send(sock, &noticefd, 1, str_text(&out.text), out.text.len, err);
	json_out_clear(&out);
	return status < 0 ? error_wrap(err, "linux.seccomp.listenerPath") : 0;
}
