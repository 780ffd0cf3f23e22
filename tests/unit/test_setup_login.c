/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets in: root's password and keys, the console, services that must not or must run. */
#include "tests/unit/setup_fixture.h"

#define HASH "$6$salt$" \
	     "0123456789012345678901234567890123456789012" \
	     "0123456789012345678901234567890123456789012"

static char *const keys[] = {
	(char *)"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA one", (char *)"ssh-rsa AAAAB3NzaC1yc2E two",
	NULL,
};

static void the_hash_goes_into_root_s_line_alone(void **state)
{
	const struct setup s = { .password_hash = HASH };
	AUTO_FREE char *text = NULL;
	struct stat st;

	(void)state;
	NEEDS_ROOT();
	put_file("etc/shadow", "bin:*:1::::::\nroot:*:0:0:99999:7:::\nroot2:*:1::::::\n");
	assert_int_equal(fchownat(treefd, "etc/shadow", 0, 42, 0), 0);
	assert_int_equal(fchmodat(treefd, "etc/shadow", 0640, 0), 0);
	apply_ok(&s, PART(SETUP_PASSWORD));
	text = text_of("etc/shadow");
	assert_int_equal(strncmp(text, "bin:*:1::::::\nroot:" HASH ":", 19 + strlen(HASH) + 1), 0);
	/* A day of 0 would ask for a new password at the first login. */
	assert_null(strstr(text, HASH ":0:"));
	assert_non_null(strstr(text, ":0:99999:7:::\nroot2:*:1::::::\n"));
	st = look("etc/shadow");
	assert_int_equal(st.st_gid, 42);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
}

static void the_hash_goes_into_passwd_where_there_is_no_shadow(void **state)
{
	const struct setup s = { .password_hash = "!" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/passwd", "root::0:0:root:/root:/bin/sh\n");
	apply_ok(&s, PART(SETUP_PASSWORD));
	assert_file("etc/passwd", "root:!:0:0:root:/root:/bin/sh\n");
}

static void a_password_that_could_not_be_set_is_said_clearly(void **state)
{
	const struct setup s = { .password_hash = HASH };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/shadow", "toor:*:0\n");
	apply(&s, PART(SETUP_PASSWORD));
	assert_int_equal(report->failed, PART(SETUP_PASSWORD));
	assert_string_equal(report->warnings[0], "/etc/shadow: has no line for root");
	assert_string_equal(report->warnings[1], "/etc/shadow: the password of root is NOT set");
	assert_file("etc/shadow", "toor:*:0\n");
	assert_int_equal(unlinkat(treefd, "etc/shadow", 0), 0);
	put_link("etc/shadow", "/etc/passwd");
	apply(&s, PART(SETUP_PASSWORD));
	assert_string_equal(report->warnings[0], "/etc/shadow: is a link");
	assert_string_equal(report->warnings[1], "/etc/shadow: the password of root is NOT set");
}

static void keys_are_root_s_and_nobody_else_s(void **state)
{
	const struct setup s = { .ssh_keys = keys }, none = { .ssh_keys = NULL };
	struct stat st;

	(void)state;
	NEEDS_ROOT();
	put_dir("root");
	apply_ok(&s, PART(SETUP_SSH_KEYS));
	assert_file("root/.ssh/authorized_keys",
		    BEGIN "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA one\n"
			  "ssh-rsa AAAAB3NzaC1yc2E two\n" END);
	st = look("root/.ssh/authorized_keys");
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(look("root/.ssh").st_mode, S_IFDIR | 0700);
	apply_ok(&none, PART(SETUP_SSH_KEYS));
	assert_file("root/.ssh/authorized_keys", "");
}

static void keys_of_others_stay_and_a_loose_directory_is_closed(void **state)
{
	const struct setup s = { .ssh_keys = keys }, none = { .ssh_keys = NULL };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/passwd", "root:x:0:0:root:/home/boss:/bin/sh\n");
	put_file("home/boss/.ssh/authorized_keys", "ssh-ed25519 mine");
	assert_int_equal(fchmodat(treefd, "home/boss/.ssh", 0777, 0), 0);
	assert_int_equal(fchmodat(treefd, "home/boss", 0777, 0), 0);
	assert_int_equal(fchownat(treefd, "home/boss", 1000, 1000, 0), 0);
	apply_ok(&s, PART(SETUP_SSH_KEYS));
	assert_holds("home/boss/.ssh/authorized_keys", "ssh-ed25519 mine\n" BEGIN "ssh-ed25519 A");
	assert_int_equal(look("home/boss/.ssh").st_mode, S_IFDIR | 0700);
	/* sshd refuses keys below a directory that others can write to. */
	assert_int_equal(look("home/boss").st_mode & 0022, 0);
	apply_ok(&none, PART(SETUP_SSH_KEYS));
	assert_file("home/boss/.ssh/authorized_keys", "ssh-ed25519 mine\n");
	assert_false(has("root"));
}

static void sysvinit_has_one_getty_on_the_console(void **state)
{
	static const char old[] = "id:2:initdefault:\n"
				  "si::sysinit:/etc/init.d/rcS\n"
				  "1:2345:respawn:/sbin/getty 38400 tty1\n"
				  "6:23:respawn:/sbin/getty 38400 tty6\n"
				  "#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
				  "da:2:respawn:/usr/sbin/daemon\n";
	static const char off[] = "id:2:initdefault:\n"
				  "si::sysinit:/etc/init.d/rcS\n"
				  "#zonectl# 1:2345:respawn:/sbin/getty 38400 tty1\n"
				  "#zonectl# 6:23:respawn:/sbin/getty 38400 tty6\n"
				  "#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
				  "da:2:respawn:/usr/sbin/daemon\n" BEGIN
				  "co:2345:respawn:/sbin/agetty --noclear --keep-baud console "
				  "115200,38400,9600 linux\n"
				  "zk::bootwait:/usr/bin/ssh-keygen -A\n" END;
	const struct setup s = { .init_kind = "sysvinit" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/os-release", "ID=devuan\n");
	put_file("sbin/agetty", "");
	put_file("etc/init.d/ssh", "");
	put_file("usr/bin/ssh-keygen", "");
	put_file("etc/inittab", old);
	apply_ok(&s, PART(SETUP_CONSOLE));
	assert_file("etc/inittab", off);
	apply_ok(&s, PART(SETUP_CONSOLE));
	assert_file("etc/inittab", off);
}

static void busybox_has_one_getty_on_the_console(void **state)
{
	const struct setup s = { .init_kind = "busybox" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/inittab", "::sysinit:/sbin/openrc sysinit\n"
				"tty1::respawn:/sbin/getty 38400 tty1\n"
				"tty2::askfirst:-/bin/sh\n"
				"#ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n"
				"::ctrlaltdel:/sbin/reboot\n");
	apply_ok(&s, PART(SETUP_CONSOLE));
	assert_file("etc/inittab", "::sysinit:/sbin/openrc sysinit\n"
				   "#zonectl# tty1::respawn:/sbin/getty 38400 tty1\n"
				   "#zonectl# tty2::askfirst:-/bin/sh\n"
				   "#ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n"
				   "::ctrlaltdel:/sbin/reboot\n" BEGIN
				   "console::respawn:/sbin/getty 38400 console\n" END);
}

static void an_inittab_with_a_console_stays_as_it_is(void **state)
{
	static const char text[] = "::sysinit:/etc/init.d/rcS\n"
				   "console::respawn:/sbin/getty 0 console\n";
	const struct setup busybox = { .init_kind = "busybox" };
	const struct setup systemd = { .init_kind = "systemd" };
	static const char unused[] = "1:2345:respawn:/sbin/getty 38400 tty1\n";

	(void)state;
	NEEDS_ROOT();
	put_file("etc/inittab", text);
	apply_ok(&busybox, PART(SETUP_CONSOLE));
	assert_file("etc/inittab", text);
	put_file("etc/inittab", unused);
	apply_ok(&systemd, PART(SETUP_CONSOLE));
	assert_file("etc/inittab", unused);
}

static void runit_and_openrc_have_a_service_on_the_console(void **state)
{
	const struct setup runit = { .init_kind = "runit" };
	const struct setup openrc = { .init_kind = "openrc-init" };

	(void)state;
	NEEDS_ROOT();
	put_dir("etc/sv/agetty-console");
	put_link("etc/runit/runsvdir/default/agetty-tty1", "/etc/sv/agetty-tty1");
	put_link("etc/runit/runsvdir/default/agetty-tty6", "/etc/sv/agetty-tty6");
	put_link("etc/runit/runsvdir/default/sshd", "/etc/sv/sshd");
	put_file("etc/init.d/agetty", "");
	put_link("etc/runlevels/default/agetty.tty2", "/etc/init.d/agetty.tty2");
	apply_ok(&runit, PART(SETUP_CONSOLE));
	assert_false(has("etc/runit/runsvdir/default/agetty-tty1"));
	assert_false(has("etc/runit/runsvdir/default/agetty-tty6"));
	assert_true(has("etc/runit/runsvdir/default/sshd"));
	assert_target("etc/runit/runsvdir/default/agetty-console", "/etc/sv/agetty-console");
	assert_true(has("etc/runlevels/default/agetty.tty2"));
	apply_ok(&openrc, PART(SETUP_CONSOLE));
	assert_false(has("etc/runlevels/default/agetty.tty2"));
	assert_target("etc/init.d/agetty.console", "agetty");
	assert_target("etc/runlevels/default/agetty.console", "/etc/init.d/agetty.console");
}

static void keys_can_be_one_user_s_alone(void **state)
{
	static char *const users[] = { (char *)"ann", (char *)"bob:sudo", NULL };
	const struct setup both = { .ssh_keys = keys, .users = users };
	struct setup one = both;

	(void)state;
	NEEDS_ROOT();
	put_dir("root");
	put_dir("home/ann");
	put_dir("home/bob");
	put_dir("srv/eve");
	put_file("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1:1::/home/ann:/bin/sh\n"
		 "bob:x:2:2::/home/bob:/bin/sh\neve:x:3:3::/srv/eve:/bin/sh\n");
	apply_ok(&both, PART(SETUP_SSH_KEYS));
	assert_holds("root/.ssh/authorized_keys", keys[0]);
	assert_holds("home/ann/.ssh/authorized_keys", keys[0]);
	one.ssh_key_user = "bob";
	apply_ok(&one, PART(SETUP_SSH_KEYS));
	assert_file("root/.ssh/authorized_keys", "");
	assert_file("home/ann/.ssh/authorized_keys", "");
	assert_holds("home/bob/.ssh/authorized_keys", keys[1]);
	one.ssh_key_user = "eve";
	apply_ok(&one, PART(SETUP_SSH_KEYS));
	assert_file("home/bob/.ssh/authorized_keys", "");
	assert_holds("srv/eve/.ssh/authorized_keys", keys[1]);
	assert_int_equal(look("srv/eve/.ssh/authorized_keys").st_uid, 3);
	one.ssh_key_user = "nobodyatall";
	apply(&one, PART(SETUP_SSH_KEYS));
	assert_string_equal(report->warnings[0],
			    "/etc/passwd: has no home of nobodyatall for the ssh keys");
}

static void a_server_without_host_keys_gets_one_that_only_root_can_read(void **state)
{
	const struct setup s = { .init_kind = "" };
	AUTO_FREE char *first = NULL, *again = NULL;

	(void)state;
	NEEDS_ROOT();
	apply_ok(&s, PART(SETUP_HOST_KEYS));
	assert_false(has("etc/ssh"));
	put_file("usr/sbin/sshd", "");
	put_file("usr/sbin/dropbear", "");
	put_file("etc/dropbear/dropbear_rsa_host_key", "mine");
	apply_ok(&s, PART(SETUP_HOST_KEYS));
	assert_int_equal(look("etc/ssh/ssh_host_ed25519_key").st_mode, S_IFREG | 0600);
	assert_int_equal(look("etc/ssh/ssh_host_ed25519_key.pub").st_mode, S_IFREG | 0644);
	assert_holds("etc/ssh/ssh_host_ed25519_key", "BEGIN OPENSSH PRIVATE KEY");
	assert_false(has("etc/dropbear/dropbear_ed25519_host_key"));
	first = text_of("etc/ssh/ssh_host_ed25519_key");
	assert_int_equal(unlinkat(treefd, "etc/dropbear/dropbear_rsa_host_key", 0), 0);
	apply_ok(&s, PART(SETUP_HOST_KEYS));
	again = text_of("etc/ssh/ssh_host_ed25519_key");
	assert_string_equal(first, again);
	assert_int_equal(look("etc/dropbear/dropbear_ed25519_host_key").st_mode, S_IFREG | 0600);
	assert_int_equal(look("etc/dropbear/dropbear_ed25519_host_key").st_size, 83);
}

static void host_keys_are_not_written_through_links(void **state)
{
	const struct setup s = { .init_kind = "" };

	(void)state;
	NEEDS_ROOT();
	put_file("usr/sbin/sshd", "");
	put_dir("elsewhere");
	put_link("etc/ssh", "/elsewhere");
	apply(&s, PART(SETUP_HOST_KEYS));
	assert_int_equal(report->failed, PART(SETUP_HOST_KEYS));
	assert_false(has("elsewhere/ssh_host_ed25519_key"));
	assert_int_equal(unlinkat(treefd, "etc/ssh", 0), 0);
	put_link("etc/ssh/ssh_host_ed25519_key", "/elsewhere/key");
	apply_ok(&s, PART(SETUP_HOST_KEYS));
	assert_false(has("elsewhere/key"));
}

static void units_that_cannot_work_are_masked_where_they_are(void **state)
{
	const struct setup s = { .init_kind = "systemd", .systemd_version = 252 };
	const struct setup old = { .init_kind = "systemd", .systemd_version = 247 };

	(void)state;
	NEEDS_ROOT();
	put_dir("etc/systemd/system");
	put_file("usr/lib/systemd/system/systemd-udevd.service", "");
	put_file("lib/systemd/system/fstrim.timer", "");
	put_file("usr/lib/systemd/system/ssh.service", "");
	put_file("usr/bin/ssh-keygen", "");
	put_file("usr/lib/systemd/system/kmod-static-nodes.service", "");
	put_file("etc/systemd/system/kmod-static-nodes.service", "mine");
	apply_ok(&s, PART(SETUP_SERVICES));
	assert_target("etc/systemd/system/systemd-udevd.service", "/dev/null");
	assert_target("etc/systemd/system/fstrim.timer", "/dev/null");
	assert_false(has("etc/systemd/system/mdmonitor.service"));
	assert_file("etc/systemd/system/kmod-static-nodes.service", "mine");
	assert_holds("etc/systemd/system/ssh.service.d/zonectl.conf",
		     "ExecStartPre=\nExecStartPre=/bin/sh -c 'for key in "
		     "/etc/ssh/ssh_host_*_key; do test -e \"$$key\" && exit 0; done; "
		     "exec /usr/bin/ssh-keygen -A'\n");
	assert_false(has("etc/systemd/system/service.d"));
	apply_ok(&old, PART(SETUP_SERVICES));
	assert_holds("etc/systemd/system/service.d/zone-mounts.conf", "ProtectProc=default\n");
}

static void scripts_that_cannot_work_are_off_where_sysvinit_runs_them(void **state)
{
	const struct setup s = { .init_kind = "sysvinit" };

	(void)state;
	NEEDS_ROOT();
	put_file("etc/os-release", "ID=debian\n");
	put_link("etc/rcS.d/S03hwclock.sh", "../init.d/hwclock.sh");
	put_link("etc/rcS.d/S04networking", "../init.d/networking");
	put_link("etc/rc6.d/K01hwclock.sh", "../init.d/hwclock.sh");
	put_file("etc/rcS.d/S01checkfs.sh", "no link");
	apply_ok(&s, PART(SETUP_SERVICES));
	assert_false(has("etc/rcS.d/S03hwclock.sh"));
	assert_false(has("etc/rc6.d/K01hwclock.sh"));
	assert_true(has("etc/rcS.d/S04networking"));
	assert_true(has("etc/rcS.d/S01checkfs.sh"));
	assert_target("etc/mtab", "../proc/self/mounts");
}

/* Every file that setup writes, as everything but a file. */
static const char *const shaped[] = {
	"etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/machine-id", "etc/localtime",
	"etc/timezone", "etc/shadow", "etc/passwd", "etc/locale.conf", "etc/default/locale",
	"etc/inittab", "etc/crontab", "etc/os-release", "etc/.zonectl-keep", "etc/conf.d/hostname",
	"root", "root/.ssh", "root/.ssh/authorized_keys", "etc/systemd", "etc/systemd/system",
	"etc", "usr/lib/locale/locale-archive", "etc/network/interfaces", "etc/rcS.d",
	"etc/cron.d/popularity-contest", "usr/share/zoneinfo",
};

static void put_absolute(const char *path)
{
	put_link(path, "/outside/file");
}

static void put_dots(const char *path)
{
	put_link(path, "../../../../../../../../outside/file");
}

static void put_dangling(const char *path)
{
	put_link(path, "/no/where");
}

static void put_loop(const char *path)
{
	put_link(path, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

static void put_full_dir(const char *path)
{
	AUTO_FREE char *inside = xasprintf("%s/inside", path);

	put_file(inside, "x");
}

static void put_fifo(const char *path)
{
	put_parent(path);
	assert_int_equal(mkfifoat(treefd, path, 0666), 0);
}

static void put_socket(const char *path)
{
	put_parent(path);
	assert_int_equal(mknodat(treefd, path, S_IFSOCK | 0666, 0), 0);
}

static void put_huge(const char *path)
{
	AUTO_CLOSE int fd = -1;

	put_file(path, "");
	fd = openat(treefd, path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
}

static void put_zeros(const char *path)
{
	AUTO_CLOSE int fd = -1;

	put_file(path, "root:");
	fd = openat(treefd, path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "\0\0\0\n", 4), 4);
}

static void (*const shapes[])(const char *path) = {
	put_absolute, put_dots, put_dangling, put_loop, put_full_dir, put_fifo, put_socket,
	put_huge, put_zeros,
};

/* In the chroot a link that leaves the tree would come out at "outside". */
static void nothing_that_a_file_may_be_hurts_or_lasts(void **state)
{
	static const char *const servers[] = { "10.0.0.1", NULL };
	static const struct net_addr addr = { .family = 2, .prefix = 32, .ip = { 10, 1, 2, 3 } };
	static const struct nic nic = { .name = "eth0", .addrs = &addr, .n_addrs = 1 };
	static const struct net_plan plan = { .nics = &nic, .n_nics = 1 };
	const struct setup s = {
		.timezone = "UTC", .locale = "de_DE.UTF-8", .password_hash = HASH,
		.ssh_keys = keys, .nameservers = (char *const *)servers, .net = &plan,
	};
	static const char *const inits[] = { "systemd", "sysvinit", "busybox", "runit" };

	(void)state;
	NEEDS_ROOT();
	for (size_t i = 0; i < N_ROWS(shaped) * N_ROWS(shapes) * N_ROWS(inits); i++) {
		struct setup one = s;
		struct error err = { 0 };

		one.init_kind = inits[i % N_ROWS(inits)];
		put_file("outside/file", "precious");
		shapes[i / N_ROWS(inits) % N_ROWS(shapes)](
			shaped[i / N_ROWS(inits) / N_ROWS(shapes)]);
		apply(&one, ~0u);
		assert_file("outside/file", "precious");
		assert_true(report->n_warnings <= SETUP_WARNINGS_MAX);
		for (const char *const *top = (const char *const[]){ "etc", "root", "usr", NULL };
		     *top; top++)
			assert_int_equal(path_remove(treefd, *top, &err), 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SETUP_TEST(the_hash_goes_into_root_s_line_alone),
		SETUP_TEST(the_hash_goes_into_passwd_where_there_is_no_shadow),
		SETUP_TEST(a_password_that_could_not_be_set_is_said_clearly),
		SETUP_TEST(keys_are_root_s_and_nobody_else_s),
		SETUP_TEST(keys_of_others_stay_and_a_loose_directory_is_closed),
		SETUP_TEST(sysvinit_has_one_getty_on_the_console),
		SETUP_TEST(busybox_has_one_getty_on_the_console),
		SETUP_TEST(an_inittab_with_a_console_stays_as_it_is),
		SETUP_TEST(runit_and_openrc_have_a_service_on_the_console),
		SETUP_TEST(keys_can_be_one_user_s_alone),
		SETUP_TEST(a_server_without_host_keys_gets_one_that_only_root_can_read),
		SETUP_TEST(host_keys_are_not_written_through_links),
		SETUP_TEST(units_that_cannot_work_are_masked_where_they_are),
		SETUP_TEST(scripts_that_cannot_work_are_off_where_sysvinit_runs_them),
		SETUP_TEST(nothing_that_a_file_may_be_hurts_or_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
