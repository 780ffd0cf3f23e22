/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library that a hostile root filesystem offers as NSS module, preload, gconv
 * module: whoever loads it leaves a marker with its name. Built with -shared.
 */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	int fd = open("/marker", O_WRONLY | O_CREAT | O_APPEND, 0666);
	int commfd = open("/proc/self/comm", O_RDONLY);
	char comm[32];
	ssize_t n = commfd < 0 ? 0 : read(commfd, comm, sizeof(comm));

	if (fd >= 0 && n > 0)
		(void)!write(fd, comm, (size_t)n);
	close(commfd);
	close(fd);
}
