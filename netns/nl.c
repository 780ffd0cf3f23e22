/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/nl.h"

#include <errno.h>
#include <string.h>

int nl_open(struct nl *nl, int bus, struct error *err)
{
	nl->seq = 0;
	nl->sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->sock)
		return error_sys(err, "open netlink socket");
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		error_sys(err, "bind netlink socket");
		nl_close(nl);
		return -1;
	}
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		(void)mnl_socket_close(nl->sock);	/* nothing is pending that could be lost */
	nl->sock = NULL;
}

struct nlmsghdr *nl_request(struct nl *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *req = mnl_nlmsg_put_header(nl->buf);

	req->nlmsg_type = type;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	req->nlmsg_seq = ++nl->seq;
	return req;
}

int nl_talk(struct nl *nl, struct nlmsghdr *req, struct error *err)
{
	unsigned int port = mnl_socket_get_portid(nl->sock);
	ssize_t n;

	if (mnl_socket_sendto(nl->sock, req, req->nlmsg_len) < 0)
		return error_sys(err, "send netlink request");
	do
		n = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
	while (n < 0 && errno == EINTR);
	if (n < 0 || mnl_cb_run(nl->buf, (size_t)n, nl->seq, port, NULL, NULL) < 0)
		return error_sys(err, "netlink answer");
	return 0;
}
