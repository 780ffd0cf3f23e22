/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_DBUS_H
#define BASE_DBUS_H

/*
 * As much of D-Bus as it takes to ask one program that listens itself, without a
 * bus between: a method is called, its answer is waited for, and a signal that
 * tells how it ended (D-Bus Specification, "Message Protocol" and
 * "Authentication Protocol"). Values are written one after the other, in the
 * caller's byte order, as the signature says that the caller gives with them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum { DBUS_NAME_MAX = 255, DBUS_MESSAGE_MAX = 1 << 20 };

struct dbus {
	int fd;				/* -1: not connected */
	uint32_t serial;		/* of the last call */
	int64_t end_ms;			/* clock_ms() at which waiting for an answer ends */
};

#define DBUS_NONE { .fd = -1 }
#define AUTO_DBUS __attribute__((cleanup(dbus_close)))

/* Values, appended to a body that begins empty. Arrays are begun with the alignment of their
 * element (8 for structs and 64 bits, 4 for strings and 32 bits, 1 for bytes) and ended with what
 * the beginning gave back. Variants are their signature and the value. */
void dbus_put_byte(struct str *body, uint8_t value);
void dbus_put_u16(struct str *body, uint16_t value);
void dbus_put_u32(struct str *body, uint32_t value);
void dbus_put_u64(struct str *body, uint64_t value);
void dbus_put_bool(struct str *body, bool value);
void dbus_put_str(struct str *body, const char *text);	/* "s" and "o" */
void dbus_put_sig(struct str *body, const char *text);
void dbus_put_struct(struct str *body);			/* its members follow */
struct dbus_array {
	size_t length_at, first;
};
struct dbus_array dbus_put_array(struct str *body, size_t align);
void dbus_end_array(struct str *body, struct dbus_array array);

/* Connects to the socket of this path and says who we are, by the socket's own credentials.
 * Everything on the connection takes timeout_ms at most. ERR_UNSUPPORTED with sys where nobody
 * listens. */
int dbus_open(struct dbus *out, const char *path, int timeout_ms, struct error *err);
void dbus_close(struct dbus *bus);

struct dbus_call {
	const char *path, *interface, *member;
	const char *signature;		/* of the body */
	const struct str *body;
};

/* Calls and waits. A refusal is ERR_FAILED with its text; name, of DBUS_NAME_MAX + 1 bytes or NULL,
 * has the name of the refusal, "" where there was none. Signals meanwhile are dropped. */
int dbus_call(struct dbus *bus, const struct dbus_call *call, char *name, struct error *err);

struct dbus_signal {
	const char *signature;
	const char *body;		/* of the message; dbus_get_str() reads it */
	size_t len;
};

/* Gives every signal of this name to each, until that says 1, or -1 with *err. */
int dbus_wait(struct dbus *bus, const char *member,
	      int (*each)(void *arg, const struct dbus_signal *signal, struct error *err),
	      void *arg, struct error *err);

/* Reads at *at and moves it on; false beyond the end. The string is the message's. */
bool dbus_get_u32(const char *body, size_t len, size_t *at, uint32_t *out);
bool dbus_get_str(const char *body, size_t len, size_t *at, const char **out);

#endif
