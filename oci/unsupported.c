/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/unsupported.h"

#include "base/cleanup.h"
#include "oci/labels.h"
#include "oci/spec_linux.h"

struct row {
	bool is_asked;
	const char *what;
};

static int first_asked(const struct row *rows, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].is_asked)
			return error_set(err, ERR_UNSUPPORTED, "%s is not supported", rows[i].what);
	return 0;
}

int unsupported_check(const struct oci_spec *spec, struct error *err)
{
	const struct oci_linux *l = spec->linux_;
	const struct row rows[] = {
		{ l->intel_rdt != NULL, "linux.intelRdt" },
		{ l->n_net_devices > 0, "linux.netDevices" },
	};

	if (first_asked(rows, N_ROWS(rows), err) < 0)
		return -1;
	return labels_check_mounts(l->mount_label, err);
}
