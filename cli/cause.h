/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CAUSE_H
#define CLI_CAUSE_H

/* Why a session ended, in one line for whoever sits in front of it. */

#include "cli/verb.h"
#include "runtime/relay.h"

struct cause {
	enum relay_end end;
	int signal;			/* that zonectl got, or 0 */
	int status;			/* of the command; 0 for a console */
	bool is_line_begun;		/* the cursor is behind what the zone wrote */
};

/* The end of a login or exec. t is the zone as it was when the session began. */
void cause_tell(const struct cli *cli, struct target *t, const struct cause *cause);
/* The same for a console. ERR_FAILED when the zone runs on and its keeper does not. */
int cause_tell_console(const struct cli *cli, struct target *t, const struct cause *cause,
		       struct error *err);

#endif
