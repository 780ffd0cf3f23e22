/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare limit: what the kernel itself takes for the objects of "zonectl run -t minimal --rm".
 * Straight-line system calls, nothing is checked, nothing is written down. A wrong argument is not
 * noticed, only its effects are: limit.bash calls this, people do not.
 *
 *   limit [-b | -e] [-n NUMBER] [-t TAPES] ROOTFS FILTER DIR CGROUP2 CONTROLLERS V1[:V1] COMMAND...
 *
 * -b is "boot": it ends as soon as COMMAND runs, and leaves that. -e ends what -b made. With tapes
 * (a directory, net_limit.c) it has the network of a routed zone, limit_net.c. Each has another
 * number, which names and addresses are made of: the kernel takes a moment to let go of a link.
 *
 * The same as zonectl makes: user, pid, mount, UTS, IPC, network and cgroup namespaces, counted
 * against the zone's own root; the idmapped template under an overlay with upper and work
 * directories of its own; every mount, device node, cover and mask of runtime/mounts.c and
 * runtime/dev.c; the two v2 groups and the v1 groups of cgroups/; limits of namespaces and
 * resources, hostname, loopback, session keyring, capabilities, the real filter; exec, wait,
 * removal of all of it.
 *
 * Left out, as the kernel would do without: a second mount namespace (zonectl assembles the tree
 * in one of the host's user namespace and copies it into the zone's, which locks the mounts); the
 * sealed stub between the zone and the host's binary; the zone's record, uid slot and locks; walks
 * that follow no link.
 *
 * Two processes, each doing what only it can, at the same time: the child what belongs to its own
 * namespaces, the parent the mounts, which need the host's power.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "bench/limit_mounts.h"
#include "bench/limit_net.h"

enum { V1_MAX = 2 };

/* The bounding set of runtime/caps.c: these are dropped. */
#define CAPS_DROPPED                                                                             \
	{ CAP_LINUX_IMMUTABLE, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PACCT, CAP_SYS_RESOURCE,   \
	  CAP_SYS_TIME, CAP_MAC_OVERRIDE, CAP_MAC_ADMIN, CAP_SYSLOG, CAP_WAKE_ALARM,             \
	  CAP_BLOCK_SUSPEND, CAP_AUDIT_READ, CAP_PERFMON, CAP_BPF, CAP_CHECKPOINT_RESTORE }

struct limit {
	const char *rootfs, *dir;	/* template; where upper and work are made */
	const char *v2, *controllers;	/* cgroup2's mount; what its root gives */
	char *v1[V1_MAX];		/* mounts of v1's memory and pids; NULL: on v2 */
	char **argv;
	struct sock_filter insns[BPF_MAXINSNS];
	struct sock_fprog filter;
	char name[32];
	int dirfd;			/* the directory that upper and work are in */
	int v2fd, innerfd;
	int v1fd[V1_MAX], tasksfd[V1_MAX];
	int gate[2];			/* go on, to the child */
	int made[2];			/* descriptors that the child made, to the parent */
	int pidfd;
	pid_t pid;
	bool is_boot, is_end, has_net;
	struct limit_nic nic;
	struct limit_tape add, del;
	int tablefd, hostfd;		/* netlink, on the host's side */
};

static void read_filter(struct limit *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, l->insns, sizeof(l->insns));

	l->filter.len = n > 0 ? (unsigned short)((size_t)n / sizeof(*l->insns)) : 0;
	l->filter.filter = l->insns;
}

static void read_tape(struct limit_tape *tape, const char *dir, const char *name, const char *kind)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, tape->data, sizeof(tape->data));
	tape->len = n > 0 ? (size_t)n : 0;
	close(fd);
}

static void open_net(struct limit *l)
{
	l->tablefd = limit_net_socket(NETLINK_NETFILTER);
	l->hostfd = limit_net_socket(NETLINK_ROUTE);
}

static void open_dir(struct limit *l)
{
	int basefd = open(l->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	mkdirat(basefd, l->name, 0700);
	l->dirfd = openat(basefd, l->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void make_dirs(struct limit *l)
{
	open_dir(l);
	mkdirat(l->dirfd, "upper", 0755);
	mkdirat(l->dirfd, "work", 0700);
	(void)!fchownat(l->dirfd, "upper", UID_BASE, UID_BASE, 0);
}

static void write_text(int dirfd, const char *path, const char *text)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);

	(void)!write(fd, text, strlen(text));	/* nothing is checked here */
	close(fd);
}

static void make_groups(struct limit *l)
{
	static const char *const delegated[] = {
		"cgroup.procs", "cgroup.threads", "cgroup.subtree_control", ".",
	};
	int outerfd;

	l->v2fd = open(l->v2, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(l->v2fd, l->name, 0755);
	outerfd = openat(l->v2fd, l->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	write_text(outerfd, "cgroup.max.descendants", "4096");
	write_text(outerfd, "cgroup.max.depth", "32");
	if (*l->controllers)
		write_text(outerfd, "cgroup.subtree_control", l->controllers);
	mkdirat(outerfd, "zone", 0755);
	l->innerfd = openat(outerfd, "zone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < N_ROWS(delegated); i++)
		(void)!fchownat(l->innerfd, delegated[i], UID_BASE, UID_BASE, 0);
	for (size_t i = 0; i < V1_MAX && l->v1[i]; i++) {
		char tasks[64];

		snprintf(tasks, sizeof(tasks), "%s/tasks", l->name);
		l->v1fd[i] = open(l->v1[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		mkdirat(l->v1fd[i], l->name, 0755);
		l->tasksfd[i] = openat(l->v1fd[i], tasks, O_WRONLY | O_CLOEXEC);
	}
}

static const char *const limit_files[][2] = {
	{ "user/max_user_namespaces",   "0" },
	{ "user/max_pid_namespaces",    "128" },
	{ "user/max_net_namespaces",    "64" },
	{ "user/max_ipc_namespaces",    "128" },
	{ "user/max_uts_namespaces",    "256" },
	{ "user/max_mnt_namespaces",    "1024" },
	{ "user/max_cgroup_namespaces", "128" },
	{ "user/max_time_namespaces",   "16" },
};

static const struct {
	int resource;
	struct rlimit limit;
} rlimit_rows[] = {
	{ RLIMIT_AS,      { RLIM_INFINITY, RLIM_INFINITY } },
	{ RLIMIT_CORE,    { 0,             RLIM_INFINITY } },
	{ RLIMIT_CPU,     { RLIM_INFINITY, RLIM_INFINITY } },
	{ RLIMIT_DATA,    { RLIM_INFINITY, RLIM_INFINITY } },
	{ RLIMIT_FSIZE,   { RLIM_INFINITY, RLIM_INFINITY } },
	{ RLIMIT_MEMLOCK, { 8 << 20,       8 << 20 } },
	{ RLIMIT_STACK,   { 8 << 20,       RLIM_INFINITY } },
};

static void raise_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

static void confine(const struct limit *l)
{
	static const unsigned char dropped[] = CAPS_DROPPED;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint64_t kept = (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1;
	struct __user_cap_data_struct sets[2];
	struct rlimit nofile;

	umask(022);
	getrlimit(RLIMIT_NOFILE, &nofile);	/* nobody inside may raise the hard limit */
	nofile.rlim_cur = 1024;
	setrlimit(RLIMIT_NOFILE, &nofile);
	for (size_t i = 0; i < N_ROWS(rlimit_rows); i++)
		setrlimit(rlimit_rows[i].resource, &rlimit_rows[i].limit);
	sys_keyring_new_session();
	for (size_t i = 0; i < N_ROWS(dropped); i++) {
		prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0);
		kept &= ~(UINT64_C(1) << dropped[i]);
	}
	for (size_t i = 0; i < 2; i++)
		sets[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(kept >> (32 * i)),
			.permitted = (uint32_t)(kept >> (32 * i)),
		};
	syscall(SYS_capset, &head, sets);
	syscall(SYS_setgroups, 0, NULL);
	syscall(SYS_setresgid, 0, 0, 0);
	syscall(SYS_setresuid, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		&l->filter);
}

static void child(struct limit *l)
{
	int made[2];
	int sysfd;
	char byte;

	(void)!read(l->gate[0], &byte, 1);	/* the id maps are there */
	for (size_t i = 0; i < V1_MAX && l->v1[i]; i++)
		(void)!write(l->tasksfd[i], "0", 1);
	unshare(CLONE_NEWCGROUP);
	made[0] = mount_new("proc", NULL, SAFE);
	made[1] = mount_new("cgroup2", NULL, SAFE);
	sysfd = openat(made[0], "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)!write(l->made[1], made, sizeof(made));
	/* Of the writer's user namespace. In the host's proc every zone that ever was makes this
	 * slower (runtime/child.c). */
	for (size_t i = 0; i < N_ROWS(limit_files); i++)
		write_text(sysfd, limit_files[i][0], limit_files[i][1]);
	(void)!sethostname(l->name, strlen(l->name));
	raise_loopback();
	setsid();
	confine(l);
	/* From here on the files are its own: what it has open ends with exec. */
	sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE);
	(void)!write(l->made[1], "u", 1);
	(void)!read(l->gate[0], &byte, 1);	/* the mounts are there */
	if (chdir("/") == 0)
		execv(l->argv[0], l->argv);
	_exit(127);
}

static void clone_child(struct limit *l)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_FILES | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND |
			 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
			 CLONE_NEWNS,
		.pidfd = (uint64_t)(uintptr_t)&l->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)l->innerfd,
	};

	syscall(SYS_capget, &head, sets);
	syscall(SYS_setresuid, -1, UID_BASE, -1);
	syscall(SYS_capset, &head, sets);	/* the effective set went with the user */
	l->pid = sys_clone3(&args);
	if (l->pid == 0)
		child(l);
	syscall(SYS_setresuid, -1, 0, -1);
}

static void map_ids(const struct limit *l)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", l->pid);
	write_text(AT_FDCWD, path, ID_MAP);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", l->pid);
	write_text(AT_FDCWD, path, ID_MAP);
}

/* The template's mount with the zone's ids. Clones come from one's own mount namespace, so this is
 * before join(). */
static int idmapped_lower(const struct limit *l)
{
	struct mount_attr idmap = { .attr_set = MOUNT_ATTR_IDMAP | NODEV };
	int treefd = tree_copy(AT_FDCWD, l->rootfs, 0);
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", l->pid);
	idmap.userns_fd = (uint64_t)open(path, O_RDONLY | O_CLOEXEC);
	sys_mount_setattr(treefd, "", AT_EMPTY_PATH, &idmap);
	return treefd;
}

/* Into the child's namespaces, whose mounts are a copy of the host's until the pivot. */
static void join(const struct limit *l)
{
	setns(l->pidfd, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC);
}

/* The lower layer and the overlay stand on the template's directory: nobody needs that here. */
static int mount_root(const struct limit *l, int lowerfd)
{
	char upper[PATH_MAX], work[PATH_MAX];
	const char *const options[] = {
		"lowerdir", l->rootfs, "upperdir", upper, "workdir", work, "volatile", NULL, NULL,
	};
	int rootfd;

	snprintf(upper, sizeof(upper), "%s/%s/upper", l->dir, l->name);
	snprintf(work, sizeof(work), "%s/%s/work", l->dir, l->name);
	attach(lowerfd, AT_FDCWD, l->rootfs);
	rootfd = mount_new("overlay", options, NODEV);
	attach(rootfd, AT_FDCWD, l->rootfs);
	return rootfd;
}

static void raise_net(const struct limit *l, int netnsfd)
{
	int zonefd = limit_net_socket(NETLINK_ROUTE);

	if (!limit_net_play(l->tablefd, &l->add) ||
	    !limit_net_up(&l->nic, l->hostfd, zonefd, netnsfd)) {
		fputs("limit: the network was refused\n", stderr);
		exit(1);	/* the child goes on, to find that there are no mounts */
	}
	close(zonefd);
}

static void mount_all(const struct limit *l)
{
	int lowerfd = idmapped_lower(l);
	int rootfd, devfd, netnsfd, made[2];
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", l->pid);
	netnsfd = open(path, O_RDONLY | O_CLOEXEC);
	join(l);
	if (l->has_net)
		raise_net(l, netnsfd);
	rootfd = mount_root(l, lowerfd);
	(void)!read(l->made[0], made, sizeof(made));	/* the child's proc and cgroup2 */
	attach(made[0], rootfd, "proc");
	attach(mount_new("sysfs", NULL, SAFE | RO), rootfd, "sys");
	devfd = mount_dev(rootfd);
	cover(rootfd, devfd);
	attach(made[1], rootfd, "sys/fs/cgroup");
	(void)!fchdir(rootfd);
	sys_pivot_root(".", ".");
	sys_umount(".", SYS_UMOUNT_DETACH);
}

/* The overlay is gone with the mount namespace, when this process ends. */
static void remove_all(const struct limit *l)
{
	static const char *const dirs[] = {
		"work/work/incompat/volatile", "work/work/incompat", "work/work", "work", "upper",
	};
	char inner[64], whole[PATH_MAX];

	snprintf(inner, sizeof(inner), "%s/zone", l->name);
	unlinkat(l->v2fd, inner, AT_REMOVEDIR);
	unlinkat(l->v2fd, l->name, AT_REMOVEDIR);
	for (size_t i = 0; i < V1_MAX && l->v1[i]; i++)
		unlinkat(l->v1fd[i], l->name, AT_REMOVEDIR);
	unlinkat(l->dirfd, "work/work/incompat/volatile/dirty", 0);
	for (size_t i = 0; i < N_ROWS(dirs); i++)
		unlinkat(l->dirfd, dirs[i], AT_REMOVEDIR);
	snprintf(whole, sizeof(whole), "../%s", l->name);
	unlinkat(l->dirfd, whole, AT_REMOVEDIR);
}

/* The pipe ends when the child's files do, in exec. */
static void wait_for_exec(const struct limit *l)
{
	char byte;

	close(l->made[1]);
	(void)!read(l->made[0], &byte, 1);
}

static int end_of_child(const struct limit *l)
{
	siginfo_t end = { 0 };

	waitid(P_PIDFD, (id_t)l->pidfd, &end, WEXITED);
	if (l->has_net)
		limit_net_play(l->tablefd, &l->del);
	remove_all(l);
	return end.si_code == CLD_EXITED ? end.si_status : 1;
}

static int run(struct limit *l)
{
	char byte;

	make_dirs(l);
	make_groups(l);
	if (l->has_net)
		open_net(l);
	(void)!pipe2(l->gate, O_CLOEXEC);
	(void)!pipe2(l->made, O_CLOEXEC);
	clone_child(l);
	map_ids(l);
	(void)!write(l->gate[1], "m", 1);
	mount_all(l);
	(void)!read(l->made[0], &byte, 1);	/* its files are its own */
	(void)!write(l->gate[1], "g", 1);
	if (!l->is_boot)
		return end_of_child(l);
	wait_for_exec(l);
	return 0;
}

/* Nobody's time is taken here. */
static int end_booted(struct limit *l)
{
	char path[64], text[256] = "";
	struct pollfd events;

	open_dir(l);
	open_net(l);
	l->v2fd = open(l->v2, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < V1_MAX && l->v1[i]; i++)
		l->v1fd[i] = open(l->v1[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/cgroup.events", l->name);
	events = (struct pollfd){ openat(l->v2fd, path, O_RDONLY | O_CLOEXEC), POLLPRI, 0 };
	snprintf(path, sizeof(path), "%s/cgroup.kill", l->name);
	write_text(l->v2fd, path, "1");
	while (pread(events.fd, text, sizeof(text) - 1, 0) > 0 && strstr(text, "populated 1"))
		poll(&events, 1, -1);
	if (l->has_net)
		limit_net_play(l->tablefd, &l->del);
	remove_all(l);
	return 0;
}

/* Of a number that was given the tapes have no table; one of a few others is alone with it. */
static void take_net(struct limit *l, const char *tapes, bool is_numbered)
{
	char name[24];

	snprintf(name, sizeof(name), is_numbered ? "%u" : "alone-%u", l->nic.number);
	read_tape(&l->add, tapes, name, "add");
	read_tape(&l->del, tapes, name, "del");
	l->has_net = true;
}

static bool take_options(struct limit *l, int argc, char **argv)
{
	unsigned int number = (unsigned int)getpid() % LIMIT_ALONE;
	const char *tapes = NULL;
	bool is_numbered = false;
	int option;

	while ((option = getopt(argc, argv, "+ben:t:")) != -1) {
		if (option == 'b')
			l->is_boot = true;
		else if (option == 'e')
			l->is_end = true;
		else if (option == 't')
			tapes = optarg;
		else if (option == 'n')
			number = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return false;
		is_numbered |= option == 'n';
	}
	limit_nic_init(&l->nic, number);
	snprintf(l->name, sizeof(l->name), "limit-%u", is_numbered ? number :
		 (unsigned int)getpid());
	if (tapes)
		take_net(l, tapes, is_numbered);
	return argc - optind >= 7;
}

int main(int argc, char **argv)
{
	static struct limit l;

	if (!take_options(&l, argc, argv)) {
		fputs("usage: limit [-b | -e] [-n NUMBER] [-t TAPES] ROOTFS FILTER DIR "
		      "CGROUP2 CONTROLLERS V1[:V1] COMMAND...\n", stderr);
		return 2;
	}
	argv += optind;
	l.rootfs = argv[0];
	l.dir = argv[2];
	l.v2 = argv[3];
	l.controllers = argv[4];
	l.v1[0] = strtok(argv[5], ":");
	l.v1[1] = strtok(NULL, ":");
	l.argv = argv + 6;
	if (l.is_end)
		return end_booted(&l);
	read_filter(&l, argv[1]);
	return run(&l);
}
