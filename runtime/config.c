/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/config.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "runtime/address.h"
#include "runtime/property.h"

#define ZONE_JSON "zone.json"

int zone_name_check(const char *name, struct error *err)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strspn(name, rest);

	/* The first span also rules out "", "." and "..". */
	if (strspn(name, first) == 0 || name[n] != '\0')
		error_set(err, ERR_USAGE,
			  "bad name (a-z, 0-9, '.', '_' and '-', beginning with a letter "
			  "or digit)");
	else if (n > ZONE_NAME_MAX)
		error_set(err, ERR_USAGE, "bad name (longer than %d characters)", ZONE_NAME_MAX);
	else
		return 0;
	return -1;
}

void zone_config_init(struct zone_config *c)
{
	*c = (struct zone_config){ .features = FEATURE_DEFAULT };
	limits_init(&c->limits);
	c->limits.pids = ZONE_PIDS_DEFAULT;
}

static void clear_network(struct zone_config *c)
{
	char ***lists[] = { &c->auto_ip, &c->held_ip, &c->ip, &c->gateway, &c->nameserver,
			    &c->search, &c->publish, &c->nics };

	for (size_t i = 0; i < N_ROWS(lists); i++)
		strv_clear(lists[i]);
	free(c->net);
	free(c->mac);
}

void zone_config_clear(struct zone_config *c)
{
	free(c->template_name);
	free(c->plan);
	free(c->fleet);
	free(c->hostname);
	free(c->description);
	strv_clear(&c->tags);
	free(c->init);
	strv_clear(&c->init_args);
	strv_clear(&c->env);
	free(c->timezone);
	free(c->locale);
	free(c->password_hash);
	strv_clear(&c->users);
	strv_clear(&c->ssh_keys);
	free(c->ssh_key_user);
	limits_clear(&c->limits);
	strv_clear(&c->mounts);
	clear_network(c);
	for (size_t i = 0; i < ZONE_HOOKS; i++)
		free(c->hooks[i]);
	zone_config_init(c);
}

/* What create gave the zone; the properties follow in zone.json under their own names. */
struct identity_row {
	const char *key;
	int (*read)(struct zone_config *c, const struct json *value, struct error *err);
	void (*write)(const struct zone_config *c, const char *key, struct json_out *out);
	bool is_optional;
};

static int read_version(struct zone_config *c, const struct json *value, struct error *err)
{
	uint64_t version;

	(void)c;	/* the field is of the file, not of the zone */
	if (json_u64(value, ZONE_JSON, 1, UINT32_MAX, &version, err) < 0)
		return -1;
	if (version > ZONE_CONFIG_VERSION)
		return json_error(value, ZONE_JSON, err, "written by a newer zonectl");
	return 0;
}

static void write_version(const struct zone_config *c, const char *key, struct json_out *out)
{
	(void)c;	/* the field is of the file, not of the zone */
	json_out_u64(out, key, ZONE_CONFIG_VERSION);
}

/* Copies a string into a field of fixed room. */
static int read_text(const struct json *value, char *field, size_t size, struct error *err)
{
	const char *text;

	if (json_str(value, ZONE_JSON, &text, err) < 0)
		return -1;
	if (strlen(text) >= size)
		return json_error(value, ZONE_JSON, err, "longer than %zu bytes", size - 1);
	strcpy(field, text);
	return 0;
}

static int read_name(struct zone_config *c, const struct json *value, struct error *err)
{
	struct error why = { 0 };

	if (read_text(value, c->name, sizeof(c->name), err) < 0)
		return -1;
	if (zone_name_check(c->name, &why) < 0)
		return json_error(value, ZONE_JSON, err, "%s", why.text);
	return 0;
}

static void write_name(const struct zone_config *c, const char *key, struct json_out *out)
{
	json_out_str(out, key, c->name);
}

static bool is_uuid(const char *s)
{
	size_t i = 0;

	for (; s[i]; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? s[i] != '-' : !strchr("0123456789abcdef", s[i]))
			return false;
	}
	return i == ZONE_UUID_LEN;
}

static int read_uuid_into(const struct json *value, char out[ZONE_UUID_LEN + 1],
			  struct error *err)
{
	if (read_text(value, out, ZONE_UUID_LEN + 1, err) < 0)
		return -1;
	return is_uuid(out) ? 0 : json_error(value, ZONE_JSON, err, "no UUID in lower case");
}

static int read_uuid(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_uuid_into(value, c->uuid, err);
}

static void write_uuid(const struct zone_config *c, const char *key, struct json_out *out)
{
	json_out_str(out, key, c->uuid);
}

static int read_template(struct zone_config *c, const struct json *value, struct error *err)
{
	const char *text;

	if (json_str(value, ZONE_JSON, &text, err) < 0)
		return -1;
	if (!str_is_clean(text) || strlen(text) > 255)
		return json_error(value, ZONE_JSON, err, "no name of a template");
	free(c->template_name);
	c->template_name = xstrdup(text);
	return 0;
}

static void write_template(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->template_name)
		json_out_str(out, key, c->template_name);
}

static int read_digest(struct zone_config *c, const struct json *value, struct error *err)
{
	if (read_text(value, c->template_digest, sizeof(c->template_digest), err) < 0)
		return -1;
	if (strlen(c->template_digest) != SHA256_HEX_SIZE - 1 ||
	    strspn(c->template_digest, "0123456789abcdef") != SHA256_HEX_SIZE - 1)
		return json_error(value, ZONE_JSON, err, "expected 64 hexadecimal digits");
	return 0;
}

static void write_digest(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (*c->template_digest)
		json_out_str(out, key, c->template_digest);
}

/* A base that is no multiple of ZONE_IDS could share ids with a neighbour, one of 0 would hand the
 * host's own ids to a zone, and the last id of all, (uid_t)-1, is none. */
static int read_uid_base(struct zone_config *c, const struct json *value, struct error *err)
{
	uint64_t base;

	if (json_u64(value, ZONE_JSON, ZONE_IDS, UINT32_MAX - 2 * (uint64_t)ZONE_IDS + 1, &base,
		     err) < 0)
		return -1;
	if (base % ZONE_IDS != 0)
		return json_error(value, ZONE_JSON, err, "no multiple of %d", ZONE_IDS);
	c->uid_base = (uint32_t)base;
	return 0;
}

static void write_uid_base(const struct zone_config *c, const char *key, struct json_out *out)
{
	json_out_u64(out, key, c->uid_base);
}

static int read_created(struct zone_config *c, const struct json *value, struct error *err)
{
	return json_u64(value, ZONE_JSON, 0, INT64_MAX, &c->created, err);
}

static void write_created(const struct zone_config *c, const char *key, struct json_out *out)
{
	json_out_u64(out, key, c->created);
}

/* A name by the rule for names of zones, to the heap. */
static int read_owned_name(const struct json *value, char **field, struct error *err)
{
	struct error why = { 0 };
	const char *text;

	if (json_str(value, ZONE_JSON, &text, err) < 0)
		return -1;
	if (zone_name_check(text, &why) < 0)
		return json_error(value, ZONE_JSON, err, "%s", why.text);
	free(*field);
	*field = xstrdup(text);
	return 0;
}

static int read_plan(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_owned_name(value, &c->plan, err);
}

static void write_plan(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->plan)
		json_out_str(out, key, c->plan);
}

static int read_fleet(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_owned_name(value, &c->fleet, err);
}

static void write_fleet(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->fleet)
		json_out_str(out, key, c->fleet);
}

static int read_ephemeral(struct zone_config *c, const struct json *value, struct error *err)
{
	return json_bool(value, ZONE_JSON, &c->is_ephemeral, err);
}

static void write_ephemeral(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->is_ephemeral)
		json_out_bool(out, key, true);
}

static int read_kept(struct zone_config *c, const struct json *value, struct error *err)
{
	return json_bool(value, ZONE_JSON, &c->is_kept, err);
}

static void write_kept(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->is_kept)
		json_out_bool(out, key, true);
}

static int read_place(struct zone_config *c, const struct json *value, struct error *err)
{
	uint64_t place;

	if (json_u64(value, ZONE_JSON, 0, 1, &place, err) < 0)
		return -1;
	c->place = (uint8_t)place;
	return 0;
}

static void write_place(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->place)
		json_out_u64(out, key, c->place);
}

static int read_replaces(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_uuid_into(value, c->replaces, err);
}

static void write_replaces(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (*c->replaces)
		json_out_str(out, key, c->replaces);
}

static int read_mac_uuid(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_uuid_into(value, c->mac_uuid, err);
}

static void write_mac_uuid(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (*c->mac_uuid)
		json_out_str(out, key, c->mac_uuid);
}

/* ADDRESS, behind "NIC=" where one is wanted. */
static int read_addresses(const struct json *value, bool has_nic, char ***out, struct error *err)
{
	AUTO_STRV char **list = NULL;

	if (json_strv(value, ZONE_JSON, &list, err) < 0)
		return -1;
	for (char **text = list; text && *text; text++) {
		const char *address = has_nic ? strchr(*text, '=') : *text;
		struct error why = { 0 };
		struct net_addr ignored;

		if (!address)
			return json_error(value, ZONE_JSON, err, "expected INTERFACE=ADDRESS");
		if (address_parse(address + has_nic, false, &ignored, &why) < 0)
			return json_error(value, ZONE_JSON, err, "%s", why.text);
	}
	strv_clear(out);
	*out = TAKE_PTR(list);
	return 0;
}

static int read_auto_ip(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_addresses(value, true, &c->auto_ip, err);
}

static void write_auto_ip(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->auto_ip)
		json_out_strv(out, key, c->auto_ip);
}

static int read_held_ip(struct zone_config *c, const struct json *value, struct error *err)
{
	return read_addresses(value, false, &c->held_ip, err);
}

static void write_held_ip(const struct zone_config *c, const char *key, struct json_out *out)
{
	if (c->held_ip)
		json_out_strv(out, key, c->held_ip);
}

static const struct identity_row identity[] = {
	/* key          read            write            optional */
	{ "version",    read_version,   write_version,   false },
	{ "name",       read_name,      write_name,      false },
	{ "uuid",       read_uuid,      write_uuid,      false },
	{ "template",   read_template,  write_template,  true },
	{ "digest",     read_digest,    write_digest,    true },
	{ "uid-base",   read_uid_base,  write_uid_base,  false },
	{ "created",    read_created,   write_created,   false },
	{ "plan",       read_plan,      write_plan,      true },
	{ "fleet",      read_fleet,     write_fleet,     true },
	{ "ephemeral",  read_ephemeral, write_ephemeral, true },
	{ "kept",       read_kept,      write_kept,      true },
	{ "place",      read_place,     write_place,     true },
	{ "replaces",   read_replaces,  write_replaces,  true },
	{ "mac-uuid",   read_mac_uuid,  write_mac_uuid,  true },
	{ "auto-ip",    read_auto_ip,   write_auto_ip,   true },
	{ "held-ip",    read_held_ip,   write_held_ip,   true },
};

static int read_member(struct zone_config *c, const struct json *member, struct error *err)
{
	struct error unknown = { 0 };
	const struct property *p;

	for (size_t i = 0; i < N_ROWS(identity); i++)
		if (strcmp(identity[i].key, member->key) == 0)
			return identity[i].read(c, member, err);
	p = property_find(member->key, &unknown);
	if (p)
		return property_from_json(p, c, member, ZONE_JSON, err);
	json_error(member, ZONE_JSON, err, "no such key");
	return *unknown.hint ? error_hint(err, "%s", unknown.hint) : -1;
}

static int read_members(struct zone_config *c, const struct json *root, struct error *err)
{
	struct error why = { 0 };

	if (root->type != JSON_OBJECT)
		return json_error(root, ZONE_JSON, err, "expected an object");
	for (const struct json *j = root->first; j; j = j->next)
		if (read_member(c, j, err) < 0)
			return -1;
	for (size_t i = 0; i < N_ROWS(identity); i++)
		if (!identity[i].is_optional && !json_get(root, identity[i].key))
			return json_error(root, ZONE_JSON, err, "no key \"%s\"", identity[i].key);
	if (property_check_all(c, &why) < 0)
		return error_set(err, ERR_USAGE, ZONE_JSON ": %s", why.text);
	return 0;
}

int zone_config_read(struct zone_config *out, int zone_dirfd, struct error *err)
{
	AUTO_CLOSE int fd = openat(zone_dirfd, ZONE_JSON,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_JSON struct json *root = NULL;
	struct zone_config c;

	if (fd < 0)
		return error_sys(err, "open '%s'", ZONE_JSON);
	root = json_read(fd, ZONE_JSON, NULL, err);
	if (!root)
		return -1;
	zone_config_init(&c);
	if (read_members(&c, root, err) < 0) {
		zone_config_clear(&c);
		return -1;
	}
	/* Not written by versions that had no other default. */
	if (c.storage == STORAGE_AUTO)
		c.storage = STORAGE_OVERLAY;
	*out = c;
	return 0;
}

int zone_config_write(const struct zone_config *c, int zone_dirfd, struct error *err)
{
	AUTO_STR struct str text = { 0 };
	struct json_out out = { 0 };

	json_out_object(&out, NULL);
	for (size_t i = 0; i < N_ROWS(identity); i++)
		identity[i].write(c, identity[i].key, &out);
	for (const struct property *p = property_table(); p->name; p++)
		if (!property_is_default(p, c))
			property_json(p, c, &out);
	json_out_end_object(&out);
	text = out.text;
	if (text.len > JSON_SIZE_MAX)
		return error_set(err, ERR_USAGE, ZONE_JSON " would be longer than %d bytes",
				 JSON_SIZE_MAX);
	if (c->is_ephemeral)
		return fd_replace_nosync(zone_dirfd, ZONE_JSON, 0600, text.data, text.len, err);
	return fd_replace(zone_dirfd, ZONE_JSON, 0600, text.data, text.len, err);
}
