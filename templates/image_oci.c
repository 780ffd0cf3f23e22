/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/image.h"
#include "templates/machine.h"

enum { INDEX_DEPTH_MAX = 4 };

/* One thing that an index or a manifest points to. */
struct descriptor {
	char digest[SHA256_HEX_SIZE];
	char path[IMAGE_PATH_MAX];
	uint64_t size;
};

static const char *word(const struct json *j, const char *key)
{
	const struct json *value = json_get(j, key);

	return value && value->type == JSON_STRING ? value->text : "";
}

static int descriptor_read(const struct json *j, const char *name, struct descriptor *out,
			   struct error *err)
{
	const struct json *size = json_get(j, "size");

	*out = (struct descriptor){ .size = UINT64_MAX };
	if (!j)
		return error_set(err, ERR_USAGE, "%s: a descriptor is missing", name);
	if (image_digest(json_get(j, "digest"), name, out->digest, err) < 0)
		return -1;
	if (size && json_u64(size, name, 0, INT64_MAX, &out->size, err) < 0)
		return -1;
	snprintf(out->path, sizeof(out->path), "blobs/sha256/%s", out->digest);
	return 0;
}

static bool is_index(const struct json *j)
{
	return str_ends(word(j, "mediaType"), ".manifest.list.v2+json") ||
	       str_ends(word(j, "mediaType"), ".image.index.v1+json") ||
	       (!*word(j, "mediaType") && json_get(j, "manifests"));
}

/* Signatures and attestations stand in the same list, for no platform. */
static bool is_for_here(const struct json *j)
{
	const struct json *platform = json_get(j, "platform");
	const char *machine = machine_name(word(platform, "architecture"));
	bool is_foreign;

	if (*word(j, "artifactType") || strstr(word(j, "mediaType"), ".artifact."))
		return false;
	if (!platform)
		return true;
	if (*word(platform, "os") && strcmp(word(platform, "os"), "linux") != 0)
		return false;
	return machine && machine_runs(machine, &is_foreign) && !is_foreign;
}

static char *platforms_of(const struct json *list)
{
	struct str text = { 0 };

	for (const struct json *j = list->first; j; j = j->next) {
		const struct json *platform = json_get(j, "platform");

		if (platform && strcmp(word(platform, "os"), "unknown") != 0)
			str_addf(&text, "%s%s/%s", text.len > 0 ? ", " : "", word(platform, "os"),
				 word(platform, "architecture"));
	}
	return str_take(&text);
}

/* Of several the one for this machine. Two manifests of different content would be two images. */
static const struct json *choose(const struct json *index, struct error *err)
{
	const struct json *list = json_get(index, "manifests"), *found = NULL;

	if (!list || list->type != JSON_ARRAY) {
		error_set(err, ERR_USAGE, "index: 'manifests' is missing");
		return NULL;
	}
	for (const struct json *j = list->first; j; j = j->next) {
		if (!is_for_here(j))
			continue;
		if (found && strcmp(word(found, "digest"), word(j, "digest")) != 0) {
			error_set(err, ERR_USAGE, "index: it holds more than one image for here");
			error_hint(err, "save one image alone, as skopeo copy does");
			return NULL;
		}
		found = j;
	}
	if (!found) {
		AUTO_FREE char *platforms = platforms_of(list);

		error_set(err, list->first ? ERR_UNSUPPORTED : ERR_USAGE,
			  "index: no image for linux/%s in it%s%s", machine_native(),
			  *platforms ? ", only for " : "", platforms);
	}
	return found;
}

/* "docker.io/library/debian:12", or a tag alone, which the file's name goes before (import.c). */
static void name_take(struct image *image, const struct json *j)
{
	const struct json *notes = json_get(j, "annotations");
	const char *name = word(notes, "io.containerd.image.name");

	if (!*name)
		name = word(notes, "org.opencontainers.image.ref.name");
	if (*name && str_is_clean(name) && !image->name)
		image->name = xstrdup(name);
}

static int follow(struct image *image, const struct json *j, struct descriptor *out,
		  struct error *err)
{
	if (descriptor_read(j, "index", out, err) < 0)
		return -1;
	name_take(image, j);
	strv_addf(&image->digests, "sha256:%s", out->digest);
	return 0;
}

/* The manifest at the end of nested indexes. */
static struct json *manifest_find(int treefd, struct image *image, struct error *err)
{
	struct json *at = image_json(treefd, "index.json", "index.json", NULL, NULL, err);

	for (unsigned int depth = 0; at && depth < INDEX_DEPTH_MAX; depth++) {
		AUTO_JSON struct json *index = at;
		const struct json *chosen = choose(index, err);
		struct descriptor d;
		bool is_nested;

		if (!chosen || follow(image, chosen, &d, err) < 0)
			return NULL;
		is_nested = is_index(chosen);
		at = image_json(treefd, d.path, is_nested ? "index" : "manifest", d.digest,
				image->digest, err);
		if (at && !is_nested && !is_index(at))
			return at;
	}
	if (at)
		error_set(err, ERR_USAGE, "index: nested deeper than %d levels", INDEX_DEPTH_MAX);
	json_free(at);
	return NULL;
}

static int layer_take(struct image *image, const struct json *j, struct error *err)
{
	struct image_layer *layer = &image->layers[image->n_layers];
	struct descriptor d;

	if (image->n_layers == IMAGE_LAYERS_MAX)
		return error_set(err, ERR_USAGE, "manifest: it has more than %d layers",
				 IMAGE_LAYERS_MAX);
	if (descriptor_read(j, "manifest", &d, err) < 0)
		return -1;
	if (str_ends(word(j, "mediaType"), "+encrypted"))
		return error_set(err, ERR_UNSUPPORTED, "its layers are encrypted");
	*layer = (struct image_layer){ .size = d.size };
	memcpy(layer->path, d.path, sizeof(layer->path));
	memcpy(layer->digest, d.digest, sizeof(layer->digest));
	image->n_layers++;
	return 0;
}

static int manifest_take(int treefd, struct image *image, const struct json *manifest,
			 struct error *err)
{
	const struct json *layers = json_get(manifest, "layers");
	AUTO_JSON struct json *config = NULL;
	struct descriptor d;

	if (!layers || layers->type != JSON_ARRAY || !json_get(manifest, "config")) {
		error_set(err, ERR_UNSUPPORTED, "it has no manifest of an OCI or Docker image");
		return error_hint(err, "copy it with skopeo or podman, which write a newer kind");
	}
	for (const struct json *j = layers->first; j; j = j->next) {
		if (layer_take(image, j, err) < 0)
			return -1;
	}
	if (descriptor_read(json_get(manifest, "config"), "manifest", &d, err) < 0)
		return -1;
	config = image_json(treefd, d.path, "config", d.digest, NULL, err);
	return config ? image_config_take(image, config, err) : -1;
}

static int layout_check(int treefd, struct error *err)
{
	AUTO_JSON struct json *j = image_json(treefd, "oci-layout", "oci-layout", NULL, NULL, err);

	if (!j)
		return -1;
	if (!str_starts(word(j, "imageLayoutVersion"), "1."))
		return error_set(err, ERR_UNSUPPORTED, "oci-layout: version '%s' is not known",
				 word(j, "imageLayoutVersion"));
	return 0;
}

struct image *image_oci_read(int treefd, struct error *err)
{
	AUTO_IMAGE struct image *image = xcalloc(1, sizeof(*image));
	AUTO_JSON struct json *manifest = NULL;

	if (layout_check(treefd, err) < 0)
		return NULL;
	manifest = manifest_find(treefd, image, err);
	if (!manifest || manifest_take(treefd, image, manifest, err) < 0)
		return NULL;
	return TAKE_PTR(image);
}
