/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/collate.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/fold.h"

struct collate_group {
	struct str data;		/* a head and what follows it */
	size_t *zones;			/* owned */
	size_t n, room;
};

static struct collate_group *find(struct collate *c, const char *data, size_t len)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->groups[i].data.len == len &&
		    memcmp(c->groups[i].data.data, data, len) == 0)
			return &c->groups[i];
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 16;
		c->groups = xreallocarray(c->groups, c->room, sizeof(*c->groups));
	}
	c->groups[c->n] = (struct collate_group){ 0 };
	str_addn(&c->groups[c->n].data, data, len);
	return &c->groups[c->n++];
}

void collate_add(struct collate *c, size_t i, const char *data, size_t len)
{
	struct collate_group *g = find(c, data, len);

	if (g->n == g->room) {
		g->room = g->room ? 2 * g->room : 16;
		g->zones = xreallocarray(g->zones, g->room, sizeof(*g->zones));
	}
	g->zones[g->n++] = i;
}

void collate_add_text(struct str *out, const char *text, size_t len, bool is_shown)
{
	if (!is_shown) {
		str_addn(out, text, len);
		return;
	}
	while (len > 0) {
		size_t n = 0;

		while (n < len && text[n] != '\n' && text[n] != '\t')
			n++;
		str_add_shown(out, text, n);
		if (n < len)
			str_addc(out, text[n++]);
		text += n;
		len -= n;
	}
}

static int compare_numbers(const void *x, const void *y)
{
	size_t a = *(const size_t *)x, b = *(const size_t *)y;

	return (a > b) - (a < b);
}

static int compare_groups(const void *x, const void *y)
{
	const struct collate_group *a = x, *b = y;

	return compare_numbers(&a->zones[0], &b->zones[0]);
}

static void tell(const struct collate_group *g, char *const *names, bool is_shown,
		 struct str *out)
{
	AUTO_FREE char **list = xcalloc(g->n + 1, sizeof(*list));
	AUTO_FREE char *words = NULL;
	const char *text = g->data.data + sizeof(struct collate_head);
	struct collate_head head;

	memcpy(&head, g->data.data, sizeof(head));
	for (size_t i = 0; i < g->n; i++)
		list[i] = names[g->zones[i]];
	words = fold_text(list, g->n);
	str_addf(out, "%s (%zu zone%s)", words, g->n, g->n == 1 ? "" : "s");
	if (head.status != 0)
		str_addf(out, ", status %d", head.status);
	str_addf(out, "%s:\n", head.is_cut ? ", cut" : "");
	collate_add_text(out, text, head.out, is_shown);
	if (head.out > 0 && text[head.out - 1] != '\n')
		str_addc(out, '\n');
	collate_add_text(out, text + head.out, head.err, is_shown);
	if (head.err > 0 && text[head.out + head.err - 1] != '\n')
		str_addc(out, '\n');
}

void collate_tell(struct collate *c, char *const *names, bool is_shown, struct str *out)
{
	for (size_t i = 0; i < c->n; i++)
		qsort(c->groups[i].zones, c->groups[i].n, sizeof(size_t), compare_numbers);
	if (c->n > 0)
		qsort(c->groups, c->n, sizeof(*c->groups), compare_groups);
	for (size_t i = 0; i < c->n; i++) {
		struct collate_group *g = &c->groups[i];

		tell(g, names, is_shown, out);
		free(g->zones);
		str_clear(&g->data);
	}
	free(TAKE_PTR(c->groups));
	*c = (struct collate){ 0 };
}
