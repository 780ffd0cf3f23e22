/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/crew.h"

enum { GOOD, BAD, DIES, WAITS, BIG, KINDS, BIG_SIZE = 3 << 20 };

/* Job n is of kind n % KINDS where arg says so, else good. */
static int work(void *arg, const struct crew_job *job, struct str *gift, struct error *err)
{
	size_t kind = *(bool *)arg ? job->number % KINDS : GOOD;

	str_addf(gift, "%zu until %lld by %d", job->number, (long long)job->end_ms, (int)getpid());
	if (kind == BAD)
		return error_set(err, ERR_BUSY, "job %zu", job->number);
	if (kind == DIES)
		raise(SIGKILL);
	if (kind == WAITS) {
		crew_may_end(true);
		pause();
	}
	for (size_t i = 0; kind == BIG && i < BIG_SIZE; i += 16)
		str_addn(gift, "0123456789abcdef", 16);
	return kind == BIG ? 1 : 0;
}

static struct crew open_crew(size_t most, bool *has_kinds)
{
	struct crew c = { .work = work, .arg = has_kinds, .most = most };
	struct error err = { 0 };

	assert_int_equal(crew_open(&c, &err), 0);
	return c;
}

static bool give(struct crew *c, size_t number)
{
	const struct crew_job job = { .number = number, .end_ms = 1000 + (int64_t)number };
	struct error err = { 0 };

	return crew_give(c, &job, &err);
}

static struct crew_result result_of(struct crew *c, size_t number)
{
	struct crew_result r;
	int sig;

	assert_true(give(c, number));
	assert_int_equal(crew_wait(c, -1, &r, &sig), CREW_RESULT);
	assert_int_equal(r.number, number);
	return r;
}

static void close_crew(struct crew *c)
{
	crew_close(c);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* no child is left */
}

static void every_job_is_done_once_by_few_processes(void **state)
{
	bool has_kinds = false, is_done[100] = { false };
	struct crew c = open_crew(3, &has_kinds);
	size_t given = 0, done = 0;

	(void)state;
	while (done < 100) {
		struct crew_result r;
		int sig;

		while (given < 100 && give(&c, given))
			given++;
		assert_int_equal(crew_wait(&c, -1, &r, &sig), CREW_RESULT);
		assert_int_equal(r.status, 0);
		assert_false(is_done[r.number]);
		is_done[r.number] = true;
		done++;
		crew_result_clear(&r);
	}
	assert_int_equal(c.n, 3);
	close_crew(&c);
}

static void a_busy_crew_takes_no_job(void **state)
{
	bool has_kinds = true;
	struct crew c = open_crew(2, &has_kinds);
	struct crew_result r;
	int sig;

	(void)state;
	assert_true(give(&c, WAITS));
	assert_true(give(&c, WAITS + KINDS));
	assert_false(give(&c, GOOD));
	assert_int_equal(crew_wait(&c, 10, &r, &sig), CREW_TIMEOUT);
	crew_end(&c, false);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(crew_wait(&c, -1, &r, &sig), CREW_RESULT);
		assert_true(r.is_lost);
		assert_string_equal(r.err.text, "interrupted");
	}
	close_crew(&c);
}

static void results_come_with_what_was_said(void **state)
{
	bool has_kinds = true;
	struct crew c = open_crew(1, &has_kinds);
	struct crew_result r = result_of(&c, BAD);

	(void)state;
	assert_int_equal(r.status, -1);
	assert_int_equal(r.err.kind, ERR_BUSY);
	assert_string_equal(r.err.text, "job 1");
	assert_false(r.is_lost);
	crew_result_clear(&r);
	r = result_of(&c, GOOD + KINDS);
	assert_int_equal(strncmp(str_text(&r.gift), "5 until 1005 by ", 16), 0);
	crew_result_clear(&r);
	r = result_of(&c, BIG);
	assert_int_equal(r.status, 1);
	assert_true(r.gift.len > BIG_SIZE);
	crew_result_clear(&r);
	close_crew(&c);
}

static void a_worker_that_is_killed_costs_its_job_alone(void **state)
{
	bool has_kinds = true;
	struct crew c = open_crew(1, &has_kinds);
	struct crew_result r = result_of(&c, DIES);

	(void)state;
	assert_int_equal(r.status, -1);
	assert_true(r.is_lost);
	assert_string_equal(r.err.text, "the worker was killed by signal 9");
	r = result_of(&c, GOOD);
	assert_int_equal(r.status, 0);
	crew_result_clear(&r);
	close_crew(&c);
}

static void a_worker_that_is_killed_while_idle_is_replaced(void **state)
{
	bool has_kinds = false;
	struct crew c = open_crew(1, &has_kinds);
	struct crew_result r = result_of(&c, 1);
	siginfo_t info;

	(void)state;
	crew_result_clear(&r);
	assert_int_equal(kill(c.workers[0].pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)c.workers[0].pid, &info, WEXITED | WNOWAIT), 0);
	r = result_of(&c, 2);
	assert_int_equal(r.status, 0);
	crew_result_clear(&r);
	close_crew(&c);
}

static void a_signal_is_told_and_reaches_no_worker(void **state)
{
	bool has_kinds = false;
	struct crew c = open_crew(1, &has_kinds);
	struct crew_result r = result_of(&c, 1);
	int sig = 0;

	(void)state;
	crew_result_clear(&r);
	kill(c.workers[0].pid, SIGINT);
	kill(getpid(), SIGINT);
	assert_int_equal(crew_wait(&c, -1, &r, &sig), CREW_SIGNAL);
	assert_int_equal(sig, SIGINT);
	r = result_of(&c, 2);
	assert_int_equal(r.status, 0);
	crew_result_clear(&r);
	close_crew(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_is_done_once_by_few_processes),
		cmocka_unit_test(a_busy_crew_takes_no_job),
		cmocka_unit_test(results_come_with_what_was_said),
		cmocka_unit_test(a_worker_that_is_killed_costs_its_job_alone),
		cmocka_unit_test(a_worker_that_is_killed_while_idle_is_replaced),
		cmocka_unit_test(a_signal_is_told_and_reaches_no_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
