/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/import_job.h"
#include "templates/machine.h"
#include "templates/metadata.h"
#include "templates/object.h"
#include "templates/osinfo.h"

/*
 * A file is unpacked as it is, then what lies in the stage is looked at: the root
 * filesystem itself, an image that has it in a directory, or an image of layers,
 * which are unpacked in turn. So there is one reader of archives, one place that
 * tells formats, and nothing is decided by a name.
 */

static const char digest_prefix[] = "sha256:";

static void warn_skipped(const struct unpack_skipped *skipped, char ***warnings)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = {
		{ skipped->xattrs, "extended attributes of other systems left out" },
		{ skipped->acls, "ACLs left out that name users without a number" },
	};

	/* Devices and sockets are no loss: every archive of /dev has them. */
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		if (rows[i].n > 0)
			strv_addf(warnings, "%" PRIu64 " %s", rows[i].n, rows[i].what);
	}
}

int import_commit(struct store_stage *stage, const struct template *known,
		  const struct unpack_report *report, struct import_result *out, struct error *err)
{
	struct import_result r = { 0 };

	if (store_stage_commit(stage, known, &r.template, &r.is_new, err) < 0)
		return -1;
	if (!*r.template.init && !r.template.args)
		strv_add(&r.warnings,
			 "no init: /sbin/init is missing; 'zonectl boot' will refuse it (exit 8)");
	if (report)
		warn_skipped(&report->skipped, &r.warnings);
	*out = r;
	return 0;
}

void import_result_clear(struct import_result *r)
{
	template_clear(&r->template);
	strv_clear(&r->warnings);
	*r = (struct import_result){ 0 };
}

void import_job_clear(struct import_job *job)
{
	store_stage_close(&job->stage);
	strv_clear(&job->digests);
	free(job->name);
	free(job->reference);
	strv_clear(&job->warnings);
	template_clear(&job->known);
}

static void format_set(struct import_job *job, const char *name)
{
	free(job->known.format);
	job->known.format = xstrdup(name);
}

/* "sha256:" and 64 digits, or NULL. */
static int wanted_check(const char *digest, struct error *err)
{
	if (!digest || (str_starts(digest, digest_prefix) &&
			object_is_digest(digest + strlen(digest_prefix))))
		return 0;
	error_set(err, ERR_USAGE, "bad digest '%s'", digest);
	return error_hint(err, "sha256: and the 64 digits that sha256sum prints");
}

/* What was read is known now, by one digest or more; the first is the file's own. */
static int digest_check(const struct import_job *job, struct error *err)
{
	const char *want = job->options->digest;

	if (!want || strv_has(job->digests, want))
		return 0;
	if (!job->digests)
		return error_set(err, ERR_USAGE, "a directory has no digest to compare with");
	return error_set(err, ERR_USAGE, "its digest is %s, not %s", job->digests[0], want);
}

/* The end of the digest over all that was read. */
static void sum_take(struct import_job *job)
{
	AUTO_STRV char **others = TAKE_PTR(job->digests);
	char hex[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_SIZE];

	sha256_end(&job->sum, sum);
	sha256_hex(sum, hex);
	strv_addf(&job->digests, "%s%s", digest_prefix, hex);
	for (char **d = others; d && *d; d++)
		strv_add(&job->digests, *d);
	free(job->known.archive_digest);
	job->known.archive_digest = xstrdup(hex);
}

static int metadata_take(struct import_job *job, int treefd, const char *path, struct error *err)
{
	struct metadata m = { 0 };
	AUTO_FREE char *left_out = NULL;
	int r = 0;

	if (metadata_read(treefd, path, &m, err) < 0)
		return -1;
	if (m.is_optimized) {
		error_set(err, ERR_UNSUPPORTED, "it is an optimized export");
		r = error_hint(err, "re-export without --optimized-storage");
	} else if (m.type && strcmp(m.type, "virtual-machine") == 0) {
		r = error_set(err, ERR_UNSUPPORTED, "it is an image of a virtual machine");
	} else if (machine_check(m.architecture, err) < 0) {
		r = error_wrap(err, "%s", path);
	} else if (!job->name) {
		job->name = metadata_name(&m);
	}
	left_out = metadata_left_out(&m);
	if (left_out)
		strv_addf(&job->warnings, "templates of the image left out: %s", left_out);
	metadata_clear(&m);
	return r;
}

/* The configuration that vzdump packs along has no place in a zone. */
static int vzdump_clean(struct import_job *job, struct error *err)
{
	AUTO_CLOSE int etcfd = path_open_nolink(job->stage.rootfd, "etc", O_RDONLY | O_DIRECTORY,
						true, err);
	struct timespec times[2];
	struct stat st;

	if (etcfd < 0 || fstat(etcfd, &st) < 0)
		return error_wrap(err, "remove 'etc/vzdump'");
	if (path_remove(job->stage.rootfd, "etc/vzdump", err) < 0)
		return -1;
	times[0] = times[1] = st.st_mtim;
	return futimens(etcfd, times) < 0 ? error_sys(err, "set the time of 'etc'") : 0;
}

static int half_refuse(const struct format *format, struct error *err)
{
	error_set(err, ERR_USAGE, "it is half of an image, its metadata");
	return error_hint(err, "give both files: zonectl template import META ROOTFS (%s)",
			  format->name);
}

static int layers_take(struct import_job *job, const struct format *format, struct error *err)
{
	AUTO_CLOSE int outerfd = import_set_aside(job, err);

	if (outerfd < 0 || import_image(job, outerfd, format, err) < 0)
		return -1;
	return import_drop_outer(job, err);
}

/* What the stage's rootfs/ holds becomes the root filesystem. */
static int staged_take(struct import_job *job, const struct format *format, struct error *err)
{
	switch (format->kind) {
	case FORMAT_OCI:
	case FORMAT_DOCKER:
		return layers_take(job, format, err);
	case FORMAT_INCUS_META:
	case FORMAT_LXC_META:
		return half_refuse(format, err);
	case FORMAT_INCUS:
		if (metadata_take(job, job->stage.rootfd, "metadata.yaml", err) < 0)
			return -1;
		return import_promote(job, format->root, err);
	case FORMAT_INCUS_EXPORT:
		if (metadata_take(job, job->stage.rootfd, "backup/index.yaml", err) < 0)
			return -1;
		return import_promote(job, format->root, err);
	case FORMAT_VZDUMP:
		return vzdump_clean(job, err);
	case FORMAT_ROOTFS:
		break;
	}
	return *format->root ? import_promote(job, format->root, err) : 0;
}

static int file_take(struct import_job *job, int fd, struct error *err)
{
	struct format format;

	if (import_take(job, fd, err) < 0 || format_find(job->stage.rootfd, &format, err) < 0)
		return -1;
	if (!job->known.format || format.kind != FORMAT_ROOTFS)
		format_set(job, format.name);
	if (staged_take(job, &format, err) < 0)
		return -1;
	sum_take(job);
	return 0;
}

static bool is_half(const struct format *format)
{
	return format->kind == FORMAT_INCUS_META || format->kind == FORMAT_LXC_META;
}

/* Empties the stage for what comes now. */
static int staged_drop(struct import_job *job, struct error *err)
{
	AUTO_CLOSE int outerfd = import_set_aside(job, err);

	return outerfd < 0 ? -1 : import_drop_outer(job, err);
}

/* The digest is over the metadata and then the root filesystem, so they are read in this order.
 * Returns 1 when the first file is no metadata. */
static int pair_try(struct import_job *job, const int fds[2], struct error *err)
{
	const char *name;
	struct format format;

	sha256_init(&job->sum);
	job->unpack.used_bytes = job->unpack.used_entries = 0;
	if (import_take(job, fds[0], err) < 0 || format_find(job->stage.rootfd, &format, err) < 0)
		return -1;
	if (!is_half(&format))
		return staged_drop(job, err) < 0 ? -1 : 1;
	name = format.name;
	if (format.kind == FORMAT_INCUS_META &&
	    metadata_take(job, job->stage.rootfd, "metadata.yaml", err) < 0)
		return -1;
	if (staged_drop(job, err) < 0 || import_take(job, fds[1], err) < 0 ||
	    format_find(job->stage.rootfd, &format, err) < 0)
		return -1;
	if (format.kind != FORMAT_ROOTFS)
		return error_set(err, ERR_USAGE, "the second file is no root filesystem");
	format_set(job, name);
	if (staged_take(job, &format, err) < 0)
		return -1;
	sum_take(job);
	return 0;
}

static int pair_take(struct import_job *job, struct error *err)
{
	int fds[2] = { job->options->fd, job->options->otherfd };
	struct stat st[2];
	int r;

	if (fstat(fds[0], &st[0]) < 0 || fstat(fds[1], &st[1]) < 0)
		return error_sys(err, "look at the files");
	if (S_ISDIR(st[0].st_mode) || S_ISDIR(st[1].st_mode))
		return error_set(err, ERR_USAGE, "a directory is imported alone");
	/* Metadata is small: mostly this saves the second try. */
	if (S_ISREG(st[0].st_mode) && S_ISREG(st[1].st_mode) && st[0].st_size > st[1].st_size) {
		fds[0] = job->options->otherfd;
		fds[1] = job->options->fd;
	}
	r = pair_try(job, fds, err);
	if (r > 0 && lseek(fds[0], 0, SEEK_SET) == 0) {
		int swapped[2] = { fds[1], fds[0] };

		r = pair_try(job, swapped, err);
	}
	if (r > 0) {
		error_set(err, ERR_USAGE, "neither file is the metadata of an image");
		error_hint(err, "give an image's metadata and its root filesystem, in this order");
	}
	return r != 0 ? -1 : 0;
}

static int directory_take(struct import_job *job, struct error *err)
{
	AUTO_CLOSE int dirfd = openat(job->options->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct format format;

	if (dirfd < 0)
		return error_sys(err, "open the directory");
	if (format_find(dirfd, &format, err) < 0)
		return -1;
	format_set(job, format.kind == FORMAT_ROOTFS ? "directory" : format.name);
	if (is_half(&format))
		return half_refuse(&format, err);
	/* An archive may hold a program alone; a directory is soon mistaken for another. */
	if (format.is_empty) {
		error_set(err, ERR_USAGE, "it is no root filesystem: no bin, etc, usr in it");
		return error_hint(err, "pack it with tar if it is to be one");
	}
	if (format.kind == FORMAT_OCI || format.kind == FORMAT_DOCKER)
		return import_image(job, dirfd, &format, err);
	if (format.kind == FORMAT_INCUS &&
	    metadata_take(job, dirfd, "metadata.yaml", err) < 0)
		return -1;
	if (format.kind == FORMAT_INCUS_EXPORT &&
	    metadata_take(job, dirfd, "backup/index.yaml", err) < 0)
		return -1;
	if (import_directory(job, dirfd, &format, err) < 0)
		return -1;
	return format.kind == FORMAT_VZDUMP ? vzdump_clean(job, err) : 0;
}

static int source_take(struct import_job *job, struct error *err)
{
	struct stat st;

	if (job->options->otherfd >= 0)
		return pair_take(job, err);
	if (fstat(job->options->fd, &st) < 0)
		return error_sys(err, "look at it");
	return S_ISDIR(st.st_mode) ? directory_take(job, err)
				   : file_take(job, job->options->fd, err);
}

/* The programs have the last word on whom they are for. */
static int machine_take(struct import_job *job, struct error *err)
{
	const char *machine = machine_of_tree(job->stage.rootfd);
	bool is_foreign = false;

	if (machine_check(machine, err) < 0)
		return -1;
	if (machine) {
		free(job->known.architecture);
		job->known.architecture = xstrdup(machine);
	}
	if (machine && machine_runs(machine, &is_foreign) && is_foreign)
		strv_addf(&job->warnings, "its programs are for %s: zones of it need "
			  "features+=compat32", machine);
	return 0;
}

/* What archives are called that are one of many; then the system says what it is. */
static bool is_generic(const char *name)
{
	static const char *const generic[] = {
		"disk", "image", "incus", "lxd", "meta", "metadata", "root", "rootfs",
	};

	for (size_t i = 0; i < N_ROWS(generic); i++) {
		if (strcmp(name, generic[i]) == 0)
			return true;
	}
	return false;
}

static char *name_of_system(const struct import_job *job, const char *otherwise)
{
	AUTO_OSINFO struct osinfo os = { 0 };
	AUTO_FREE char *name = NULL;

	osinfo_read(job->stage.rootfd, &os);
	if (!*os.os_id)
		return xstrdup(otherwise);
	name = xasprintf("%s%s%s", os.os_id, *os.os_version ? "-" : "", os.os_version);
	return import_name_cleaned(name);
}

static int name_take(struct import_job *job, struct error *err)
{
	const struct import_options *o = job->options;
	AUTO_FREE char *name = NULL;

	if (o->name)
		name = xstrdup(o->name);
	else if (job->name)
		name = import_name_cleaned(job->name);
	else
		name = import_name(job->reference, o->file_name);
	if (!name)
		return error_set(err, ERR_USAGE, "%s needs '--name'",
				 o->file_name ? "it" : "standard input");
	if (!o->name && is_generic(name)) {
		AUTO_FREE char *generic = name;

		name = name_of_system(job, generic);
	}
	if (template_name_check(name, err) < 0)
		return o->name ? -1 : error_hint(err, "give it a name with --name");
	job->known.name = TAKE_PTR(name);
	return 0;
}

static void warnings_give(struct import_job *job, struct import_result *out)
{
	for (char *const *w = job->warnings; w && *w; w++)
		strv_add(&out->warnings, *w);
}

int import_archive(int storefd, const struct import_options *options, struct import_result *out,
		   struct error *err)
{
	AUTO_JOB struct import_job job = {
		.options = options, .stage = STORE_STAGE_EMPTY, .begun_ms = clock_ms(),
	};
	struct unpack_report report = { 0 };

	if (options->limits)
		job.unpack.limits = *options->limits;
	else
		unpack_limits_init(&job.unpack.limits);
	if ((options->name && template_name_check(options->name, err) < 0) ||
	    wanted_check(options->digest, err) < 0 ||
	    store_stage_open(&job.stage, storefd, err) < 0)
		return -1;
	sha256_init(&job.sum);
	if (source_take(&job, err) < 0 || digest_check(&job, err) < 0 ||
	    machine_take(&job, err) < 0 || name_take(&job, err) < 0)
		return -1;
	job.known.source = xstrdup(options->source ? options->source : "");
	report.skipped = job.skipped;
	if (import_commit(&job.stage, &job.known, &report, out, err) < 0)
		return -1;
	warnings_give(&job, out);
	return 0;
}
