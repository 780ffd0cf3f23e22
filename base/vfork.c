/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vfork.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Room for walking a tree of directories (base/treestream.h); what is not used costs nothing. */
enum { STACK_SIZE = 1 << 20 };

struct task {
	int (*main)(void *arg, struct error *err);
	void *arg;
	struct error err;
	int ret;
};

static int task_main(void *arg)
{
	struct task *task = arg;

	task->ret = task->main(task->arg, &task->err);
	_exit(0);
}

static pid_t run(struct task *task, char *stack, int flags)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(task_main, stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD | flags, task);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

void vfork_reap(pid_t *pid)
{
	if (*pid > 0)
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	*pid = 0;
}

int vfork_begin(int (*main)(void *arg, struct error *err), void *arg, int flags, pid_t *out_pid,
		struct error *err)
{
	struct task task = { .main = main, .arg = arg, .ret = -1 };
	/* Mapped, so that a long-lived caller is not left with its pages. */
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	pid_t pid;

	*out_pid = 0;
	if (stack == MAP_FAILED)
		return error_sys(err, "map a stack");
	pid = run(&task, stack, flags);
	if (pid < 0)
		error_sys(err, "clone");
	else if (task.ret < 0 && task.err.kind == ERR_NONE)
		error_set(err, ERR_FAILED, "a helper process was killed");
	else if (task.ret < 0)
		*err = task.err;
	munmap(stack, STACK_SIZE);
	if (pid > 0)
		*out_pid = pid;
	return pid < 0 ? -1 : task.ret;
}

int vfork_run(int (*main)(void *arg, struct error *err), void *arg, int flags, struct error *err)
{
	pid_t pid;
	int ret = vfork_begin(main, arg, flags, &pid, err);

	vfork_reap(&pid);
	return ret;
}
