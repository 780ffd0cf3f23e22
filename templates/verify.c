/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/verify.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "templates/manifest.h"
#include "templates/object.h"
#include "templates/osinfo.h"

static void check_text(char ***faults, const char *key, const char *said, const char *found)
{
	if (strcmp(said ? said : "", found ? found : "") != 0)
		strv_addf(faults, "template.json: %s is '%s', the files say '%s'", key,
			  said ? said : "", found ? found : "");
}

static void check_number(char ***faults, const char *key, uint64_t said, uint64_t found)
{
	if (said != found)
		strv_addf(faults, "template.json: %s is %" PRIu64 ", of the files %" PRIu64, key,
			  said, found);
}

/* What template.json says of the files. */
static void check_description(const struct template *t, int rootfd, const struct digest *digest,
			      char ***faults)
{
	AUTO_OSINFO struct osinfo os = { 0 };

	osinfo_read(rootfd, &os);
	check_number(faults, "size", t->size, digest->size);
	check_number(faults, "files", t->files, digest->files);
	check_text(faults, "init", t->init, os.init);
	check_text(faults, "init_kind", t->init_kind, os.init_kind);
	check_text(faults, "os_id", t->os_id, os.os_id);
	check_text(faults, "os_version", t->os_version, os.os_version);
	check_text(faults, "os_name", t->os_name, os.os_name);
	check_number(faults, "systemd_version", t->systemd_version, os.systemd_version);
}

int template_verify(int storefd, const struct template *t, char ***out_faults, struct error *err)
{
	AUTO_CLOSE int objectfd = object_open(storefd, t->digest, err);
	AUTO_CLOSE int rootfd = objectfd < 0 ? -1 : store_rootfs(storefd, t->digest, err);
	AUTO_STRV char **faults = NULL;
	char hex[SHA256_HEX_SIZE];
	struct digest digest;

	if (rootfd < 0 || manifest_compare(objectfd, rootfd, &digest, &faults, err) < 0)
		return -1;
	object_identity(t, digest.hex, hex);
	if (strcmp(hex, t->digest) != 0)
		strv_addf(&faults, "its files have changed: they are %.12s now, not %.12s", hex,
			  t->digest);
	check_description(t, rootfd, &digest, &faults);
	*out_faults = faults;
	faults = NULL;
	return 0;
}
