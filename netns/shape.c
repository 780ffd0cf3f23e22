/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns/shape.h"

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#include "base/cleanup.h"

enum {
	/* A burst holds what arrives between two ticks of the kernel's clock at HZ=100, and at
	 * least two packets: tbf splits larger ones that a link without wire hands over, but drops
	 * what does not fit when it is split. */
	TICKS_A_SECOND = 100, PACKETS = 2, FRAME = 64, BURST_MAX = 64 << 20,
	/* And so long may a packet wait, or behind so many bytes. */
	WAIT_MS = 50, WAIT_MIN = 16384, WAIT_MAX = 256 << 20,
	MAIN = 1,			/* the filter's place; there are no others */
};

static uint32_t within(uint64_t value, uint32_t min, uint32_t max)
{
	return value < min ? min : value > max ? max : (uint32_t)value;
}

static struct nlmsghdr *add(struct nl_batch *b, uint16_t type, uint16_t flags, const char *what,
			    const struct tcmsg *where)
{
	struct nlmsghdr *req = nl_batch_add(b, type, flags, what);
	struct tcmsg *header = nl_put_header(req, sizeof(*header));

	*header = *where;
	return req;
}

void shape_add_rate(struct nl_batch *b, int index, uint64_t rate, uint32_t mtu)
{
	uint32_t burst = within(rate / TICKS_A_SECOND, PACKETS * (mtu + FRAME), BURST_MAX);
	struct tc_tbf_qopt tbf = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET,
			  .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate },
		.limit = within(rate / 1000 * WAIT_MS, burst > WAIT_MIN ? burst : WAIT_MIN,
				WAIT_MAX),
	};
	struct tcmsg where = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT };
	struct nlmsghdr *req = add(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, "set a rate",
				   &where);
	struct nlattr *options;

	nl_put_str(req, TCA_KIND, "tbf");
	options = nl_nest(req, TCA_OPTIONS);
	nl_put(req, TCA_TBF_PARMS, &tbf, sizeof(tbf));
	nl_put_u32(req, TCA_TBF_BURST, burst);
	if (rate > UINT32_MAX)
		nl_put_u64(req, TCA_TBF_RATE64, rate);
	nl_nest_end(req, options);
}

void shape_add_no_rate(struct nl_batch *b, int index)
{
	struct tcmsg where = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT };

	add(b, RTM_DELQDISC, 0, "take a rate away", &where);
}

/* Hands every packet to the funnel's queue, and it comes back as if it had just arrived. */
static void put_redirect(struct nlmsghdr *req, int funnel)
{
	struct tc_mirred mirred = {
		.action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = (uint32_t)funnel,
	};
	struct nlattr *actions = nl_nest(req, TCA_U32_ACT), *first = nl_nest(req, 1), *options;

	nl_put_str(req, TCA_ACT_KIND, "mirred");
	options = nl_nest(req, TCA_ACT_OPTIONS);
	nl_put(req, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
	nl_nest_end(req, options);
	nl_nest_end(req, first);
	nl_nest_end(req, actions);
}

void shape_add_funnel(struct nl_batch *b, int index, int funnel)
{
	/* One key without a bit, here behind sel, matches everything. u32 is in more kernels than
	 * matchall. */
	struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 };
	uint8_t all[sizeof(sel) + sizeof(struct tc_u32_key)] = { 0 };
	struct tcmsg where = {
		.tcm_ifindex = index, .tcm_parent = TC_H_INGRESS,
		.tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0),
	};
	struct nlmsghdr *req = add(b, RTM_NEWQDISC, NLM_F_CREATE, "look at what arrives", &where);
	struct nlattr *options;

	nl_put_str(req, TCA_KIND, "ingress");
	where.tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0);
	where.tcm_handle = 0;
	where.tcm_info = TC_H_MAKE(MAIN << 16, htons(ETH_P_ALL));
	req = add(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, "lead packets through an ifb",
		  &where);
	nl_put_str(req, TCA_KIND, "u32");
	memcpy(all, &sel, sizeof(sel));
	options = nl_nest(req, TCA_OPTIONS);
	nl_put(req, TCA_U32_SEL, all, sizeof(all));
	put_redirect(req, funnel);
	nl_nest_end(req, options);
}

void shape_add_no_funnel(struct nl_batch *b, int index)
{
	struct tcmsg where = {
		.tcm_ifindex = index, .tcm_parent = TC_H_INGRESS,
		.tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0),
	};

	add(b, RTM_DELQDISC, 0, "take an ifb away", &where);
}

bool shape_parse(const struct nlmsghdr *msg, int *out_index, uint64_t *out_drops)
{
	const struct tcmsg *header = nl_payload(msg, sizeof(*header));
	const struct nlattr *attrs[TCA_STATS2 + 1], *stats[TCA_STATS_QUEUE + 1];
	struct gnet_stats_queue queue;
	const void *bytes = NULL;
	size_t len = 0;

	if (msg->nlmsg_type != RTM_NEWQDISC || !header || header->tcm_parent != TC_H_ROOT)
		return false;
	nl_attrs(msg, sizeof(*header), attrs, N_ROWS(attrs));
	nl_nested(attrs[TCA_STATS2], stats, N_ROWS(stats));
	if (stats[TCA_STATS_QUEUE])
		bytes = nl_value(stats[TCA_STATS_QUEUE], &len);
	if (strcmp(nl_str(attrs[TCA_KIND]), "tbf") != 0 || len < sizeof(queue))
		return false;
	memcpy(&queue, bytes, sizeof(queue));
	*out_index = header->tcm_ifindex;
	*out_drops = queue.drops;
	return true;
}

static int take_drops(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	uint64_t drops;
	int index;

	(void)err;	/* a message of something else is passed over */
	if (shape_parse(msg, &index, &drops))
		*(uint64_t *)arg = drops;
	return 0;
}

int shape_drops(struct nl *nl, int index, uint64_t *out, struct error *err)
{
	struct nl_sink sink = { .take = take_drops, .arg = out };
	/* The kernel tells who listens to changes, and who asks only if he wants an echo
	 * (tc_get_qdisc() in net/sched/sch_api.c). */
	struct nlmsghdr *req = nl_request(nl, RTM_GETQDISC, NLM_F_ECHO);
	struct tcmsg *header = nl_put_header(req, sizeof(*header));

	header->tcm_ifindex = index;
	header->tcm_parent = TC_H_ROOT;
	*out = 0;
	return nl_ask(nl, req, &sink, err);
}
