/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_SYS_H
#define BASE_SYS_H

/*
 * System calls that the libc of the oldest supported distribution lacks, under
 * their own names with a sys_ prefix: return value and errno as the kernel's
 * manual pages say. The only #ifdef on kernel or libc headers stand in sys.c and
 * here. All are child-safe.
 */

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int sys_openat2(int dirfd, const char *path, const struct open_how *how);
int sys_fsopen(const char *type, unsigned int flags);
int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned int flags, unsigned int attrs);
int sys_open_tree(int dirfd, const char *path, unsigned int flags);
int sys_move_mount(int fromfd, const char *from, int tofd, const char *to, unsigned int flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr);
int sys_pivot_root(const char *new_root, const char *put_old);
pid_t sys_clone3(struct clone_args *args);
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags);
int sys_pidfd_getfd(int pidfd, int targetfd, unsigned int flags);
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
/* Joins a fresh, unnamed session keyring (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING). */
int sys_keyring_new_session(void);

#endif
