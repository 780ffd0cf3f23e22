/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

/*
 * Scope-bound ownership. Every owner is declared with AUTO_ and initialised on
 * the same line; a value is given away with TAKE_FD or TAKE_PTR.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))
#define AUTO_CLOSEDIR __attribute__((cleanup(cleanup_dir)))
#define AUTO_FCLOSE __attribute__((cleanup(cleanup_file)))

#define TAKE_FD(fd) ({ int taken_ = (fd); (fd) = -1; taken_; })
#define TAKE_PTR(ptr) ({ typeof(ptr) taken_ = (ptr); (ptr) = NULL; taken_; })

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

#endif
