/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMAGE_H
#define TEMPLATES_IMAGE_H

/*
 * Images of layers: an OCI image layout, or what "docker save" writes. Both are
 * trees of files of which nothing is believed: a blob is a regular file that no
 * link leads to, its digest is that of the bytes that are used, and every link of
 * the chain from index to layer is verified (OCI image-spec, descriptor.md).
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"

enum { IMAGE_LAYERS_MAX = 128, IMAGE_PATH_MAX = 256 };

struct image_layer {
	char path[IMAGE_PATH_MAX];	/* below the image's tree */
	char digest[SHA256_HEX_SIZE];	/* of the file; "" not told */
	char diff_id[SHA256_HEX_SIZE];	/* of the tar in it */
	uint64_t size;			/* of the file; UINT64_MAX not told */
	bool may_link;			/* docker save writes a layer that it has once as a link */
};

struct image {
	char *name;			/* by its own words, or NULL; owned */
	char digest[SHA256_HEX_SIZE];	/* of the manifest; of the config where there is none */
	char **digests;			/* strv: of all that led to it, "sha256:HEX"; owned */
	const char *machine;		/* machine_name() or NULL */
	char **args, **env;		/* see struct template; owned */
	char *user, *cwd, *stop_signal;	/* NULL: not told; owned */
	struct image_layer layers[IMAGE_LAYERS_MAX];
	size_t n_layers;
};

#define AUTO_IMAGE __attribute__((cleanup(image_free_ptr)))

/* Reads an OCI image layout: of several images the one for this machine. ERR_USAGE for a damaged
 * one, ERR_UNSUPPORTED for another machine's. The caller frees it. */
struct image *image_oci_read(int treefd, struct error *err);
/* Reads what docker save wrote, which must be one image. */
struct image *image_docker_read(int treefd, struct error *err);
void image_free(struct image *image);
void image_free_ptr(struct image **image);

/* The pieces that both are made of. */

/* Reads a JSON file, which must be regular and not led to by a link, at most 1 MiB. If want is not
 * NULL it must have that digest; *out_digest may be NULL. name stands in messages. */
struct json *image_json(int treefd, const char *path, const char *name, const char *want,
			char out_digest[SHA256_HEX_SIZE], struct error *err);
/* The digits of "sha256:HEX"; ERR_UNSUPPORTED for another algorithm. */
int image_digest(const struct json *j, const char *name, char out[SHA256_HEX_SIZE],
		 struct error *err);
/* Takes the process, the machine and the diff_ids, of which there must be one a layer, from a
 * config. */
int image_config_take(struct image *image, const struct json *config, struct error *err);

#endif
