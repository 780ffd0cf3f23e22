/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/error.h"

/* Asks for a new password on the terminal of this process, twice, without showing it. Returns a
 * descriptor, the caller's, from which it is read as a line. Whatever signal ends the process
 * meanwhile, the terminal shows again what is typed. ERR_USAGE: nothing typed, two that differ, or
 * more than 512 bytes. */
int ask_password(const char *prompt, struct error *err);

#endif
