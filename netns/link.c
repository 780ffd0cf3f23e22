/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/link.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

int link_set_up(struct nl *nl, int index, struct error *err)
{
	struct nlmsghdr *req = nl_request(nl, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(req, sizeof(*link));

	link->ifi_family = AF_UNSPEC;
	link->ifi_index = index;
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	if (nl_talk(nl, req, err) < 0)
		return error_wrap(err, "raise link %d", index);
	return 0;
}
