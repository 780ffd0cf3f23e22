/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that a zone's process is for a moment before it becomes what was
 * asked for. argv[0] is the path to execute, argv[1] the number of the report
 * pipe, argv[2] and on its arguments. No libc, no data, nothing to load: what a
 * zone can get hold of through /proc/PID/exe is this, in a sealed memfd.
 *
 * Behind the first number there may be ",SOCKET,TERMINAL": then a new process does
 * it, a child of the caller's parent, which hears of its pid through the socket and
 * lets it go with a byte; TERMINAL is 1 where descriptor 0 becomes its terminal.
 * That one is born in the pid namespace that the caller prepared for its children.
 */
#include <asm/ioctls.h>
#include <asm/unistd.h>

enum {
	F_SETFD_NUMBER = 2, FD_CLOEXEC_FLAG = 1, EXIT_CODE = 127,
	CLONE_PARENT_FLAG = 0x8000,	/* with the exit signal of the caller (clone(2)) */
};

#if defined(__x86_64__)
static long call(long n, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(n), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call stub_main\n");
#elif defined(__aarch64__)
static long call(long n, long a, long b, long c)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x0, sp\n"
	"	bl stub_main\n");
#else
#error "stub.c: this processor needs its own system call and entry"
#endif

void stub_main(long *stack);

static _Noreturn void leave(int code)
{
	for (;;)
		call(__NR_exit_group, code, 0, 0);
}

/* "3" or "3,4,1". */
static void read_numbers(const char *text, long out[3])
{
	for (int n = 0; *text && n < 3; text++) {
		if (*text == ',')
			n++;
		else
			out[n] = out[n] * 10 + *text - '0';
	}
}

/* Returns in the new process, 0 or the number of an error. */
static int be_born(long sockfd, long has_terminal)
{
	int pid = (int)call(__NR_clone, CLONE_PARENT_FLAG, 0, 0);
	char byte;
	long ret;

	if (pid != 0) {
		call(__NR_write, sockfd, (long)&pid, sizeof(pid));
		leave(0);
	}
	if (call(__NR_read, sockfd, (long)&byte, 1) != 1)
		leave(EXIT_CODE);
	call(__NR_fcntl, sockfd, F_SETFD_NUMBER, FD_CLOEXEC_FLAG);
	ret = call(__NR_setsid, 0, 0, 0);
	if (ret >= 0 && has_terminal)
		ret = call(__NR_ioctl, 0, TIOCSCTTY, 0);
	return ret < 0 ? (int)-ret : 0;
}

/* stack is what the kernel leaves at entry: argc, argv, NULL, envp, NULL (execve(2)). */
void stub_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	long numbers[3] = { 0, 0, 0 };
	int error = 0;

	read_numbers(argv[1], numbers);
	if (numbers[1])
		error = be_born(numbers[1], numbers[2]);
	call(__NR_fcntl, numbers[0], F_SETFD_NUMBER, FD_CLOEXEC_FLAG);
	if (!error)
		error = (int)-call(__NR_execve, (long)argv[0], (long)(argv + 2), (long)envp);
	call(__NR_write, numbers[0], (long)&error, sizeof(error));
	leave(EXIT_CODE);
}
