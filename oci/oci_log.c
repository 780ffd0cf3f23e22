/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/oci_log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json_out.h"
#include "base/str.h"

static const char journal_socket[] = "/run/systemd/journal/socket";

/* What follows the prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static void set_place(struct oci_log *log, enum oci_log_place place, const char *name)
{
	log->place = place;
	log->name = *name ? name : "zone-oci";
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644); /* host path */
}

int oci_log_open(struct oci_log *log, const char *target, const char *format, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	*log = (struct oci_log){ .place = OCI_LOG_NOWHERE };
	if (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
		return error_set(err, ERR_USAGE, "unknown log-format \"%s\"", format);
	log->is_json = format && strcmp(format, "json") == 0;
	if (!target || !*target)
		return 0;
	if (after(target, "syslog:")) {
		set_place(log, OCI_LOG_SYSLOG, after(target, "syslog:"));
		return 0;
	}
	if (after(target, "journald:")) {
		set_place(log, OCI_LOG_JOURNAL, after(target, "journald:"));
		return 0;
	}
	if (after(target, "file:"))
		target = after(target, "file:");
	/* Not kept: it would stand where the caller's descriptors for the container do. */
	fd = open_file(target);
	if (fd < 0)
		return error_sys(err, "open log '%s'", target);
	set_place(log, OCI_LOG_FILE, target);
	return 0;
}

static void add_json(struct str *line, const char *level, const char *text, const char *date)
{
	struct json_out out = { .compact = true };

	json_out_object(&out, NULL);
	json_out_str(&out, "level", level);
	json_out_str(&out, "msg", text);
	json_out_str(&out, "time", date);
	json_out_end_object(&out);
	str_addf(line, "%s\n", str_text(&out.text));
	json_out_clear(&out);
}

static void add_text(struct str *line, const char *level, const char *text, const char *date)
{
	str_addf(line, "time=\"%s\" level=%s msg=\"", date, level);
	for (const char *c = text; *c; c++) {
		if (*c == '\n') {
			str_add(line, "\\n");
			continue;
		}
		if (*c == '"' || *c == '\\')
			str_addc(line, '\\');
		str_addc(line, *c);
	}
	str_add(line, "\"\n");
}

static void write_file(const struct oci_log *log, const char *level, const char *text)
{
	AUTO_CLOSE int fd = open_file(log->name);
	AUTO_STR struct str line = { 0 };
	struct error ignored = { 0 };
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	if (log->is_json)
		add_json(&line, level, text, date);
	else
		add_text(&line, level, text, date);
	if (fd >= 0)
		(void)fd_write_all(fd, str_text(&line), line.len, &ignored); /* stderr has it too */
}

/* One datagram of fields, a line each (systemd's JOURNAL_NATIVE_PROTOCOL). */
static void write_journal(const struct oci_log *log, int priority, const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	AUTO_STR struct str fields = { 0 };

	strcpy(addr.sun_path, journal_socket);
	str_addf(&fields, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=", priority, log->name);
	str_add_printable(&fields, text, strlen(text));
	str_addc(&fields, '\n');
	if (sock >= 0)
		(void)sendto(sock, str_text(&fields), fields.len, MSG_NOSIGNAL,
			     (struct sockaddr *)&addr, sizeof(addr)); /* stderr has it too */
}

void oci_log_write(const struct oci_log *log, const char *level, const char *text)
{
	int priority = strcmp(level, "error") == 0 ? LOG_ERR : LOG_WARNING;

	switch (log->place) {
	case OCI_LOG_FILE:
		write_file(log, level, text);
		break;
	case OCI_LOG_SYSLOG:
		openlog(log->name, 0, LOG_DAEMON);
		syslog(priority, "%s", text);
		closelog();
		break;
	case OCI_LOG_JOURNAL:
		write_journal(log, priority, text);
		break;
	default:
		break;
	}
}
