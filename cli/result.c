/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/result.h"

#include <string.h>

#include "base/cleanup.h"

enum result result_of(int status)
{
	if (status < 0)
		return RESULT_FAILED;
	return status == 0 ? RESULT_DONE : RESULT_SKIPPED;
}

bool result_is_told(const struct cli *cli)
{
	const unsigned int both = VERB_CHANGES | VERB_PARALLEL;

	return cli->is_json && !cli->is_dry_run && (cli->verb->flags & both) == both;
}

void result_error(struct json_out *o, const struct error *err)
{
	json_out_object(o, "error");
	json_out_str(o, "code", error_code(err->kind));
	json_out_u64(o, "exit", (uint64_t)err->kind);
	json_out_str(o, "message", err->text);
	json_out_str(o, "hint", err->hint[0] ? err->hint : NULL);
	json_out_end_object(o);
}

/* One object of the two, the second without its brace. */
static void join(struct str *first, const struct str *second)
{
	AUTO_STR struct str all = { 0 };
	size_t len = strlen(str_text(first));

	while (len > 0 && str_text(first)[len - 1] != '}')
		len--;
	str_addn(&all, str_text(first), len - 1);
	str_addc(&all, ',');
	str_add(&all, str_text(second) + 1);
	str_clear(first);
	str_add(first, str_text(&all));
}

void result_add(struct cli *cli, const char *zone, enum result result, int64_t ms,
		const struct error *err)
{
	static const char *const words[] = {
		[RESULT_UNTRIED] = "untried", [RESULT_DONE] = "done",
		[RESULT_FAILED] = "failed", [RESULT_SKIPPED] = "skipped",
	};
	struct json_out o = { .compact = true };

	json_out_object(&o, NULL);
	json_out_str(&o, "zone", zone);
	json_out_str(&o, "verb", cli->verb->name);
	json_out_str(&o, "result", words[result]);
	if (ms >= 0)
		json_out_milli(&o, "seconds", (uint64_t)ms);
	if (result == RESULT_FAILED)
		result_error(&o, err);
	json_out_end_object(&o);
	if (cli->json.text.len > 0)
		join(&cli->json.text, &o.text);
	else
		str_add(&cli->json.text, str_text(&o.text));
	json_out_clear(&o);
}
