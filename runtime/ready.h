/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RUNTIME_READY_H
#define RUNTIME_READY_H

/*
 * When is a zone up? systemd says READY=1 (sd_notify(3)); other inits show a login prompt on the
 * console. The keeper sees either and makes run/NAME/ready; who waits watches for that file. A zone
 * that shows neither counts as up once it used no processor time for a while.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "runtime/zone.h"

/* Waits until the zone is up. ERR_STATE when it ended meanwhile, ERR_FAILED after timeout_ms. */
int zone_wait_ready(struct zone *z, int timeout_ms, struct error *err);

/* For the keeper: */
struct ready {
	int rundirfd;			/* run/NAME, borrowed */
	bool is_ready;
	char tail[40];			/* the console's last bytes */
};

void ready_init(struct ready *r, int rundirfd);
/* Looks at what the console said. */
void ready_see_console(struct ready *r, const char *data, size_t len);
/* Reads what came to the notify socket. */
void ready_see_notify(struct ready *r, int notifyfd);

#endif
