/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "oci/resources_parts.h"

uint64_t resources_io_weight(uint64_t weight)
{
	return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

/* bfq takes the figure as it is, io.weight has its own range. */
static int apply_weight(int fd, bool is_v1, int64_t weight, struct error *err)
{
	struct error first = { 0 };
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, weight);
	if (fd_write_control(fd, is_v1 ? "blkio.weight" : "io.bfq.weight", text, &first) == 0)
		return 0;
	if (first.sys != ENOENT) {
		*err = first;
		return -1;
	}
	if (is_v1)
		return fd_write_control(fd, "blkio.bfq.weight", text, err);
	snprintf(text, sizeof(text), "%" PRIu64, resources_io_weight((uint64_t)weight));
	return fd_write_control(fd, "io.weight", text, err);
}

struct rate_row {
	size_t list, n;
	const char *name, *v2_key, *v1_file;
};

#define RATE(member, name_, key, file) \
	{ offsetof(struct oci_block_io, member), offsetof(struct oci_block_io, n_##member), \
	  name_, key, file }
static const struct rate_row rate_rows[] = {
	RATE(read_bytes, "throttleReadBpsDevice", "rbps", "blkio.throttle.read_bps_device"),
	RATE(write_bytes, "throttleWriteBpsDevice", "wbps", "blkio.throttle.write_bps_device"),
	RATE(read_ops, "throttleReadIOPSDevice", "riops", "blkio.throttle.read_iops_device"),
	RATE(write_ops, "throttleWriteIOPSDevice", "wiops", "blkio.throttle.write_iops_device"),
};

static int apply_rate(int fd, bool is_v1, const struct rate_row *row,
		      const struct oci_block_rate *rate, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	str_addf(&text, "%" PRId64 ":%" PRId64 " ", rate->major.i, rate->minor.i);
	if (!is_v1)
		str_addf(&text, "%s=", row->v2_key);
	if (!is_v1 && rate->rate.u == 0)
		str_add(&text, "max");
	else
		str_addf(&text, "%" PRIu64, rate->rate.u);
	if (fd_write_control(fd, is_v1 ? row->v1_file : "io.max", str_text(&text), err) < 0)
		return error_wrap(err, "linux.resources.blockIO.%s", row->name);
	return 0;
}

/* Of bfq where it is there, else of all schedulers, which has a range of its own on v2. */
static int apply_device_weight(int fd, bool is_v1, const struct oci_block_weight *w,
			       struct error *err)
{
	struct error first = { 0 };
	AUTO_STR struct str text = { 0 }, other = { 0 };

	str_addf(&text, "%" PRId64 ":%" PRId64 " %" PRId64, w->major.i, w->minor.i, w->weight.i);
	str_addf(&other, "%" PRId64 ":%" PRId64 " %" PRIu64, w->major.i, w->minor.i,
		 is_v1 ? (uint64_t)w->weight.i : resources_io_weight((uint64_t)w->weight.i));
	if (fd_write_control(fd, is_v1 ? "blkio.weight_device" : "io.bfq.weight", str_text(&text),
			     &first) == 0)
		return 0;
	if (first.sys == ENOENT)
		return fd_write_control(fd, is_v1 ? "blkio.bfq.weight_device" : "io.weight",
					str_text(&other), err);
	*err = first;
	return -1;
}

static int apply_leaf_weight(int fd, const struct oci_block_weight *w, struct error *err)
{
	AUTO_STR struct str text = { 0 };

	str_addf(&text, "%" PRId64 ":%" PRId64 " %" PRId64, w->major.i, w->minor.i,
		 w->leaf_weight.i);
	return fd_write_control(fd, "blkio.leaf_weight_device", str_text(&text), err);
}

static int apply_weights(int fd, bool is_v1, const struct oci_block_io *io, struct error *err)
{
	for (size_t i = 0; i < io->n_weights; i++) {
		const struct oci_block_weight *w = &io->weights[i];

		if (w->weight.i != 0 && apply_device_weight(fd, is_v1, w, err) < 0)
			return error_wrap(err, "linux.resources.blockIO.weightDevice");
		if (w->leaf_weight.i == 0)
			continue;
		if (!is_v1)
			return resources_missing("blockIO.leafWeight", "blkio", err);
		if (apply_leaf_weight(fd, w, err) < 0)
			return error_wrap(err, "linux.resources.blockIO.weightDevice");
	}
	return 0;
}

int resources_block_io(const struct span *span, const struct oci_block_io *io,
			  struct error *err)
{
	int fd = span_v1(span, "blkio");
	bool is_v1 = fd >= 0, has_weight = io->weight.is_set && io->weight.i != 0;
	size_t n = io->n_weights + io->n_read_bytes + io->n_write_bytes + io->n_read_ops +
		   io->n_write_ops;

	if (n == 0 && !has_weight)
		return 0;
	if (!is_v1)
		fd = resources_v2(span, "io");
	if (fd < 0)
		return resources_missing("blockIO", "io", err);
	if (has_weight && apply_weight(fd, is_v1, io->weight.i, err) < 0)
		return error_wrap(err, "linux.resources.blockIO.weight");
	if (apply_weights(fd, is_v1, io, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ROWS(rate_rows); i++) {
		const struct rate_row *row = &rate_rows[i];
		const struct oci_block_rate *list =
			*(struct oci_block_rate *const *)((const char *)io + row->list);

		for (size_t j = 0; j < *(const size_t *)((const char *)io + row->n); j++)
			if (apply_rate(fd, is_v1, row, &list[j], err) < 0)
				return -1;
	}
	return 0;
}
