/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side: what was written last, as a digest a part, stands beside zone.json. Of a part
 * whose digest is the same nothing is done, so what its files say by now is the zone's own affair;
 * a part that could not be written has none, and is tried again at the next boot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/strv.h"
#include "runtime/setup.h"

#define RECORD "setup.json"

/* Written files are the same when digest and version are: a changed writer counts up here. */
enum { RECORD_VERSION = 1, DIGEST_LEN = 16 };

struct digest {
	char text[DIGEST_LEN + 1];	/* "" where there is nothing to say */
};

static void add(struct sha256 *sum, const char *text)
{
	if (text)
		sha256_add(sum, text, strlen(text) + 1);
}

static void add_list(struct sha256 *sum, char *const *list)
{
	for (; list && *list; list++)
		add(sum, *list);
}

static void add_addr(struct sha256 *sum, const struct net_addr *a)
{
	sha256_add(sum, &a->family, sizeof(a->family));
	sha256_add(sum, &a->prefix, sizeof(a->prefix));
	sha256_add(sum, a->ip, sizeof(a->ip));
}

/* Only what the files say: not the host's end, which has a new name at each boot. */
static void add_net(struct sha256 *sum, const struct net_plan *net)
{
	for (size_t i = 0; net && i < net->n_nics; i++) {
		const struct nic *nic = &net->nics[i];
		uint8_t kind = (uint8_t)nic->kind;

		add(sum, nic->name);
		sha256_add(sum, &kind, sizeof(kind));
		for (size_t n = 0; n < nic->n_addrs; n++)
			add_addr(sum, &nic->addrs[n]);
		add_addr(sum, &nic->gateway4);
		add_addr(sum, &nic->gateway6);
	}
}

/* Each adds what its part is written from; false: there is nothing to write. */
static bool sum_machine_id(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->uuid);
	return true;
}

static bool sum_hostname(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->hostname);
	return true;
}

static bool sum_hosts(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->hostname);
	add_net(sum, s->net);
	return true;
}

/* What they are is not recorded, as it changes without a boot. */
static bool sum_peers(const struct setup *s, struct sha256 *sum)
{
	add(sum, "zones");
	return s->peers;
}

static bool sum_resolver(const struct setup *s, struct sha256 *sum)
{
	add_list(sum, s->nameservers);
	add(sum, "search");
	add_list(sum, s->search);
	return s->nameservers;
}

static bool sum_timezone(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->timezone);
	return s->timezone;
}

static bool sum_locale(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->locale);
	return s->locale;
}

static bool sum_password(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->password_hash);
	return s->password_hash;
}

static bool sum_users(const struct setup *s, struct sha256 *sum)
{
	add_list(sum, s->users);
	return s->users;
}

/* Those who are made have them too. */
static bool sum_ssh_keys(const struct setup *s, struct sha256 *sum)
{
	add_list(sum, s->users);
	add_list(sum, s->ssh_keys);
	add(sum, s->ssh_key_user);
	return s->ssh_keys;
}

static bool sum_ssh(const struct setup *s, struct sha256 *sum)
{
	const uint32_t mode = s->ssh;

	sha256_add(sum, &mode, sizeof(mode));
	return s->ssh != ZONE_SSH_INSIDE;
}

/* Written once for a zone, whatever its properties say. */
static bool sum_once(const struct setup *s, struct sha256 *sum)
{
	add(sum, s->uuid);
	return true;
}

static bool sum_network(const struct setup *s, struct sha256 *sum)
{
	add_net(sum, s->net);
	return s->net && s->net->n_nics > 0;
}

static const struct part_row {
	const char *name;		/* in the record */
	bool (*sum)(const struct setup *s, struct sha256 *sum);
	bool is_undone;			/* when there is nothing to say any more */
	bool is_always;			/* written at each boot that has something to say */
} part_rows[SETUP_PARTS] = {
	[SETUP_MACHINE_ID] = { "machine-id", sum_machine_id, false, false },
	[SETUP_HOSTNAME] = { "hostname", sum_hostname, false, false },
	[SETUP_HOSTS] = { "hosts", sum_hosts, false, false },
	[SETUP_PEERS] = { "zones", sum_peers, true, true },
	[SETUP_RESOLVER] = { "resolver", sum_resolver, false, false },
	[SETUP_TIMEZONE] = { "timezone", sum_timezone, false, false },
	[SETUP_LOCALE] = { "locale", sum_locale, false, false },
	[SETUP_PASSWORD] = { "password", sum_password, false, false },
	[SETUP_USERS] = { "users", sum_users, false, false },
	[SETUP_SSH_KEYS] = { "ssh-keys", sum_ssh_keys, true, false },
	[SETUP_CONSOLE] = { "console", sum_once, false, false },
	[SETUP_SERVICES] = { "services", sum_once, false, false },
	[SETUP_SSH] = { "ssh", sum_ssh, true, false },
	[SETUP_HOST_KEYS] = { "host-keys", sum_once, false, false },
	[SETUP_CRON] = { "cron", sum_once, false, false },
	[SETUP_NETWORK] = { "network", sum_network, true, false },
};

static void wanted(const struct setup *s, enum setup_part part, struct digest *out)
{
	const uint32_t version = RECORD_VERSION;
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, &version, sizeof(version));
	if (!part_rows[part].sum(s, &sum)) {
		*out->text = '\0';
		return;
	}
	sha256_end(&sum, digest);
	snprintf(out->text, sizeof(out->text), "%.*s", DIGEST_LEN, sha256_hex(digest, hex));
}

/* What was written last; of a record that is missing or damaged, nothing, and false. */
static bool read_record(int zone_dirfd, struct digest have[SETUP_PARTS])
{
	AUTO_CLOSE int fd = openat(zone_dirfd, RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_JSON struct json *root = NULL;
	struct error err = { 0 };

	memset(have, 0, SETUP_PARTS * sizeof(*have));
	if (fd >= 0)
		root = json_read(fd, RECORD, NULL, &err);
	for (size_t i = 0; root && i < SETUP_PARTS; i++) {
		const struct json *j = json_get(root, part_rows[i].name);
		const char *text;

		if (j && json_str(j, RECORD, &text, &err) == 0 && strlen(text) == DIGEST_LEN)
			strcpy(have[i].text, text);
	}
	return root;
}

/* A zone that was never set up may have the keys and the network of the zone that its template was
 * made of. */
static bool is_due(enum setup_part part, const struct digest *want, const struct digest *have,
		   bool is_new)
{
	if (!*want->text)
		return part_rows[part].is_undone && (is_new || *have->text);
	return part_rows[part].is_always || strcmp(want->text, have->text) != 0;
}

int setup_begin(struct setup *s, int zone_dirfd, struct error *err)
{
	struct digest have[SETUP_PARTS] = { 0 }, want;
	bool is_new = false;
	void *page;

	s->parts = 0;
	s->has_news = false;
	if (s->is_off)
		return 0;
	if (!s->is_command)
		is_new = !read_record(zone_dirfd, have);
	for (size_t i = 0; i < SETUP_PARTS; i++) {
		wanted(s, (enum setup_part)i, &want);
		if (!is_due((enum setup_part)i, &want, &have[i], is_new))
			continue;
		s->parts |= 1u << i;
		s->has_news |= strcmp(want.text, have[i].text) != 0;
	}
	if (s->parts == 0)
		return 0;
	page = mmap(NULL, sizeof(*s->report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (page == MAP_FAILED)
		return error_sys(err, "map the report of the setup");
	s->report = page;
	return 0;
}

static char *record_text(const struct setup *s, int zone_dirfd)
{
	struct digest have[SETUP_PARTS];
	struct json_out out = { 0 };
	char *text;

	(void)read_record(zone_dirfd, have);	/* none yet: what is written now is all of it */
	json_out_object(&out, NULL);
	for (size_t i = 0; i < SETUP_PARTS; i++) {
		if (s->parts & 1u << i)
			wanted(s, (enum setup_part)i, &have[i]);
		if (*have[i].text && !(s->report->failed & 1u << i))
			json_out_str(&out, part_rows[i].name, have[i].text);
	}
	json_out_end_object(&out);
	text = xstrdup(str_text(&out.text));
	json_out_clear(&out);
	return text;
}

int setup_record(int zone_dirfd, const char *text, struct error *err)
{
	return fd_replace(zone_dirfd, RECORD, 0600, text, strlen(text), err);
}

void setup_end(struct setup *s, int zone_dirfd, char ***warnings, char **out_record)
{
	const struct setup_report *r = s->report;

	*out_record = NULL;
	if (!r)
		return;
	for (unsigned int i = 0; i < r->n_warnings && i < SETUP_WARNINGS_MAX; i++)
		strv_addf(warnings, "%.*s", SETUP_WARNING_SIZE - 1, r->warnings[i]);
	if (!s->is_command && s->has_news && r->is_complete)
		*out_record = record_text(s, zone_dirfd);
	setup_close(s);
}

void setup_close(struct setup *s)
{
	if (s->report)
		munmap(s->report, sizeof(*s->report));
	s->report = NULL;
}
