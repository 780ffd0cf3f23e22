/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

#include "base/clock.h"
#include "netns/net_name.h"

enum { RATE = 4000000, FAST = 25000000, SETTLE_MS = 300, MEASURE_MS = 1000 };

static const char own[] = "10.9.0.2", near[] = "169.254.1.1";

struct zone {
	struct net_addr addr;
	struct nic nic;
	struct net_plan plan;
};

static void boot(struct fixture *f, struct zone *z, uint64_t in, uint64_t out)
{
	z->addr = addr(own, 32);
	z->nic = routed("", 0, &z->addr, 1);
	z->nic.rate_in = in;
	z->nic.rate_out = out;
	z->plan = plan_of("web", &z->nic, 1);
	good(up(f, &z->plan, 0), &f->err);
}

/* A connection that one end fills and the other one empties. */
struct stream {
	int fillfd, emptyfd;
};

static struct stream connect_to(struct fixture *f, struct place *from, struct place *to,
				const char *address)
{
	struct sockaddr_storage name;
	socklen_t len = fill(&name, address, 9090);
	struct stream s;
	int serverfd, on = 1;

	enter(to);
	serverfd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(serverfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(serverfd, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(serverfd, 1), 0);
	enter(from);
	s.fillfd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connected(s.fillfd, &name, len, WAIT_MS), 0);
	s.emptyfd = accept4(serverfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(s.emptyfd >= 0);
	close(serverfd);
	enter(&f->host);
	return s;
}

/* Keeps it full until the time; returns what came out. */
static uint64_t pump(const struct stream *s, int64_t until)
{
	static char data[256 << 10];
	uint64_t sum = 0;

	while (clock_ms() < until) {
		struct pollfd ready[] = {
			{ .fd = s->fillfd, .events = POLLOUT },
			{ .fd = s->emptyfd, .events = POLLIN },
		};
		ssize_t n;

		assert_true(poll(ready, 2, WAIT_MS) > 0);
		if (ready[0].revents & POLLOUT)
			(void)!send(s->fillfd, data, sizeof(data), MSG_NOSIGNAL);
		n = ready[1].revents & POLLIN ? recv(s->emptyfd, data, sizeof(data), 0) : 0;
		sum += n > 0 ? (uint64_t)n : 0;
	}
	return sum;
}

/* Bytes a second, once the first burst and what TCP thought of it are over. */
static uint64_t measure(struct fixture *f, struct place *from, struct place *to,
			const char *address)
{
	struct stream s = connect_to(f, from, to, address);
	int64_t start;
	uint64_t sum;

	pump(&s, clock_ms() + SETTLE_MS);
	start = clock_ms();
	sum = pump(&s, start + MEASURE_MS);
	sum = sum * 1000 / (uint64_t)(clock_ms() - start);
	close(s.fillfd);
	close(s.emptyfd);
	return sum;
}

/* Headers count too, so that a little less than the rate is data. */
static void is_at_rate(uint64_t measured, uint64_t rate)
{
	print_message("# %llu of %llu bytes/s\n", (unsigned long long)measured,
		      (unsigned long long)rate);
	assert_in_range(measured, rate * 9 / 10, rate * 11 / 10);
}

static void each_way_has_its_own_rate(void **state)
{
	struct fixture *f = as_root(state);
	struct zone z;

	boot(f, &z, RATE, 2 * RATE);
	is_at_rate(measure(f, &f->host, &f->zones[0], own), RATE);
	is_at_rate(measure(f, &f->zones[0], &f->host, near), 2 * RATE);
}

static void rates_change_while_the_zone_runs(void **state)
{
	struct fixture *f = as_root(state);
	struct zone z;

	boot(f, &z, 0, 0);
	assert_true(measure(f, &f->host, &f->zones[0], own) > FAST);
	assert_true(measure(f, &f->zones[0], &f->host, near) > FAST);
	z.nic.rate_in = 2 * RATE;
	z.nic.rate_out = RATE;
	/* The name that it was booted with is not needed. */
	net_host_name("", 0, 0, z.nic.host);
	good(net_change(&z.plan, &f->err), &f->err);
	is_at_rate(measure(f, &f->host, &f->zones[0], own), 2 * RATE);
	is_at_rate(measure(f, &f->zones[0], &f->host, near), RATE);
	z.nic.rate_in = z.nic.rate_out = 3 * RATE;
	good(net_change(&z.plan, &f->err), &f->err);
	is_at_rate(measure(f, &f->zones[0], &f->host, near), 3 * RATE);
	z.nic.rate_in = z.nic.rate_out = 0;
	good(net_change(&z.plan, &f->err), &f->err);
	good(net_change(&z.plan, &f->err), &f->err);
	assert_true(measure(f, &f->host, &f->zones[0], own) > FAST);
	assert_true(measure(f, &f->zones[0], &f->host, near) > FAST);
}

static void a_zone_cannot_lift_its_rate(void **state)
{
	struct fixture *f = as_root(state);
	int index;
	struct zone z;

	boot(f, &z, 0, RATE);
	index = link_named(&f->zones[0], "eth0").index;
	{
		AUTO_BATCH struct nl_batch b = { .nl = &f->zones[0].nl };

		link_add_change(&b, &(struct link_change){ .index = index, .name = "fast",
				.mtu = 65000, .is_down = true });
		link_add_change(&b, &(struct link_change){ .index = index, .is_up = true });
		addr_add_default_route(&b, index, &net_gateway4, 0, NULL);
		good(nl_batch_talk(&b, NULL, NULL, &f->err), &f->err);
	}
	assert_true(measure(f, &f->zones[0], &f->host, near) < RATE * 11 / 10);
}

static void what_paces_a_zone_goes_with_it(void **state)
{
	struct fixture *f = as_root(state);
	char funnel[IFNAMSIZ];
	struct zone z;

	boot(f, &z, RATE, RATE);
	net_name_funnel(z.nic.host, funnel);
	assert_true(has_link(&f->host, funnel));
	good(net_down("", "web", NULL, &f->err), &f->err);
	assert_false(has_link(&f->host, funnel));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(each_way_has_its_own_rate),
		CASE(rates_change_while_the_zone_runs),
		CASE(a_zone_cannot_lift_its_rate),
		CASE(what_paces_a_zone_goes_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
