/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/filter_table.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/personality.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "runtime/config.h"

/* clang-format off */
const struct filter_group filter_groups[] = {
	/* Files. What one may do is decided by owner, mode and mount, as for any program. */
	{ .calls =
	  "access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 "
	  "faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown "
	  "fchownat fcntl fdatasync fgetxattr file_getattr file_setattr flistxattr flock "
	  "fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents "
	  "getdents64 getxattr getxattrat lchown lgetxattr link linkat listxattr "
	  "listxattrat llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat "
	  "newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev "
	  "pwritev2 read readahead readlink readlinkat readv removexattr removexattrat "
	  "rename renameat renameat2 rmdir sendfile setxattr setxattrat splice stat statfs "
	  "statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink "
	  "unlinkat utime utimensat utimes vmsplice write writev" },
	/* Only says what a file is; the call that opens by it is refused below. */
	{ .calls = "name_to_handle_at" },
	/* Waiting for files and for each other. */
	{ .calls =
	  "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd "
	  "eventfd2 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel "
	  "io_destroy io_getevents io_pgetevents io_setup io_submit pipe pipe2 poll ppoll "
	  "pselect6 select signalfd signalfd4" },
	/* Memory. */
	{ .calls =
	  "brk cachestat madvise map_shadow_stack memfd_create memfd_secret mincore mlock "
	  "mlock2 mlockall mmap mprotect mremap mseal msync munlock munlockall munmap "
	  "pkey_alloc pkey_free pkey_mprotect process_madvise process_mrelease "
	  "remap_file_pages" },
	/* Where memory and processes run; ask for CAP_SYS_NICE where they reach another process. */
	{ .calls =
	  "get_mempolicy getcpu getpriority ioprio_get ioprio_set mbind migrate_pages "
	  "move_pages sched_get_priority_max sched_get_priority_min sched_getaffinity "
	  "sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval "
	  "sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield "
	  "set_mempolicy set_mempolicy_home_node setpriority" },
	/* Processes, threads and signals. clone3 hides its flags behind a pointer; new user
	 * namespaces are kept off by their limit instead, see docs/security.md. */
	{ .calls =
	  "alarm arch_prctl clone clone3 execve execveat exit exit_group fork futex "
	  "futex_requeue futex_wait futex_waitv futex_wake get_robust_list getitimer "
	  "getpgid getpgrp getpid getppid getrlimit getrusage getsid gettid kill membarrier "
	  "pause pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq "
	  "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn "
	  "rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo set_robust_list set_tid_address "
	  "setitimer setpgid setrlimit setsid sigaltstack tgkill times tkill vfork wait4 "
	  "waitid" },
	/* Debuggers; the kernel asks for the same user and capabilities, in the same namespace. */
	{ .calls = "kcmp pidfd_getfd process_vm_readv process_vm_writev ptrace" },
	/* Users and capabilities, over the zone's own ids. */
	{ .calls =
	  "capget capset getegid geteuid getgid getgroups getresgid getresuid getuid "
	  "setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setuid" },
	/* Time, as far as it is read or waited for. */
	{ .calls =
	  "clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time "
	  "timer_create timer_delete timer_getoverrun timer_gettime timer_settime "
	  "timerfd_create timerfd_gettime timerfd_settime" },
	/* Sockets, once they are made: what may be made stands in filter_args. */
	{ .calls =
	  "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom "
	  "recvmmsg recvmsg sendmmsg sendmsg sendto shutdown" },
	/* IPC, in the zone's own namespace. */
	{ .calls =
	  "mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl "
	  "msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget" },
	/* Facts. */
	{ .calls = "getrandom sysinfo uname" },
	/* Programs that confine themselves further. */
	{ .calls = "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp" },
	/* What an init does: mounts and namespaces of its own, its name, its end (reboot ends the
	 * pid namespace), the hangup of a terminal. */
	{ .calls =
	  "chroot fsconfig fsmount fsopen fspick listmount mount mount_setattr move_mount "
	  "open_tree open_tree_attr pivot_root reboot setdomainname sethostname setns "
	  "statmount unshare vhangup" },
	/* 32-bit forms of what is allowed above. A 64-bit program has no way to call them. */
	{ .calls =
	  "_llseek _newselect chown32 clock_getres_time64 clock_gettime64 "
	  "clock_nanosleep_time64 fadvise64_64 fchown32 fcntl64 fstat64 fstatat64 fstatfs64 "
	  "ftruncate64 futex_time64 get_thread_area getegid32 geteuid32 getgid32 "
	  "getgroups32 getresgid32 getresuid32 getuid32 io_pgetevents_time64 ipc lchown32 "
	  "lstat64 mmap2 mq_timedreceive_time64 mq_timedsend_time64 nice oldfstat oldlstat "
	  "oldolduname oldstat olduname ppoll_time64 pselect6_time64 readdir "
	  "recvmmsg_time64 rt_sigtimedwait_time64 sched_rr_get_interval_time64 "
	  "semtimedop_time64 sendfile64 set_thread_area setfsgid32 setfsuid32 setgid32 "
	  "setgroups32 setregid32 setresgid32 setresuid32 setreuid32 setuid32 sgetmask "
	  "sigaction signal sigpending sigprocmask sigreturn sigsuspend ssetmask stat64 "
	  "statfs64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 "
	  "truncate64 ugetrlimit umount utimensat_time64 waitpid" },

	/* Code for the kernel, or another kernel. */
	{ "delete_module finit_module init_module kexec_file_load kexec_load", EPERM, 0 },
	/* Programs and counters inside the kernel. */
	{ "bpf lookup_dcookie perf_event_open", EPERM, 0 },
	/* Opens any file of a filesystem by number, past the zone's root (the "shocker" escape). */
	{ "open_by_handle_at", EPERM, 0 },
	/* Stalls the kernel in the middle of a copy, which makes races in it easy to win. */
	{ "userfaultfd", EPERM, 0 },
	/* Watches a whole filesystem, whoever uses it. */
	{ "fanotify_init fanotify_mark", EPERM, 0 },
	/* The machine: ports, swap, accounting, quota, PCI, log, firmware of old. */
	{ "acct ioperm iopl nfsservctl pciconfig_iobase pciconfig_read pciconfig_write quotactl "
	  "quotactl_fd swapoff swapon sysfs syslog uselib ustat vm86 vm86old vserver", EPERM, 0 },
	/* Segments that only 16-bit code in 32-bit programs still wants. */
	{ "modify_ldt", EPERM, FEATURE_COMPAT32 },
	/* The clock is the host's. adjtimex also only reads it, but says so behind a pointer. */
	{ "adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday stime",
	  EPERM, 0 },
	/* Keys count against quotas and are found by number through all namespaces. */
	{ "add_key keyctl request_key", EPERM, FEATURE_KEYCTL },
	/* Makes sockets behind one number and a pointer, past every row of filter_args. */
	{ "socketcall", EPERM, 0 },

	/* A second system call interface, which this filter does not see into. ENOSYS is what every
	 * user of it falls back from. */
	{ "io_uring_enter io_uring_register io_uring_setup", ENOSYS, FEATURE_IO_URING },
	/* Modules of the host's policy. */
	{ "lsm_get_self_attr lsm_list_modules lsm_set_self_attr", ENOSYS, 0 },
	/* Lists namespaces of others; no older call does, so nothing in a zone counts on it. */
	{ "listns", ENOSYS, 0 },
	/* Numbers that no kernel from 6.1 on answers to. */
	{ "_sysctl afs_syscall bdflush break create_module epoll_ctl_old epoll_wait_old ftime "
	  "get_kernel_syms getpmsg gtty idle lock mpx prof profil putpmsg query_module security "
	  "stty tuxcall ulimit", ENOSYS, 0 },
};
const size_t filter_n_groups = N_ROWS(filter_groups);

const struct filter_number filter_numbers[] = {
	{ "mount_setattr",           442 },
	{ "quotactl_fd",             443 },
	{ "landlock_create_ruleset", 444 },
	{ "landlock_add_rule",       445 },
	{ "landlock_restrict_self",  446 },
	{ "memfd_secret",            447 },
	{ "process_mrelease",        448 },
	{ "futex_waitv",             449 },
	{ "set_mempolicy_home_node", 450 },
	{ "cachestat",               451 },
	{ "fchmodat2",               452 },
	{ "map_shadow_stack",        453 },
	{ "futex_wake",              454 },
	{ "futex_wait",              455 },
	{ "futex_requeue",           456 },
	{ "statmount",               457 },
	{ "listmount",               458 },
	{ "lsm_get_self_attr",       459 },
	{ "lsm_set_self_attr",       460 },
	{ "lsm_list_modules",        461 },
	{ "mseal",                   462 },
	{ "setxattrat",              463 },
	{ "getxattrat",              464 },
	{ "listxattrat",             465 },
	{ "removexattrat",           466 },
	{ "open_tree_attr",          467 },
	{ "file_getattr",            468 },
	{ "file_setattr",            469 },
	{ "listns",                  470 },
};
const size_t filter_n_numbers = N_ROWS(filter_numbers);

/* Protocols that the C library of old distributions has no name for. */
enum { PROTO_SMC = 256 };

/* <linux/fs.h> and <linux/btrfs.h> have these, and cannot stand beside <sys/mount.h>. */
enum { BTRFS_IOCTLS = 0x94, IOCTL_TYPE = 0xff00 };
#define CLONE_FILE _IOW(BTRFS_IOCTLS, 9, int)
#define CLONE_RANGE _IOC(_IOC_WRITE, BTRFS_IOCTLS, 13, 32)
#define DEDUPE_RANGE _IOC(_IOC_READ | _IOC_WRITE, BTRFS_IOCTLS, 54, 24)

#define IS(n, v) { .arg = (n), .mask = 0xffffffff, .value = (uint32_t)(v) }
#define IS_CHARACTER_DEVICE(n) { .arg = (n), .mask = S_IFMT, .value = S_IFCHR }
#define HAS(n, bits) { .arg = (n), .mask = (bits), .value = (bits) }

const struct filter_arg filter_args[] = {
	/* The families that a system in a zone uses. Any other would have the kernel load the
	 * family's module for it (socket(2), net-pf-N aliases). */
	{ "socket", 0, { IS(0, AF_UNIX) }, FILTER_ALLOW },
	/* SMC by its other door, a TCP/IP protocol number (linux/in.h, IPPROTO_SMC, 6.11). */
	{ "socket", 0, { IS(0, AF_INET),  IS(2, PROTO_SMC) }, EAFNOSUPPORT },
	{ "socket", 0, { IS(0, AF_INET6), IS(2, PROTO_SMC) }, EAFNOSUPPORT },
	{ "socket", 0, { IS(0, AF_INET) }, FILTER_ALLOW },
	{ "socket", 0, { IS(0, AF_INET6) }, FILTER_ALLOW },
	/* DHCP clients; what leaves is checked by the host. */
	{ "socket", 0, { IS(0, AF_PACKET) }, FILTER_ALLOW },
	{ "socket", 0, { IS(0, AF_NETLINK), IS(2, NETLINK_ROUTE) }, FILTER_ALLOW },
	{ "socket", 0, { IS(0, AF_NETLINK), IS(2, NETLINK_SOCK_DIAG) }, FILTER_ALLOW },
	{ "socket", 0, { IS(0, AF_NETLINK), IS(2, NETLINK_KOBJECT_UEVENT) }, FILTER_ALLOW },
	{ "socket", 0, { IS(0, AF_NETLINK), IS(2, NETLINK_GENERIC) }, FILTER_ALLOW },
	/* iptables, nftables, conntrack: on by default, because people run firewalls in zones. */
	{ "socket", FEATURE_FIREWALL, { IS(0, AF_NETLINK), IS(2, NETLINK_NETFILTER) },
	  FILTER_ALLOW },
	/* NETLINK_AUDIT among them: PAM and systemd take this errno as "no audit here". */
	{ "socket", 0, { { 0 } }, EAFNOSUPPORT },

	{ "socketpair", 0, { IS(0, AF_UNIX) }, FILTER_ALLOW },
	{ "socketpair", 0, { { 0 } }, EAFNOSUPPORT },

	/* Upper layer protocols of TCP (tls, espintcp) are modules loaded by name. */
	{ "setsockopt", 0, { IS(1, IPPROTO_TCP), IS(2, TCP_ULP) }, EPERM },
	{ "setsockopt", 0, { { 0 } }, FILTER_ALLOW },

	/* Types into a terminal as if its user did; pastes on the host's console. */
	{ "ioctl", 0, { IS(1, TIOCSTI) }, EPERM },
	{ "ioctl", 0, { IS(1, TIOCLINUX) }, EPERM },
	/* A subvolume that a zone made would be on no account, and hard to get rid of. Programs
	 * take this errno as "no btrfs" and make directories. What copies and compares files any
	 * filesystem may have. */
	{ "ioctl", 0, { IS(1, CLONE_FILE) }, FILTER_ALLOW },
	{ "ioctl", 0, { IS(1, CLONE_RANGE) }, FILTER_ALLOW },
	{ "ioctl", 0, { IS(1, DEDUPE_RANGE) }, FILTER_ALLOW },
	{ "ioctl", 0, { { .arg = 1, .mask = IOCTL_TYPE, .value = BTRFS_IOCTLS << 8 } }, ENOTTY },
	{ "ioctl", 0, { { 0 } }, FILTER_ALLOW },

	/* Aborts requests of a network filesystem that others use too. */
	{ "umount2", 0, { HAS(1, MNT_FORCE) }, EPERM },
	{ "umount2", 0, { { 0 } }, FILTER_ALLOW },

	/* Harmless looks: Linux, its 32-bit machine name, and either with a 2.6 version number.
	 * Others turn address randomisation off or map page 0. */
	{ "personality", 0, { IS(0, PER_LINUX) }, FILTER_ALLOW },
	{ "personality", 0, { IS(0, PER_LINUX32) }, FILTER_ALLOW },
	{ "personality", 0, { IS(0, UNAME26) }, FILTER_ALLOW },
	{ "personality", 0, { IS(0, UNAME26 | PER_LINUX32) }, FILTER_ALLOW },
	{ "personality", 0, { IS(0, 0xffffffff) }, FILTER_ALLOW },	/* asks which it is */
	{ "personality", 0, { { 0 } }, EPERM },

	/* The kernel refuses device nodes to a user namespace; with the feature the keeper makes
	 * the harmless ones. */
	{ "mknod", FEATURE_MKNOD, { IS_CHARACTER_DEVICE(1) }, FILTER_NOTICE },
	{ "mknod", 0, { { 0 } }, FILTER_ALLOW },
	{ "mknodat", FEATURE_MKNOD, { IS_CHARACTER_DEVICE(2) }, FILTER_NOTICE },
	{ "mknodat", 0, { { 0 } }, FILTER_ALLOW },
};
/* clang-format on */
const size_t filter_n_args = N_ROWS(filter_args);
