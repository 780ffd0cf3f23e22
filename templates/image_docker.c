/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/image.h"
#include "templates/object.h"

/* The path of a file of the archive as its manifest says it. Where it leads is looked at when it is
 * opened, below the archive's own tree. */
static int path_take(const struct json *j, char out[IMAGE_PATH_MAX], struct error *err)
{
	const char *path;

	if (!j)
		return error_set(err, ERR_USAGE, "manifest.json: a file is missing in it");
	if (json_str(j, "manifest.json", &path, err) < 0)
		return -1;
	if (!*path || strlen(path) >= IMAGE_PATH_MAX || !str_is_clean(path))
		return json_error(j, "manifest.json", err, "it is no path");
	strcpy(out, path);
	return 0;
}

static int layers_take(struct image *image, const struct json *layers, struct error *err)
{
	if (!layers || layers->type != JSON_ARRAY)
		return error_set(err, ERR_USAGE, "manifest.json: 'Layers' is missing");
	for (const struct json *j = layers->first; j; j = j->next) {
		struct image_layer *layer = &image->layers[image->n_layers];

		if (image->n_layers == IMAGE_LAYERS_MAX)
			return error_set(err, ERR_USAGE,
					 "manifest.json: it has more than %d layers",
					 IMAGE_LAYERS_MAX);
		*layer = (struct image_layer){ .size = UINT64_MAX, .may_link = true };
		if (path_take(j, layer->path, err) < 0)
			return -1;
		image->n_layers++;
	}
	return 0;
}

static void name_take(struct image *image, const struct json *tags)
{
	const struct json *first = tags ? tags->first : NULL;

	if (first && first->type == JSON_STRING && str_is_clean(first->text))
		image->name = xstrdup(first->text);
}

/* A config is named by its digest: "HEX.json" or "blobs/sha256/HEX". */
static int config_take(int treefd, struct image *image, const struct json *j, struct error *err)
{
	AUTO_JSON struct json *config = NULL;
	char path[IMAGE_PATH_MAX], digest[SHA256_HEX_SIZE] = "";
	const char *leaf;

	if (path_take(j, path, err) < 0)
		return -1;
	leaf = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	memcpy(digest, leaf, strnlen(leaf, sizeof(digest) - 1));
	if (!object_is_digest(digest) ||
	    (leaf[sizeof(digest) - 1] && strcmp(leaf + sizeof(digest) - 1, ".json") != 0))
		return error_set(err, ERR_USAGE, "manifest.json: config '%s' is no digest", path);
	config = image_json(treefd, path, "config", digest, image->digest, err);
	return config ? image_config_take(image, config, err) : -1;
}

struct image *image_docker_read(int treefd, struct error *err)
{
	AUTO_IMAGE struct image *image = xcalloc(1, sizeof(*image));
	AUTO_JSON struct json *list =
		image_json(treefd, "manifest.json", "manifest.json", NULL, NULL, err);
	const struct json *one = list ? list->first : NULL;

	if (!list)
		return NULL;
	if (list->type != JSON_ARRAY) {
		error_set(err, ERR_USAGE, "manifest.json: it is not what docker save writes");
		error_hint(err, "skopeo copy dir:DIRECTORY oci:IMAGE makes it an image layout");
		return NULL;
	}
	if (!one || one->next) {
		error_set(err, ERR_USAGE, "manifest.json: it lists %zu images, not one",
			  json_len(list));
		error_hint(err, "save one image: docker save -o FILE IMAGE");
		return NULL;
	}
	name_take(image, json_get(one, "RepoTags"));
	if (layers_take(image, json_get(one, "Layers"), err) < 0 ||
	    config_take(treefd, image, json_get(one, "Config"), err) < 0)
		return NULL;
	strv_addf(&image->digests, "sha256:%s", image->digest);
	return TAKE_PTR(image);
}
