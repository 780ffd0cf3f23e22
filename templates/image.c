/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/signals.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/machine.h"
#include "templates/object.h"

enum {
	PROCESS_MAX = 96 * 1024,	/* of arguments and environment; one may have 128 KiB at
					 * most (execve(2)) */
	WORD_MAX = 4096,
};

void image_free(struct image *image)
{
	if (!image)
		return;
	free(image->name);
	strv_clear(&image->digests);
	strv_clear(&image->args);
	strv_clear(&image->env);
	free(image->user);
	free(image->cwd);
	free(image->stop_signal);
	free(image);
}

void image_free_ptr(struct image **image)
{
	image_free(*image);
}

static int digest_check(const char *text, size_t len, const char *name, const char *want,
			char out[SHA256_HEX_SIZE], struct error *err)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, text, len);
	sha256_end(&sha, sum);
	sha256_hex(sum, hex);
	if (want && strcmp(hex, want) != 0)
		return error_set(err, ERR_USAGE, "%s: its digest is %.12s, not %.12s", name, hex,
				 want);
	if (out)
		memcpy(out, hex, SHA256_HEX_SIZE);
	return 0;
}

struct json *image_json(int treefd, const char *path, const char *name, const char *want,
			char out_digest[SHA256_HEX_SIZE], struct error *err)
{
	AUTO_CLOSE int fd = path_open_nolink(treefd, path, O_RDONLY, false, err);
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0) {
		error_wrap(err, "%s", name);
		err->kind = ERR_USAGE;	/* a file that the image should have */
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		error_set(err, ERR_USAGE, "%s: '%s' is no regular file", name, path);
		return NULL;
	}
	if (fd_read_all(fd, JSON_SIZE_MAX, &text, &len, err) < 0) {
		error_wrap(err, "%s", name);
		return NULL;
	}
	if (digest_check(text, len, name, want, out_digest, err) < 0)
		return NULL;
	return json_parse(name, text, len, NULL, err);
}

int image_digest(const struct json *j, const char *name, char out[SHA256_HEX_SIZE],
		 struct error *err)
{
	static const char prefix[] = "sha256:";
	const char *text;

	if (!j)
		return error_set(err, ERR_USAGE, "%s: a digest is missing", name);
	if (json_str(j, name, &text, err) < 0)
		return -1;
	if (str_starts(text, "sha512:"))
		return error_set(err, ERR_UNSUPPORTED, "%s: digests of sha512 are not taken", name);
	if (!str_starts(text, prefix) || !object_is_digest(text + strlen(prefix)))
		return json_error(j, name, err, "expected \"sha256:\" and 64 digits");
	memcpy(out, text + strlen(prefix), SHA256_HEX_SIZE);
	return 0;
}

/* A member that may be missing or null. */
static const struct json *member(const struct json *j, const char *key)
{
	const struct json *value = json_get(j, key);

	return value && value->type != JSON_NULL ? value : NULL;
}

static int text_take(const struct json *config, const char *key, char **out, struct error *err)
{
	const struct json *j = member(config, key);
	const char *text;

	if (!j)
		return 0;
	if (json_str(j, "config", &text, err) < 0)
		return -1;
	if (strlen(text) > WORD_MAX || !str_is_clean(text))
		return json_error(j, "config", err, "too long, or with control characters");
	if (*text)
		*out = xstrdup(text);
	return 0;
}

/* A list, or by old images one word. */
static int list_add(const struct json *config, const char *key, char ***list, struct error *err)
{
	const struct json *j = member(config, key);
	AUTO_STRV char **more = NULL;

	if (!j)
		return 0;
	if (j->type == JSON_STRING) {
		strv_add(list, j->text);
		return 0;
	}
	if (json_strv(j, "config", &more, err) < 0)
		return -1;
	for (char **s = more; s && *s; s++)
		strv_add(list, *s);
	return 0;
}

/* Docker takes a name without a value from its own environment; here there is none to take. */
static int env_take(struct image *image, const struct json *config, struct error *err)
{
	AUTO_STRV char **list = NULL;

	if (list_add(config, "Env", &list, err) < 0)
		return -1;
	for (char **e = list; e && *e; e++) {
		if (**e != '=' && strchr(*e, '='))
			strv_add(&image->env, *e);
	}
	return 0;
}

static size_t bytes_of(char *const *list)
{
	size_t n = 0;

	for (; list && *list; list++)
		n += strlen(*list) + 1;
	return n;
}

static int process_take(struct image *image, const struct json *config, struct error *err)
{
	struct error ignored = { 0 };
	int sig;

	if (list_add(config, "Entrypoint", &image->args, err) < 0 ||
	    list_add(config, "Cmd", &image->args, err) < 0 || env_take(image, config, err) < 0 ||
	    text_take(config, "User", &image->user, err) < 0 ||
	    text_take(config, "WorkingDir", &image->cwd, err) < 0 ||
	    text_take(config, "StopSignal", &image->stop_signal, err) < 0)
		return -1;
	if (bytes_of(image->args) + bytes_of(image->env) > PROCESS_MAX)
		return error_set(err, ERR_USAGE, "config: arguments and environment of more than "
				 "%d bytes", PROCESS_MAX);
	if (image->args && !*image->args[0])
		return error_set(err, ERR_USAGE, "config: the program has an empty name");
	if (image->cwd && *image->cwd != '/') {
		AUTO_FREE char *below = image->cwd;

		image->cwd = xasprintf("/%s", below);
	}
	if (image->stop_signal && signal_parse(image->stop_signal, &sig, &ignored) < 0)
		return error_set(err, ERR_USAGE, "config: no signal '%s'", image->stop_signal);
	return 0;
}

static int diff_ids_take(struct image *image, const struct json *config, struct error *err)
{
	const struct json *ids = member(json_get(config, "rootfs"), "diff_ids");
	size_t i = 0;

	if (json_len(ids) != image->n_layers)
		return error_set(err, ERR_USAGE, "config: it names %zu layers, the manifest %zu",
				 json_len(ids), image->n_layers);
	for (const struct json *j = ids ? ids->first : NULL; j; j = j->next) {
		if (image_digest(j, "config", image->layers[i++].diff_id, err) < 0)
			return -1;
	}
	return 0;
}

int image_config_take(struct image *image, const struct json *config, struct error *err)
{
	AUTO_FREE char *architecture = NULL;
	AUTO_FREE char *os = NULL;

	if (config->type != JSON_OBJECT || !json_get(config, "rootfs"))
		return error_set(err, ERR_UNSUPPORTED, "it is no image of a system");
	if (text_take(config, "architecture", &architecture, err) < 0 ||
	    text_take(config, "os", &os, err) < 0)
		return -1;
	if (os && strcmp(os, "linux") != 0)
		return error_set(err, ERR_UNSUPPORTED, "it is for %s, not for linux", os);
	if (machine_check(architecture, err) < 0)
		return -1;
	image->machine = machine_name(architecture);
	if (diff_ids_take(image, config, err) < 0)
		return -1;
	return member(config, "config") ? process_take(image, json_get(config, "config"), err) : 0;
}
