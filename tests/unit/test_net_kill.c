/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "netns/net_name.h"

enum { MOST = 200 };

/* Of every kind that leaves something on the host: a pair with a route, a port of a bridge of our
 * own, an ifb, elements of the table, and an address that the uplink answers for. */
struct plan {
	struct net_addr first[2], second;
	struct nic nics[2];
	struct net_publish port;
	struct net_plan plan;
};

static void fill_plan(struct plan *p)
{
	*p = (struct plan){
		.first = { addr("192.0.2.7", 32), addr("fd00:9::2", 128) },
		.second = addr("10.8.0.5", 24),
	};
	p->nics[0] = routed("", 0, p->first, N_ROWS(p->first));
	p->nics[0].rate_in = p->nics[0].rate_out = 1000000;
	p->nics[0].is_announced = true;
	p->nics[1] = routed("", 1, &p->second, 1);
	net_host_name("", 0, 1, p->nics[1].host);
	p->nics[1].kind = NIC_BRIDGE;
	strcpy(p->nics[1].name, "eth1");
	strcpy(p->nics[1].device, "zn-back");
	p->port = (struct net_publish){ .protocol = IPPROTO_TCP, .host_port = 80, .zone_port = 80,
					.count = 1 };
	p->port.target = p->first[0];
	p->plan = plan_of("web", p->nics, N_ROWS(p->nics));
	p->plan.publish = &p->port;
	p->plan.n_publish = 1;
}

/* True for the calls that change something: requests, and sysctls. */
static bool changes(pid_t pid)
{
	struct __ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (info.entry.nr == SYS_sendto || info.entry.nr == SYS_write);
}

/* Runs work in a child and kills that before its call number last; false if it ended by itself,
 * with its status in *out. */
static bool killed_at(struct fixture *f, int (*work)(struct fixture *f, const struct plan *p),
		      const struct plan *p, int last, int *out)
{
	int status = 0, seen = 0;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(work(f, p) < 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			break;
		if (changes(pid) && ++seen == last)
			kill(pid, SIGKILL);
	}
	*out = status;
	return WIFSIGNALED(status);
}

static int run_up(struct fixture *f, const struct plan *p)
{
	return up(f, &p->plan, 0);
}

static int run_down(struct fixture *f, const struct plan *p)
{
	(void)p;
	return net_down("", "web", NULL, &f->err);
}

/* Links whose other end is in the zone's namespace go with it, as soon as that has ended. */
static size_t links_left(struct fixture *f)
{
	size_t n = 0;

	for (int i = 0; i < WAIT_MS; i++) {
		AUTO_FREE struct link *links = NULL;
		size_t all = 0;

		good(link_list(&f->host.nl, &links, &all, &f->err), &f->err);
		n = 0;
		for (size_t k = 0; k < all; k++)
			n += links[k].name[0] == 'z';
		if (n == 0)
			return 0;
		poll(NULL, 0, 1);
	}
	return n;
}

static int count(const struct nlmsghdr *msg, void *arg, struct error *err)
{
	(void)msg;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

static size_t proxies_left(struct fixture *f)
{
	size_t n = 0;
	struct nl_sink sink = { count, NULL, &n };
	struct nlmsghdr *req = nl_request(&f->host.nl, RTM_GETNEIGH, 0);
	struct ndmsg *header = nl_put_header(req, sizeof(*header));

	header->ndm_family = AF_INET;
	header->ndm_flags = NTF_PROXY;
	good(nl_dump(&f->host.nl, req, &sink, &f->err), &f->err);
	return n;
}

static void nothing_is_left(struct fixture *f)
{
	AUTO_STRV char **list = NULL;

	good(net_down("", "web", NULL, &f->err), &f->err);
	good(net_list("", &list, &f->err), &f->err);
	assert_int_equal(strv_len(list), 0);
	assert_int_equal(proxies_left(f), 0);
	close_place(&f->zones[0]);
	assert_int_equal(links_left(f), 0);
	open_place(&f->zones[0], &f->err);
	enter(&f->host);
}

static void killed_while_it_goes_up_leaves_what_down_removes(void **state)
{
	struct fixture *f = as_root(state);
	struct plan p;
	int at, status = 0;

	make_uplink(f, 0);
	for (at = 1; at < MOST; at++) {
		fill_plan(&p);
		if (!killed_at(f, run_up, &p, at, &status))
			break;
		nothing_is_left(f);
	}
	print_message("# killed at %d places\n", at - 1);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(at > 10);
	nothing_is_left(f);
}

static void killed_while_it_goes_down_leaves_what_down_removes(void **state)
{
	struct fixture *f = as_root(state);
	struct plan p;
	int at, status = 0;

	make_uplink(f, 0);
	for (at = 1; at < MOST; at++) {
		fill_plan(&p);
		good(run_up(f, &p), &f->err);
		if (!killed_at(f, run_down, &p, at, &status))
			break;
		nothing_is_left(f);
	}
	print_message("# killed at %d places\n", at - 1);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(at > 5);
	nothing_is_left(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(killed_while_it_goes_up_leaves_what_down_removes),
		CASE(killed_while_it_goes_down_leaves_what_down_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
