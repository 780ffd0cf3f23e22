/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minutes that a package draws when it is installed (popularity-contest, clamav-freshclam), and
 * those at which every zone of a template would else start the same work at once. Each zone's come
 * from its UUID. What sleeps a random while when it runs (certbot, anacron, systemd's timers) needs
 * nothing. */
#include <string.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "runtime/setup_rows.h"
#include "runtime/setup_text.h"

enum { MINUTES = 60, FIELDS_MIN = 6 };

static const struct cron_row {
	const char *path;
	const char *word;		/* only lines that have it; NULL: all */
} cron_rows[] = {
	{ "etc/crontab",                   "run-parts" },	/* hourly, daily, weekly, monthly */
	{ "etc/crontabs/root",             "run-parts" },	/* of busybox and dcron: likewise */
	{ "etc/cron.d/popularity-contest", NULL },
	{ "etc/cron.d/clamav-freshclam",   NULL },
};

struct shift {
	const char *word;
	unsigned int minutes;
};

/* True if the first word of the line is one minute, and the line is one to move. */
static bool find_minute(const struct line *l, const char *word, struct line *out)
{
	*out = line_word(l, 0);
	if (out->len == 0 || out->len > 2 || strspn(out->text, "0123456789") < out->len)
		return false;
	if (line_word(l, FIELDS_MIN - 1).len == 0)
		return false;
	return !word || memmem(l->text, l->len, word, strlen(word));
}

static unsigned int number(const struct line *l)
{
	unsigned int n = 0;

	for (size_t i = 0; i < l->len; i++)
		n = 10 * n + (unsigned int)(l->text[i] - '0');
	return n;
}

static char *change_crontab(const char *old, void *arg)
{
	const struct shift *shift = arg;
	struct str out = { 0 };
	struct line l, minute;

	while (line_next(&old, &l)) {
		if (find_minute(&l, shift->word, &minute)) {
			str_addn(&out, l.text, (size_t)(minute.text - l.text));
			str_addf(&out, "%u", (number(&minute) + shift->minutes) % MINUTES);
			l.len -= (size_t)(minute.text + minute.len - l.text);
			l.text = minute.text + minute.len;
		}
		str_addn(&out, l.text, l.len);
		str_addc(&out, '\n');
	}
	return str_take(&out);
}

void setup_crontabs(struct guest *g)
{
	uint8_t digest[SHA256_SIZE];
	struct shift shift;
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, "cron", strlen("cron"));
	sha256_add(&sum, g->setup->uuid, strlen(g->setup->uuid));
	sha256_end(&sum, digest);
	shift.minutes = (digest[0] << 8 | digest[1]) % MINUTES;
	for (size_t i = 0; i < N_ROWS(cron_rows); i++) {
		shift.word = cron_rows[i].word;
		if (guest_look(g, cron_rows[i].path) == GUEST_FILE)
			guest_edit(g, cron_rows[i].path, 0644, change_crontab, &shift);
	}
}
