/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that a zone's process is for a moment before it becomes what was
 * asked for. argv[0] is the path to execute, argv[1] the number of the report
 * pipe, argv[2] and on its arguments. No libc, no data, nothing to load: what a
 * zone can get hold of through /proc/PID/exe is this, in a sealed memfd.
 */
#include <asm/unistd.h>

enum { F_SETFD_NUMBER = 2, FD_CLOEXEC_FLAG = 1, EXIT_CODE = 127 };

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

/* stack is what the kernel leaves at entry: argc, argv, NULL, envp, NULL (execve(2)). */
void stub_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	long reportfd = 0;
	int error;

	for (const char *digit = argv[1]; *digit; digit++)
		reportfd = reportfd * 10 + *digit - '0';
	call(__NR_fcntl, reportfd, F_SETFD_NUMBER, FD_CLOEXEC_FLAG);
	error = (int)-call(__NR_execve, (long)argv[0], (long)(argv + 2), (long)envp);
	call(__NR_write, reportfd, (long)&error, sizeof(error));
	for (;;)
		call(__NR_exit_group, EXIT_CODE, 0, 0);
}
