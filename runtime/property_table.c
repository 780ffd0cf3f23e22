/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/net_config.h"
#include "runtime/property.h"
#include "runtime/property_users.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define SIZE_LIMIT ((uint64_t)1 << 60)
/* Under these the zone's own start would take minutes. The kernel's counter has 32 bits. */
#define IO_RATE_MIN (64 * KIB)
#define IO_OPS_MAX UINT32_MAX
#define RATE_LIMIT ((uint64_t)1 << 36)

enum {
	HOSTNAME_MAX = 63, TAG_MAX = 63, TIMEZONE_MAX = 63, LOCALE_MAX = 63, CPU_MAX = 8191,
	ENV_MAX = 32 << 10, DESCRIPTION_MAX = 1024,
};

/* A DNS name (RFC 1123); the kernel itself takes any 64 bytes. */
static int check_hostname(const char *value, struct error *err)
{
	const char *label = value;

	if (strlen(value) > HOSTNAME_MAX)
		return error_set(err, ERR_USAGE, "longer than %d characters", HOSTNAME_MAX);
	for (;;) {
		size_t n = strspn(label, LETTERS DIGITS "-");

		if (n == 0 || label[0] == '-' || label[n - 1] == '-' ||
		    (label[n] && label[n] != '.'))
			return error_set(err, ERR_USAGE,
					 "'%s' is no host name (letters, digits, '-' "
					 "inside, '.' between)",
					 value);
		if (!label[n])
			return 0;
		label += n + 1;
	}
}

static int check_description(const char *value, struct error *err)
{
	if (strlen(value) > DESCRIPTION_MAX)
		return error_set(err, ERR_USAGE, "longer than %d bytes", DESCRIPTION_MAX);
	return 0;
}

static int check_tag(const char *value, struct error *err)
{
	size_t n = strspn(value, LETTERS DIGITS "._:-");

	if (value[n] || n == 0 || n > TAG_MAX || !strchr(LETTERS DIGITS, value[0]))
		return error_set(err, ERR_USAGE,
				 "'%s' is no tag (letters, digits, '.', '_', ':' and '-', "
				 "at most %d)",
				 value, TAG_MAX);
	return 0;
}

/* Absolute and plain, so that it means the same resolved or not and has one spelling. */
static int check_path(const char *value, struct error *err)
{
	size_t n;

	if (*value != '/')
		return error_set(err, ERR_USAGE, "'%s' is no absolute path", value);
	if (strlen(value) >= PATH_MAX)
		return error_set(err, ERR_USAGE, "a path is at most %d bytes", PATH_MAX - 1);
	if (!value[1])
		return 0;
	for (const char *part = value; *part; part += n) {
		part++;
		n = strcspn(part, "/");
		if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && !memcmp(part, "..", 2)))
			return error_set(err, ERR_USAGE,
					 "'%s' is no plain path ('.', '..' or '//' in it, "
					 "or '/' at its end)",
					 value);
		if (n > NAME_MAX)
			return error_set(err, ERR_USAGE, "a file name is at most %d bytes",
					 NAME_MAX);
	}
	return 0;
}

static int check_init(const char *value, struct error *err)
{
	if (check_path(value, err) < 0)
		return -1;
	if (!value[1])
		return error_set(err, ERR_USAGE, "'%s' is no program", value);
	return 0;
}

static int check_env(const char *value, struct error *err)
{
	size_t n = strspn(value, LETTERS DIGITS "_");

	if (n == 0 || value[n] != '=' || strchr(DIGITS, value[0]))
		return error_set(err, ERR_USAGE, "'%s' is no NAME=VALUE", value);
	if (strlen(value) > ENV_MAX)
		return error_set(err, ERR_USAGE, "longer than %d bytes", ENV_MAX);
	return 0;
}

static int check_program(const char *value, struct error *err)
{
	if (value[0] == '/' && strlen(value) < PATH_MAX && str_is_clean(value))
		return 0;
	return error_set(err, ERR_USAGE, "'%s' is no absolute path of a program", value);
}

/* The value becomes a link target below usr/share/zoneinfo, which it must not leave. */
static int check_timezone(const char *value, struct error *err)
{
	bool is_name = isalpha((unsigned char)value[0]) && strlen(value) <= TIMEZONE_MAX &&
		       value[strspn(value, LETTERS DIGITS "_+/-")] == '\0' &&
		       !strstr(value, "//") && !str_ends(value, "/");

	if (!is_name)
		return error_set(err, ERR_USAGE, "'%s' is no time zone (such as Europe/Berlin)",
				 value);
	return 0;
}

/* locale(7): language, territory, codeset, modifier. The value becomes part of a path. */
static int check_locale(const char *value, struct error *err)
{
	if (!isalpha((unsigned char)value[0]) || strlen(value) > LOCALE_MAX ||
	    value[strspn(value, LETTERS DIGITS "_.@-")])
		return error_set(err, ERR_USAGE, "'%s' is no locale (such as de_DE.UTF-8)", value);
	return 0;
}

/* "0-3,6": what the kernel's cpulist_parse() takes, without its strides. */
static int check_cpuset(const char *value, struct error *err)
{
	const char *at = value;

	for (;;) {
		unsigned long first, last;
		char *end;

		if (!isdigit((unsigned char)*at))
			break;
		first = last = strtoul(at, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (last < first || last > CPU_MAX)
			break;
		if (!*end)
			return 0;
		if (*end != ',')
			break;
		at = end + 1;
	}
	return error_set(err, ERR_USAGE, "'%s' is no list of processors (such as 0-3,6)", value);
}

static int check_mount_options(const char *options, struct error *err)
{
	static const char *const known[] = { "ro", "rw", "nosuid", "nodev", "noexec", "idmap" };
	AUTO_STRV char **list = strv_split(options, ",");
	size_t i;

	if (!list)
		return error_set(err, ERR_USAGE, "no option after the second ':'");
	for (char **option = list; *option; option++) {
		for (i = 0; i < N_ROWS(known); i++)
			if (strcmp(*option, known[i]) == 0)
				break;
		if (i == N_ROWS(known))
			return error_set(err, ERR_USAGE,
					 "no mount option '%s' (there are ro, rw, nosuid, "
					 "nodev, noexec, idmap)",
					 *option);
	}
	if (strv_has(list, "ro") && strv_has(list, "rw"))
		return error_set(err, ERR_USAGE, "both ro and rw");
	return 0;
}

static int check_mount(const char *value, struct error *err)
{
	AUTO_FREE char *copy = xstrdup(value);
	char *options = copy, *source = strsep(&options, ":"), *target = strsep(&options, ":");

	if (!target)
		return error_set(err, ERR_USAGE, "'%s' is no SRC:DST[:OPTIONS]", value);
	if (check_path(source, err) < 0 || check_path(target, err) < 0)
		return -1;
	if (!target[1])
		return error_set(err, ERR_USAGE, "'%s' would cover the zone's root", value);
	return options ? check_mount_options(options, err) : 0;
}

/* The name in "NAME=VALUE". */
static size_t env_key(const char *value, const char **out)
{
	*out = value;
	return strcspn(value, "=");
}

/* DST in "SRC:DST[:OPTIONS]". */
static size_t mount_key(const char *value, const char **out)
{
	const char *source_end = strchr(value, ':');

	*out = source_end ? source_end + 1 : value;
	return strcspn(*out, ":");
}

/* In order of value. */
static const char *const autoboot_words[] = { "no", "yes", "last", NULL };
static const char *const ssh_words[] = { "inside", "no", "on-demand", NULL };
static const char *const setup_words[] = { "auto", "none", NULL };
static const char *const names_words[] = { "yes", "no", NULL };
static const char *const oom_words[] = { "process", "zone", NULL };
static const char *const storage_words[] = { "auto", "overlay", "copy", "btrfs", NULL };
/* In order of bit. */
static const char *const feature_words[] = {
	"firewall", "nesting", "fuse", "tun", "keyctl", "mknod", "io_uring", "compat32", NULL,
};

#define FIELD(field) .offset = offsetof(struct zone_config, field)
#define STRING(field, test) .type = PROPERTY_STRING, FIELD(field), .check = test
#define LIST(field, test) .type = PROPERTY_LIST, FIELD(field), .check = test
#define COUNT(field, from, to) .type = PROPERTY_COUNT, FIELD(field), .min = from, .max = to
#define SIZE(field, from, to) .type = PROPERTY_SIZE, FIELD(field), .min = from, .max = to
#define RATE(field) .type = PROPERTY_RATE, FIELD(field), .min = 1000, .max = RATE_LIMIT
#define WORD(field, list) .type = PROPERTY_ENUM, FIELD(field), .words = list
#define FLAGS(field, list) .type = PROPERTY_FLAGS, FIELD(field), .words = list
#define ROW(n, g, when, what) .name = n, .group = g, .change = PROPERTY_##when, .operand = what

/* In the order of help, man page and info. */
static const struct property table[] = {
	{ ROW("hostname", "identity", NEXT_BOOT, "NAME"), STRING(hostname, check_hostname),
	  .fallback = "the zone's name", .help = "host name inside" },
	{ ROW("description", "identity", LIVE, "TEXT"), STRING(description, check_description),
	  .fallback = "", .help = "a line for people" },
	{ ROW("tags", "identity", LIVE, "TAG,..."), LIST(tags, check_tag), .has_commas = true,
	  .fallback = "", .help = "words that @TAG selects the zone by" },
	{ ROW("autoboot", "identity", LIVE, "no|yes|last"), WORD(autoboot, autoboot_words),
	  .fallback = "no", .help = "boot with the host; last: if it ran when the host went down" },
	{ ROW("boot-order", "identity", LIVE, "N"), COUNT(boot_order, 0, 1000000), .fallback = "0",
	  .help = "lower boots earlier with the host" },
	{ ROW("init", "identity", NEXT_BOOT, "PATH"), STRING(init, check_init),
	  .fallback = "the template's", .help = "program that is started as process 1" },
	{ ROW("init-args", "identity", NEXT_BOOT, "ARG"), LIST(init_args, NULL),
	  .has_repeats = true, .fallback = "", .help = "further arguments of init, one at a time" },
	{ ROW("env", "identity", NEXT_BOOT, "NAME=VALUE"), LIST(env, check_env), .key = env_key,
	  .fallback = "", .help = "further environment of init, one at a time" },
	{ ROW("timezone", "identity", NEXT_BOOT, "AREA/CITY"), STRING(timezone, check_timezone),
	  .fallback = "the template's", .help = "time zone" },
	{ ROW("locale", "identity", NEXT_BOOT, "NAME"), STRING(locale, check_locale),
	  .fallback = "the template's", .help = "language of programs, as de_DE.UTF-8" },
	{ ROW("setup", "identity", NEXT_BOOT, "auto|none"), WORD(setup, setup_words),
	  .fallback = "auto", .help = "write these into the zone's files, or leave those alone" },

	{ ROW("user", "users", NEXT_BOOT, "NAME[:sudo]"), LIST(users, property_check_user),
	  .key = property_user, .has_commas = true, .fallback = "",
	  .help = "users that are made inside; with :sudo they may become root" },
	{ ROW("ssh-key", "users", NEXT_BOOT, "KEY"), LIST(ssh_keys, property_check_ssh_key),
	  .key = property_ssh_key, .fallback = "",
	  .help = "public key of root and of user, one at a time" },
	{ ROW("ssh-key-user", "users", NEXT_BOOT, "NAME"),
	  STRING(ssh_key_user, property_check_key_user), .fallback = "root and user",
	  .help = "the one user inside who has the keys of ssh-key" },
	{ ROW("password-hash", "users", NEXT_BOOT, "HASH"),
	  STRING(password_hash, property_check_password_hash), .is_secret = true,
	  .fallback = "as it is", .help = "root's password, as crypt(5) and mkpasswd write it" },

	{ ROW("cpus", "CPU", LIVE, "N"), .type = PROPERTY_MILLI, FIELD(limits.cpus_milli),
	  .min = 10, .max = (CPU_MAX + 1) * 1000, .fallback = "no limit",
	  .help = "processors' worth of time, as 1.5" },
	{ ROW("cpu-weight", "CPU", LIVE, "N"), COUNT(limits.cpu_weight, 1, 10000),
	  .fallback = "100", .help = "share of processor time when zones compete, 1 to 10000" },
	{ ROW("cpuset", "CPU", LIVE, "LIST"), STRING(limits.cpuset, check_cpuset),
	  .fallback = "all", .help = "processors that may be used, as 0-3,6" },
	{ ROW("cpu-burst", "CPU", LIVE, "TIME"), .type = PROPERTY_DURATION,
	  FIELD(limits.cpu_burst_ms), .min = 1, .max = 100000, .fallback = "none",
	  .help = "unused time of cpus that may be saved up, as 50ms" },

	{ ROW("memory", "memory", LIVE, "SIZE"), SIZE(limits.memory, MIB, SIZE_LIMIT),
	  .fallback = "no limit", .help = "memory, page cache and kernel memory included" },
	{ ROW("memory-high", "memory", LIVE, "SIZE"), SIZE(limits.memory_high, MIB, SIZE_LIMIT),
	  .fallback = "no limit",
	  .help = "memory above which the zone is slowed down to give back" },
	{ ROW("memory-low", "memory", LIVE, "SIZE"), SIZE(limits.memory_low, 4 * KIB, SIZE_LIMIT),
	  .fallback = "none", .help = "memory that is left alone while others have some to give" },
	{ ROW("swap", "memory", LIVE, "SIZE"), SIZE(limits.swap, 0, SIZE_LIMIT),
	  .fallback = "no limit", .help = "swap space beside memory; 0: none at all" },
	{ ROW("hugepages", "memory", LIVE, "SIZE"), SIZE(limits.hugepages, MIB, SIZE_LIMIT),
	  .fallback = "no limit", .help = "huge pages of the host's default size" },
	{ ROW("oom-kill", "memory", LIVE, "process|zone"), WORD(limits.oom, oom_words),
	  .fallback = "process", .help = "what is killed when memory runs out" },

	{ ROW("pids", "processes", LIVE, "N"), COUNT(limits.pids, 0, 4194304),
	  .fallback = "4096", .help = "processes and threads, 0: no limit" },
	{ ROW("nofile", "processes", NEXT_BOOT, "N"), COUNT(nofile, 64, 1 << 30),
	  .fallback = "the host's", .help = "open files a process" },

	{ ROW("io-weight", "I/O", LIVE, "N"), COUNT(limits.io_weight, 1, 10000),
	  .fallback = "100", .help = "share of the disk when zones compete, 1 to 10000" },
	{ ROW("io-read", "I/O", LIVE, "SIZE"), SIZE(limits.io_read, IO_RATE_MIN, SIZE_LIMIT),
	  .fallback = "no limit", .help = "bytes a second that are read from each disk, as 10M" },
	{ ROW("io-write", "I/O", LIVE, "SIZE"), SIZE(limits.io_write, IO_RATE_MIN, SIZE_LIMIT),
	  .fallback = "no limit", .help = "bytes a second that are written to each disk" },
	{ ROW("io-read-ops", "I/O", LIVE, "N"), COUNT(limits.io_read_ops, 10, IO_OPS_MAX),
	  .fallback = "no limit", .help = "reads a second from each disk" },
	{ ROW("io-write-ops", "I/O", LIVE, "N"), COUNT(limits.io_write_ops, 10, IO_OPS_MAX),
	  .fallback = "no limit", .help = "writes a second to each disk" },

	{ ROW("disk", "disk", LIVE, "SIZE"), SIZE(disk.bytes, 16 * MIB, (uint64_t)1 << 44),
	  .fallback = "no limit", .help = "what the zone's files may fill; df inside shows it" },
	{ ROW("inodes", "disk", LIVE, "N"), COUNT(disk.inodes, 1000, UINT32_MAX),
	  .fallback = "by the disk", .help = "how many files there may be, as 200k" },
	{ ROW("storage", "disk", AT_CREATE, "overlay|copy|btrfs"), WORD(storage, storage_words),
	  .fallback = "auto",
	  .help = "overlay and btrfs share the template's files, copy none; "
		  "auto: btrfs in a pool" },

	{ ROW("net", "network", NEXT_BOOT, "KIND"), STRING(net, net_mode_check),
	  .fallback = "routed",
	  .help = "routed, bridge:BRIDGE, macvlan:DEVICE, phys:DEVICE, none or host" },
	{ ROW("ip", "network", NEXT_BOOT, "ADDRESS,..."), LIST(ip, net_ip_check),
	  .canonical = net_ip_canonical, .has_commas = true, .fallback = "auto",
	  .help = "addresses, as 10.1.0.5/24; auto or auto:POOL takes free ones; none" },
	{ ROW("gateway", "network", NEXT_BOOT, "ADDRESS,..."), LIST(gateway, net_address_check),
	  .canonical = net_address_canonical, .has_commas = true, .fallback = "the host or pool's",
	  .help = "default route of net=bridge, macvlan and phys, one of each IP version" },
	{ ROW("nameserver", "network", NEXT_BOOT, "ADDRESS,..."),
	  LIST(nameserver, net_address_check), .canonical = net_address_canonical,
	  .has_commas = true, .fallback = "the host's", .help = "name servers" },
	{ ROW("search", "network", NEXT_BOOT, "DOMAIN,..."), LIST(search, net_search_check),
	  .has_commas = true, .fallback = "the host's",
	  .help = "domains that names are looked up in" },
	{ ROW("names", "network", NEXT_BOOT, "yes|no"), WORD(names, names_words),
	  .fallback = "yes",
	  .help = "it and other zones find each other by name; no: neither way" },
	{ ROW("mac", "network", NEXT_BOOT, "MAC"), STRING(mac, net_mac_check),
	  .canonical = net_mac_canonical, .fallback = "made from the uuid",
	  .help = "hardware address" },
	{ ROW("mtu", "network", NEXT_BOOT, "BYTES"), COUNT(mtu, NET_MTU_MIN, NET_MTU_MAX),
	  .fallback = "the uplink's", .help = "largest packet" },
	{ ROW("publish", "network", LIVE, "PORT:PORT,..."), LIST(publish, net_publish_check),
	  .canonical = net_publish_canonical, .has_commas = true, .fallback = "",
	  .help = "ports of the host that lead to the zone: [ADDRESS:]HOST:ZONE[/tcp|/udp]" },
	{ ROW("net-in", "network", LIVE, "RATE"), RATE(net_in), .fallback = "no limit",
	  .help = "rate towards the zone: kbit mbit gbit, or K M G bytes a second" },
	{ ROW("net-out", "network", LIVE, "RATE"), RATE(net_out), .fallback = "no limit",
	  .help = "rate from the zone" },
	{ ROW("nic", "network", NEXT_BOOT, "name=NAME,net=KIND,..."), LIST(nics, net_nic_check),
	  .canonical = net_nic_canonical, .key = net_nic_key, .fallback = "",
	  .help = "a further interface: name= net= ip= mac= mtu= gateway=" },

	{ ROW("mount", "files", NEXT_BOOT, "SRC:DST[:ro,...]"), LIST(mounts, check_mount),
	  .key = mount_key, .fallback = "",
	  .help = "directory or file of the host (ro rw nosuid nodev noexec idmap)" },

	{ ROW("ssh", "security", NEXT_BOOT, "inside|no|on-demand"), WORD(ssh, ssh_words),
	  .fallback = "inside",
	  .help = "its ssh server is started by its init, not at all, or for each connection" },
	{ ROW("features", "security", NEXT_BOOT, "WORD,..."), FLAGS(features, feature_words),
	  .fallback = "firewall",
	  .help = "firewall nesting fuse tun keyctl mknod io_uring compat32, or none" },

	{ ROW("hook-pre-boot", "hooks", LIVE, "PROGRAM"),
	  STRING(hooks[ZONE_HOOK_PRE_BOOT], check_program), .fallback = "none",
	  .help = "program of the host that runs before a boot, which fails if it does" },
	{ ROW("hook-post-boot", "hooks", LIVE, "PROGRAM"),
	  STRING(hooks[ZONE_HOOK_POST_BOOT], check_program), .fallback = "none",
	  .help = "program of the host that runs once init does" },
	{ ROW("hook-pre-stop", "hooks", LIVE, "PROGRAM"),
	  STRING(hooks[ZONE_HOOK_PRE_STOP], check_program), .fallback = "none",
	  .help = "program of the host that runs before a shutdown or halt" },
	{ ROW("hook-post-stop", "hooks", LIVE, "PROGRAM"),
	  STRING(hooks[ZONE_HOOK_POST_STOP], check_program), .fallback = "none",
	  .help = "program of the host that runs once the zone is down" },
	{ .name = NULL },
};

const struct property *property_table(void)
{
	return table;
}

int property_check_all(const struct zone_config *c, struct error *err)
{
	const struct cgroup_limits *l = &c->limits;
	char high[NUM_TEXT_MAX], low[NUM_TEXT_MAX], memory[NUM_TEXT_MAX];

	num_size_text(l->memory, memory);
	if (l->memory && l->memory_high > l->memory)
		return error_set(err, ERR_USAGE, "memory-high: %s is above memory, %s",
				 num_size_text(l->memory_high, high), memory);
	if (l->memory && l->memory_low > l->memory)
		return error_set(err, ERR_USAGE, "memory-low: %s is above memory, %s",
				 num_size_text(l->memory_low, low), memory);
	if (l->cpu_burst_ms && !l->cpus_milli)
		return error_set(err, ERR_USAGE, "cpu-burst: needs cpus, of which it saves up");
	/* The quota is set for periods of 100 ms, and the kernel takes no burst above the quota
	 * (kernel/sched/core.c, tg_set_cfs_bandwidth). */
	if (l->cpu_burst_ms * 10 > l->cpus_milli)
		return error_set(err, ERR_USAGE,
				 "cpu-burst: above what cpus gives in 100 ms, %llu ms",
				 (unsigned long long)l->cpus_milli / 10);
	return net_config_check(c, err);
}
