/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/plans.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"

#define PLANS_DIR "plans"
#define SUFFIX ".json"
#define DESCRIPTION "description"

/* Nothing stands here that a host may be unable to give, be it of cgroup v1, without swap
 * accounting, or with zones of any net; and the weights keep the ratio of the sizes, so that a
 * crowded host slows all customers down alike. */
static const struct shipped {
	const char *name, *text;
} shipped[] = {
	{ "large", "{ \"description\": \"a database, a build machine, a busy site\",\n"
		   "  \"cpus\": 4, \"cpu-weight\": 400, \"memory\": \"8G\", \"pids\": 8192 }\n" },
	{ "medium", "{ \"description\": \"a web application with its database\",\n"
		    "  \"cpus\": 2, \"cpu-weight\": 200, \"memory\": \"2G\", \"pids\": 4096 }\n" },
	{ "small", "{ \"description\": \"a site, a name server, a shell account\",\n"
		   "  \"cpus\": 1, \"cpu-weight\": 100, \"memory\": \"512M\", \"pids\": 1024 }\n" },
};

/* Identity, and the properties that no two zones can share. */
static const char *const of_one_zone[] = {
	"version", "name", "uuid", "template", "digest", "uid-base", "created", "ephemeral",
	"kept", "place", "replaces", "mac-uuid",
	"auto-ip", "held-ip", "plan", "fleet", "hostname", "mac",
};

static const struct shipped *find_shipped(const char *name)
{
	for (size_t i = 0; i < N_ROWS(shipped); i++)
		if (strcmp(shipped[i].name, name) == 0)
			return &shipped[i];
	return NULL;
}

static int read_description(struct plan *p, const struct json *value, const char *file,
			    struct error *err)
{
	struct error ignored = { 0 };
	const struct property *rule = property_find(DESCRIPTION, &ignored);

	if (!rule || property_from_json(rule, &p->config, value, file, err) < 0)
		return -1;
	p->description = TAKE_PTR(p->config.description);
	return 0;
}

static int read_member(struct plan *p, const struct json *member, const char *file,
		       struct error *err)
{
	struct error unknown = { 0 };
	const struct property *property;

	if (strcmp(member->key, DESCRIPTION) == 0)
		return read_description(p, member, file, err);
	for (size_t i = 0; i < N_ROWS(of_one_zone); i++)
		if (strcmp(of_one_zone[i], member->key) == 0)
			return json_error(member, file, err,
					  "is of one zone alone, so no plan can set it");
	property = property_find(member->key, &unknown);
	if (!property) {
		json_error(member, file, err, "no such key");
		return *unknown.hint ? error_hint(err, "%s", unknown.hint) : -1;
	}
	if (property_from_json(property, &p->config, member, file, err) < 0)
		return -1;
	p->set = xreallocarray(p->set, p->n_set + 1, sizeof(*p->set));
	p->set[p->n_set++] = property;
	return 0;
}

static int read_members(struct plan *p, const struct json *root, const char *file,
			struct error *err)
{
	struct error why = { 0 };

	if (root->type != JSON_OBJECT)
		return json_error(root, file, err, "expected an object");
	for (const struct json *j = root->first; j; j = j->next)
		if (read_member(p, j, file, err) < 0)
			return -1;
	if (property_check_all(&p->config, &why) < 0)
		return error_set(err, ERR_USAGE, "%s: %s", file, why.text);
	return 0;
}

static int parse_shipped(struct plan *p, const struct shipped *row, struct error *err)
{
	AUTO_JSON struct json *root =
		json_parse(row->name, row->text, strlen(row->text), NULL, err);

	p->source = xstrdup("shipped");
	return root ? read_members(p, root, row->name, err) : -1;
}

/* A plan can say which directories of the host a zone sees; who may write one may do all that root
 * may. */
static int check_owner(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(err, "look at '%s'", path);
	if (st.st_uid == 0 && !(st.st_mode & 022))
		return 0;
	error_set(err, ERR_FAILED, "'%s' can be written by others than root", path);
	return error_hint(err, "try: chown root '%s'; chmod go-w '%s'", path, path);
}

static char *path_of(const struct site *s, const char *file)
{
	return xasprintf("%s/etc/zonectl/" PLANS_DIR "%s%s",
			 strcmp(s->path, "/") == 0 ? "" : s->path, *file ? "/" : "", file);
}

/* The directory of the site's own plans; -1 with err->sys ENOENT when there is none. */
static int open_plans(const struct site *s, struct error *err)
{
	AUTO_FREE char *path = path_of(s, "");
	AUTO_CLOSE int fd = -1;

	if (s->etcfd >= 0)
		fd = openat(s->etcfd, PLANS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		errno = ENOENT;
	if (fd < 0)
		return error_sys(err, "open '%s'", path);
	return check_owner(fd, path, err) < 0 ? -1 : TAKE_FD(fd);
}

/* Returns the file; -1 with err->sys ENOENT when the site has no plan of that name. */
static int open_plan(const struct site *s, const char *file, const char *path, struct error *err)
{
	AUTO_CLOSE int dirfd = open_plans(s, err);
	AUTO_CLOSE int fd = -1;

	if (dirfd < 0)
		return -1;
	fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_sys(err, "open '%s'", path);
	return check_owner(fd, path, err) < 0 ? -1 : TAKE_FD(fd);
}

static int parse_file(struct plan *p, int fd, const char *path, struct error *err)
{
	AUTO_FREE char *file = xasprintf(PLANS_DIR "/%s" SUFFIX, p->name);
	AUTO_JSON struct json *root = json_read(fd, file, NULL, err);

	p->source = xstrdup(path);
	return root ? read_members(p, root, file, err) : -1;
}

static int no_plan(const char *name, struct error *err)
{
	error_set(err, ERR_NOT_FOUND, "no plan \"%s\"", name);
	return error_hint(err, "try: zonectl plan list");
}

static int read_plan(struct plan *p, const struct site *s, struct error *err)
{
	AUTO_FREE char *file = xasprintf("%s" SUFFIX, p->name);
	AUTO_FREE char *path = path_of(s, file);
	const struct shipped *row = find_shipped(p->name);
	struct error why = { 0 };
	AUTO_CLOSE int fd = open_plan(s, file, path, &why);

	if (fd >= 0)
		return parse_file(p, fd, path, err);
	if (why.sys == ENOENT)
		return row ? parse_shipped(p, row, err) : no_plan(p->name, err);
	*err = why;
	return -1;
}

int plan_read(struct plan *out, const struct site *s, const char *name, struct error *err)
{
	struct plan p = { 0 };

	if (zone_name_check(name, err) < 0)
		return error_wrap(err, "plan '%s'", name);
	strcpy(p.name, name);
	zone_config_init(&p.config);
	if (read_plan(&p, s, err) < 0) {
		plan_clear(&p);
		return -1;
	}
	*out = p;
	return 0;
}

void plan_clear(struct plan *p)
{
	free(p->source);
	free(p->description);
	free(p->set);
	zone_config_clear(&p->config);
	*p = (struct plan){ 0 };
}

/* What is there under another kind of name is no plan, as what an editor leaves. */
static void add_name(char ***names, const char *file)
{
	AUTO_FREE char *name = xstrndup(file, strlen(file) - strlen(SUFFIX));
	struct error ignored = { 0 };

	if (zone_name_check(name, &ignored) == 0)
		strv_add(names, name);
}

static int read_names(int plansfd, char ***names, struct error *err)
{
	AUTO_CLOSEDIR DIR *dir = fdopendir(plansfd);

	if (!dir) {
		close(plansfd);
		return error_sys(err, "read '" PLANS_DIR "'");
	}
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return errno == 0 ? 0 : error_sys(err, "read '" PLANS_DIR "'");
		if (str_ends(entry->d_name, SUFFIX))
			add_name(names, entry->d_name);
	}
}

int plan_names(const struct site *s, char ***out, struct error *err)
{
	AUTO_STRV char **names = NULL;
	struct error why = { 0 };
	int plansfd = open_plans(s, &why);

	for (size_t i = 0; i < N_ROWS(shipped); i++)
		strv_add(&names, shipped[i].name);
	if (plansfd < 0 && why.sys != ENOENT) {
		*err = why;
		return -1;
	}
	if (plansfd >= 0 && read_names(plansfd, &names, err) < 0)
		return -1;
	strv_sort_unique(names);
	*out = TAKE_PTR(names);
	return 0;
}

bool plan_has_value(const struct plan *p, const struct property *property,
		    const struct zone_config *c)
{
	struct json_out ours = { 0 }, theirs = { 0 };
	bool is_same;

	property_json(property, &p->config, &ours);
	property_json(property, c, &theirs);
	is_same = strcmp(str_text(&ours.text), str_text(&theirs.text)) == 0;
	json_out_clear(&ours);
	json_out_clear(&theirs);
	return is_same;
}

int plan_apply(const struct plan *p, struct zone_config *c, struct error *err)
{
	for (size_t i = 0; i < p->n_set; i++)
		if (property_copy(p->set[i], &p->config, c, err) < 0)
			return error_wrap(err, "plan '%s'", p->name);
	free(c->plan);
	c->plan = xstrdup(p->name);
	return 0;
}
