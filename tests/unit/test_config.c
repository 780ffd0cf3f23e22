/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/config.h"
#include "runtime/property.h"

#define HEAD "{\"version\": 1, \"name\": \"web1\", " \
	"\"uuid\": \"01234567-89ab-4def-8123-456789abcdef\", \"created\": 5, "
#define WHOLE HEAD "\"uid-base\": 1000013824"

static char dir[32];
static int zonefd = -1;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-config-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	zonefd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return zonefd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	unlinkat(zonefd, "zone.json", 0);
	close(zonefd);
	return rmdir(dir);
}

static int read_text(const char *text, struct zone_config *c, struct error *err)
{
	*err = (struct error){ 0 };
	assert_int_equal(fd_replace_nosync(zonefd, "zone.json", 0600, text, strlen(text), err), 0);
	return zone_config_read(c, zonefd, err);
}

static void read_bad(const char *text, const char *expected)
{
	struct zone_config c;
	struct error err;

	if (read_text(text, &c, &err) == 0)
		fail_msg("taken: %s", text);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, expected);
}

static void what_a_reinstall_noted_is_kept_and_checked(void **state)
{
	static const char uuid[] = "11234567-89ab-4def-8123-456789abcdef";
	struct zone_config c;
	struct error err;

	(void)state;
	assert_int_equal(read_text(WHOLE ", \"kept\": true, \"place\": 1, \"replaces\": "
				   "\"11234567-89ab-4def-8123-456789abcdef\", \"mac-uuid\": "
				   "\"11234567-89ab-4def-8123-456789abcdef\"}", &c, &err), 0);
	assert_int_equal(zone_config_write(&c, zonefd, &err), 0);
	zone_config_clear(&c);
	assert_int_equal(zone_config_read(&c, zonefd, &err), 0);
	assert_true(c.is_kept);
	assert_int_equal(c.place, 1);
	assert_string_equal(c.replaces, uuid);
	assert_string_equal(c.mac_uuid, uuid);
	zone_config_clear(&c);
	read_bad(WHOLE ", \"place\": 2}",
		 "zone.json:1:127: place: 2 is above 1");
	read_bad(WHOLE ", \"replaces\": \"x\"}",
		 "zone.json:1:130: replaces: no UUID in lower case");
}

static void names_are_letters_digits_and_three_signs(void **state)
{
	static const char *const good[] = { "a", "0", "web1", "a.b_c-d", "a..", "9-" };
	static const char *const bad[] = { "",	".",   "..",  ".a",  "-a",	 "_a",
					   "A", "a/b", "a b", "a\n", "\xc3\xa9", "a*" };
	struct error err = { 0 };
	char name[66];

	(void)state;
	for (size_t i = 0; i < N_ROWS(good); i++)
		assert_int_equal(zone_name_check(good[i], &err), 0);
	for (size_t i = 0; i < N_ROWS(bad); i++) {
		assert_int_equal(zone_name_check(bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	assert_int_equal(zone_name_check(name, &err), 0);
	name[63] = 'a';
	name[64] = '\0';
	assert_int_equal(zone_name_check(name, &err), -1);
}

static void set(struct zone_config *c, const char *assignment)
{
	const struct property *p;
	struct error err;

	if (property_assign(c, assignment, &p, &err) < 0)
		fail_msg("%s: %s", assignment, err.text);
}

static void what_is_written_reads_back_the_same(void **state)
{
	static const char *const assignments[] = {
		"hostname=web1.example", "description=\xc3\xa9t\xc3\xa9 \"x\" \\ /", "tags=a,b",
		"autoboot=last", "boot-order=7", "init=/sbin/init", "init-args=--x",
		"init-args+=--x", "env=A=1", "env+=B=", "timezone=Europe/Berlin",
		"locale=de_DE.UTF-8", "setup=none", "password-hash=!",
		"ssh-key=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@here", "ssh-key-user=ann",
		"cpus=1.5",
		"cpu-weight=50", "cpuset=0-1", "cpu-burst=20ms", "memory=512M",
		"memory-high=500M", "memory-low=4K", "swap=0", "hugepages=2M", "oom-kill=zone",
		"pids=77", "nofile=4096", "disk=10G", "inodes=200k", "storage=copy",
		"mount=/a:/b:ro", "features=none",
		"net=bridge:lan", "ip=auto,10.1.0.5/24", "gateway=10.1.0.1,fd00::1",
		"nameserver=9.9.9.9", "search=example.com,b", "mac=02:00:00:00:00:01", "mtu=1400",
		"nic=name=eth1,net=routed,ip=auto", "publish=80:8080/tcp,53:53/udp",
		"net-in=10mbit", "net-out=1.5M", "names=no", "ssh=no", "user=ann,bob:sudo",
		"io-weight=50", "io-read=1M", "io-write=2M", "io-read-ops=100",
		"io-write-ops=200", "hook-pre-boot=/a/b", "hook-post-boot=/a c",
		"hook-pre-stop=/d", "hook-post-stop=/e",
	};
	struct zone_config a, b;
	struct error err = { 0 };

	(void)state;
	zone_config_init(&a);
	strcpy(a.name, "web1");
	strcpy(a.uuid, "01234567-89ab-4def-8123-456789abcdef");
	a.template_name = xstrdup("debian-12");
	memset(a.template_digest, 'c', SHA256_HEX_SIZE - 1);
	a.uid_base = 4294836224;
	a.created = 1767225600;
	a.is_ephemeral = true;
	for (size_t i = 0; i < N_ROWS(assignments); i++)
		set(&a, assignments[i]);
	assert_int_equal(zone_config_write(&a, zonefd, &err), 0);
	assert_int_equal(zone_config_read(&b, zonefd, &err), 0);
	assert_string_equal(b.name, a.name);
	assert_string_equal(b.uuid, a.uuid);
	assert_string_equal(b.template_name, a.template_name);
	assert_string_equal(b.template_digest, a.template_digest);
	assert_int_equal(b.uid_base, a.uid_base);
	assert_int_equal(b.created, a.created);
	assert_true(b.is_ephemeral);
	for (const struct property *p = property_table(); p->name; p++) {
		AUTO_FREE char *text_a = property_text(p, &a), *text_b = property_text(p, &b);

		assert_string_not_equal(text_a, "");
		assert_string_equal(text_a, text_b);
	}
	zone_config_clear(&a);
	zone_config_clear(&b);
}

static void defaults_are_not_written(void **state)
{
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = -1;
	struct zone_config c;
	struct error err = { 0 };

	(void)state;
	zone_config_init(&c);
	strcpy(c.name, "web1");
	assert_int_equal(zone_config_write(&c, zonefd, &err), 0);
	fd = openat(zonefd, "zone.json", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, 4096, &text, NULL, &err), 0);
	for (const struct property *p = property_table(); p->name; p++) {
		AUTO_FREE char *key = xasprintf("\"%s\"", p->name);

		assert_null(strstr(text, key));
	}
}

static void hand_edits_may_use_units(void **state)
{
	struct zone_config c;
	struct error err;

	(void)state;
	assert_int_equal(read_text(WHOLE
				   ", \"memory\": \"512M\", \"cpus\": 0.5, \"cpu-burst\": 0.05, "
				   "\"pids\": null}",
				   &c, &err),
			 0);
	assert_true(c.limits.memory == 512 << 20);
	assert_int_equal(c.limits.cpus_milli, 500);
	assert_int_equal(c.limits.cpu_burst_ms, 50);
	zone_config_clear(&c);
}

static void a_fault_is_named_with_line_and_column(void **state)
{
	(void)state;
	read_bad(WHOLE ",\n \"memry\": 1}", "zone.json:2:11: memry: no such key");
	read_bad(WHOLE ",\n \"memory\": \"lots\"}",
		 "zone.json:2:12: memory: 'lots' is no size (a number with K, M, G or T, as 512M)");
	read_bad(WHOLE ",\n \"memory\": 5}", "zone.json:2:12: memory: 5 is below 1048576");
	read_bad(WHOLE ",\n \"pids\": true}", "zone.json:2:10: pids: expected a number");
	read_bad(WHOLE ",\n \"env\": [\"A=1\",\n  \"A=2\"]}", "zone.json:3:3: env[1]: there twice");
	read_bad(WHOLE ",\n \"env\": [\"A=1\",\n  \"a b=2\"]}",
		 "zone.json:3:3: env[1]: 'a b=2' is no NAME=VALUE");
	read_bad(WHOLE ",\n \"tags\": [\"a,b\"]}", "zone.json:2:11: tags[0]: holds a comma");
	read_bad(WHOLE ",\n \"tags\": \"a\"}",
		 "zone.json:2:10: tags: expected an array of strings");
	read_bad(WHOLE ", \"memory\": 1048576, \"memory-high\": \"2M\"}",
		 "zone.json: memory-high: 2M is above memory, 1M");
	read_bad("[]", "zone.json:1:1: expected an object");
}

static void an_identity_that_is_not_whole_is_refused(void **state)
{
	(void)state;
	read_bad(HEAD "\"tags\": []}", "zone.json:1:1: no key \"uid-base\"");
	read_bad(HEAD "\n\"uid-base\": 0}", "zone.json:2:13: uid-base: 0 is below 65536");
	read_bad(HEAD "\n\"uid-base\": 65537}", "zone.json:2:13: uid-base: no multiple of 65536");
	read_bad(HEAD "\n\"uid-base\": 4294901760}",
		 "zone.json:2:13: uid-base: 4294901760 is above 4294836224");
	read_bad("{\"version\": 2}", "zone.json:1:13: version: written by a newer zonectl");
	read_bad("{\"version\": 1,\n\"name\": \"../x\"}",
		 "zone.json:2:9: name: bad name (a-z, 0-9, '.', '_' and '-', beginning with a "
		 "letter or "
		 "digit)");
	read_bad("{\"uuid\":\n \"01234567-89AB-4def-8123-456789abcdef\"}",
		 "zone.json:2:2: uuid: no UUID in lower case");
	read_bad("{\"digest\":\n \"0123\"}",
		 "zone.json:2:2: digest: expected 64 hexadecimal digits");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_letters_digits_and_three_signs),
		TEST(what_is_written_reads_back_the_same),
		TEST(defaults_are_not_written),
		TEST(what_a_reinstall_noted_is_kept_and_checked),
		TEST(hand_edits_may_use_units),
		TEST(a_fault_is_named_with_line_and_column),
		TEST(an_identity_that_is_not_whole_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
