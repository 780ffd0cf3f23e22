/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H

/*
 * What --json says of each zone that a verb changed, or was to change: one object a line,
 *
 *   {"zone": NAME, "verb": VERB, "result": RESULT, "seconds": S, "error": {...}}
 *
 * with the members that the verb itself tells of the zone before these.
 */

#include "cli/verb.h"

enum result { RESULT_UNTRIED, RESULT_DONE, RESULT_FAILED, RESULT_SKIPPED };

/* What a verb's function returned. */
enum result result_of(int status);
/* True if the verb's zones have such lines. */
bool result_is_told(const struct cli *cli);
/* Adds the line to cli->json. ms < 0: not known. err is that of RESULT_FAILED. */
void result_add(struct cli *cli, const char *zone, enum result result, int64_t ms,
		const struct error *err);
/* The members of an error, in the object that is open. */
void result_error(struct json_out *o, const struct error *err);

#endif
