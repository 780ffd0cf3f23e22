/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/strv.h"
#include "templates/import_job.h"

static int blob_open(int treefd, const struct image_layer *layer, struct error *err)
{
	AUTO_CLOSE int fd = layer->may_link ? path_open(treefd, layer->path, O_RDONLY, err)
					    : path_open_nolink(treefd, layer->path, O_RDONLY,
							       false, err);
	struct stat st;

	if (fd < 0) {
		if (err->kind == ERR_FAILED)
			err->kind = ERR_USAGE;	/* a file that the image should have */
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERR_USAGE, "'%s' is no regular file", layer->path);
	return TAKE_FD(fd);
}

static int digest_check(const char *what, const uint8_t sum[SHA256_SIZE], const char *want,
			struct error *err)
{
	char hex[SHA256_HEX_SIZE];

	if (!*want || strcmp(sha256_hex(sum, hex), want) == 0)
		return 0;
	return error_set(err, ERR_USAGE, "its %s is %.12s, not %.12s", what, hex, want);
}

/* What was read is what was unpacked, so it is looked at afterwards: nothing of a stage is a
 * template before the end. */
static int layer_apply(struct import_job *job, int treefd, const struct image_layer *layer,
		       struct error *err)
{
	AUTO_CLOSE int fd = blob_open(treefd, layer, err);
	AUTO_FREE struct import_feed *feed = xcalloc(1, sizeof(*feed));
	struct unpack_options options = job->unpack;
	struct import_run run = {
		.rootfd = job->stage.rootfd, .options = &options, .feed = feed,
	};
	struct unpack_report report;
	uint8_t sum[SHA256_SIZE];

	if (fd < 0)
		return -1;
	options.is_layer = true;
	feed->fd = fd;
	sha256_init(&feed->sum);
	if (import_job_unpack(job, &run, &report, err) < 0)
		return -1;
	sha256_end(&feed->sum, sum);
	if (layer->size != UINT64_MAX && feed->bytes != layer->size)
		return error_set(err, ERR_USAGE, "it has %llu bytes, not %llu",
				 (unsigned long long)feed->bytes,
				 (unsigned long long)layer->size);
	if (digest_check("digest", sum, layer->digest, err) < 0)
		return -1;
	return digest_check("diff_id", report.unpacked_sum, layer->diff_id, err);
}

static void known_take(struct import_job *job, struct image *image)
{
	struct template *known = &job->known;

	job->reference = TAKE_PTR(image->name);
	known->args = TAKE_PTR(image->args);
	known->env = TAKE_PTR(image->env);
	known->user = TAKE_PTR(image->user);
	known->cwd = TAKE_PTR(image->cwd);
	known->stop_signal = TAKE_PTR(image->stop_signal);
	known->architecture = image->machine ? xstrdup(image->machine) : NULL;
	for (char *const *d = image->digests; d && *d; d++)
		strv_add(&job->digests, *d);
	/* A directory has no digest but its manifest's. */
	known->archive_digest = xstrdup(image->digest);
}

int import_image(struct import_job *job, int treefd, const struct format *format,
		 struct error *err)
{
	AUTO_IMAGE struct image *image = NULL;

	if (format->kind == FORMAT_OCI)
		image = image_oci_read(treefd, err);
	else
		image = image_docker_read(treefd, err);
	if (!image)
		return -1;
	for (size_t i = 0; i < image->n_layers; i++) {
		if (layer_apply(job, treefd, &image->layers[i], err) < 0)
			return error_wrap(err, "layer %zu of %zu", i + 1, image->n_layers);
	}
	known_take(job, image);
	return 0;
}
