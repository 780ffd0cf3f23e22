/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OCI_OCI_LOG_H
#define OCI_OCI_LOG_H

/*
 * What engines read of a runtime that failed: lines in a file that they name, as
 * runc writes them, or crun's other places.
 */

#include <stdbool.h>

#include "base/error.h"

enum oci_log_place { OCI_LOG_NOWHERE, OCI_LOG_FILE, OCI_LOG_SYSLOG, OCI_LOG_JOURNAL };

struct oci_log {
	int place;			/* enum oci_log_place */
	const char *name;		/* of the file, or of the program that writes; borrowed */
	bool is_json;			/* else text, as logrus writes it */
};

/* target is --log: a path, file:PATH, syslog:[NAME], journald:[NAME], or NULL. format is "text",
 * "json" or NULL. */
int oci_log_open(struct oci_log *log, const char *target, const char *format, struct error *err);
/* level is "error" or "warning". That it can't be written is no failure: standard error has it. */
void oci_log_write(const struct oci_log *log, const char *level, const char *text);

#endif
