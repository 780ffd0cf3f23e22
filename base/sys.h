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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {	/* umount2(2), for sys_umount() */
	SYS_UMOUNT_FORCE = 1,
	SYS_UMOUNT_DETACH = 2,
	SYS_UMOUNT_NOFOLLOW = 8,
};

/* What the file system sends for one name (getdents64(2)). */
struct sys_dirent {
	uint64_t ino;
	int64_t next;			/* lseek(2) to here reads on behind this name */
	uint16_t size;
	uint8_t type;			/* DT_DIR, DT_UNKNOWN, ... */
	char name[];
};

int sys_openat2(int dirfd, const char *path, const struct open_how *how);
int sys_fsopen(const char *type, unsigned int flags);
int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned int flags, unsigned int attrs);
int sys_fspick(int dirfd, const char *path, unsigned int flags);
int sys_open_tree(int dirfd, const char *path, unsigned int flags);
int sys_move_mount(int fromfd, const char *from, int tofd, const char *to, unsigned int flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr);
/* mount(2) and umount2(2): <sys/mount.h> of glibc 2.36 cannot stand beside <linux/mount.h>, so it
 * is not included with this header. */
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const void *data);
int sys_umount(const char *target, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);
pid_t sys_clone3(struct clone_args *args);
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags);
int sys_pidfd_getfd(int pidfd, int targetfd, unsigned int flags);
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
/* Fills buf with struct sys_dirent, each size bytes long; returns the bytes, 0 at the end. */
ssize_t sys_getdents(int fd, void *buf, size_t size);
/* sigaction(2) to SIG_DFL, also for the two signals that libc keeps for itself and refuses. */
int sys_signal_default(int sig);
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
/* quotactl(2) on the filesystem that fd is on. */
int sys_quotactl_fd(int fd, unsigned int cmd, uint32_t id, void *addr);
/* attr is the union bpf_attr of bpf(2), size bytes of it. */
int sys_bpf(int command, void *attr, size_t size);
/* Joins a fresh, unnamed session keyring (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING). */
int sys_keyring_new_session(void);
/* True if the processor is one of x86 that has instructions for SHA-256. */
bool sys_has_sha(void);

#endif
