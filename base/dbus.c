/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/dbus.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"

enum { TYPE_CALL = 1, TYPE_ANSWER = 2, TYPE_ERROR = 3, TYPE_SIGNAL = 4 };
enum {
	FIELD_PATH = 1, FIELD_INTERFACE = 2, FIELD_MEMBER = 3, FIELD_ERROR = 4, FIELD_REPLY = 5,
	FIELD_SIGNATURE = 8,
};
enum { FIXED_SIZE = 16, AUTH_MAX = 512 };

static char own_order(void)
{
	const uint16_t one = 1;

	return *(const char *)&one == 1 ? 'l' : 'B';
}

static void pad(struct str *s, size_t align)
{
	while (s->len % align != 0)
		str_addc(s, '\0');
}

static void put(struct str *s, const void *value, size_t size)
{
	pad(s, size);
	str_addn(s, value, size);
}

void dbus_put_byte(struct str *body, uint8_t value)
{
	put(body, &value, sizeof(value));
}

void dbus_put_u16(struct str *body, uint16_t value)
{
	put(body, &value, sizeof(value));
}

void dbus_put_u32(struct str *body, uint32_t value)
{
	put(body, &value, sizeof(value));
}

void dbus_put_u64(struct str *body, uint64_t value)
{
	put(body, &value, sizeof(value));
}

void dbus_put_bool(struct str *body, bool value)
{
	dbus_put_u32(body, value);
}

void dbus_put_str(struct str *body, const char *text)
{
	size_t len = strlen(text);

	dbus_put_u32(body, (uint32_t)len);
	str_addn(body, text, len + 1);
}

void dbus_put_sig(struct str *body, const char *text)
{
	size_t len = strlen(text);

	dbus_put_byte(body, (uint8_t)len);
	str_addn(body, text, len + 1);
}

void dbus_put_struct(struct str *body)
{
	pad(body, 8);
}

/* The length stands before the padding and does not count it. */
struct dbus_array dbus_put_array(struct str *body, size_t align)
{
	struct dbus_array array;

	dbus_put_u32(body, 0);
	array.length_at = body->len - sizeof(uint32_t);
	pad(body, align);
	array.first = body->len;
	return array;
}

void dbus_end_array(struct str *body, struct dbus_array array)
{
	uint32_t len = (uint32_t)(body->len - array.first);

	memcpy(body->data + array.length_at, &len, sizeof(len));
}

/* Waits for the descriptor, at most until the connection's time is over. */
static int wait_for(struct dbus *bus, short events, struct error *err)
{
	struct pollfd ready = { .fd = bus->fd, .events = events };
	int64_t left = bus->end_ms - clock_ms();
	int n = left > 0 ? poll(&ready, 1, (int)left) : 0;

	if (n < 0 && errno != EINTR)
		return error_sys(err, "wait for an answer");
	if (n == 0)
		return error_set(err, ERR_FAILED, "no answer in time");
	return 0;
}

static int send_all(struct dbus *bus, const char *data, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n = send(bus->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return error_sys(err, "send");
		if (n < 0 && wait_for(bus, POLLOUT, err) < 0)
			return -1;
		data += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

static int receive_all(struct dbus *bus, char *data, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n = recv(bus->fd, data, len, MSG_DONTWAIT);

		if (n == 0)
			return error_set(err, ERR_FAILED, "the connection ended");
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return error_sys(err, "receive");
		if (n < 0 && wait_for(bus, POLLIN, err) < 0)
			return -1;
		data += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

/* One line of the authentication, without its end. */
static int receive_line(struct dbus *bus, char line[AUTH_MAX], struct error *err)
{
	size_t n = 0;

	for (;;) {
		if (n == AUTH_MAX - 1)
			return error_set(err, ERR_FAILED, "no line of an authentication");
		if (receive_all(bus, line + n, 1, err) < 0)
			return -1;
		line[++n] = '\0';
		if (n >= 2 && strcmp(line + n - 2, "\r\n") == 0)
			break;
	}
	line[n - 2] = '\0';
	return 0;
}

/* Without a name the other side takes whom the kernel says that we are, which also holds for who
 * has another number in a user namespace. BEGIN goes along, as sd-bus(3) does it: systemd reads all
 * that is there with it and does not look at a call that it read so until more comes. */
static int authenticate(struct dbus *bus, struct error *err)
{
	static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	char line[AUTH_MAX];

	if (send_all(bus, hello, sizeof(hello) - 1, err) < 0)
		return -1;
	do {
		if (receive_line(bus, line, err) < 0)
			return -1;
	} while (strncmp(line, "DATA", 4) == 0);
	if (strncmp(line, "OK", 2) != 0)
		return error_set(err, ERR_FAILED, "not let in: %s", line);
	return 0;
}

int dbus_open(struct dbus *out, const char *path, int timeout_ms, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	*out = (struct dbus)DBUS_NONE;
	out->end_ms = clock_ms() + timeout_ms;
	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "'%s' is too long for a socket", path);
	strcpy(addr.sun_path, path);
	out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (out->fd < 0)
		return error_sys(err, "make a socket");
	if (connect(out->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		error_sys(err, "connect to '%s'", path);
		err->kind = ERR_UNSUPPORTED;
		return -1;
	}
	return authenticate(out, err) < 0 ? error_wrap(err, "'%s'", path) : 0;
}

void dbus_close(struct dbus *bus)
{
	if (bus->fd >= 0)
		close(TAKE_FD(bus->fd));
}

static bool has_room(size_t len, size_t *at, size_t align, size_t size)
{
	size_t from = (*at + align - 1) & ~(align - 1);

	if (from > len || len - from < size)
		return false;
	*at = from;
	return true;
}

bool dbus_get_u32(const char *body, size_t len, size_t *at, uint32_t *out)
{
	if (!has_room(len, at, sizeof(*out), sizeof(*out)))
		return false;
	memcpy(out, body + *at, sizeof(*out));
	*at += sizeof(*out);
	return true;
}

static bool get_text(const char *body, size_t len, size_t *at, uint32_t size, const char **out)
{
	if (len - *at <= size || memchr(body + *at, '\0', size + 1) != body + *at + size)
		return false;
	*out = body + *at;
	*at += size + 1;
	return true;
}

bool dbus_get_str(const char *body, size_t len, size_t *at, const char **out)
{
	uint32_t size;

	return dbus_get_u32(body, len, at, &size) && get_text(body, len, at, size, out);
}

static bool get_sig(const char *body, size_t len, size_t *at, const char **out)
{
	if (*at >= len)
		return false;
	++*at;
	return get_text(body, len, at, (uint8_t)body[*at - 1], out);
}

struct message {
	char *data;			/* the fields, and the body */
	const char *body;
	size_t body_len;
	uint8_t type;
	uint32_t reply_serial;
	const char *member, *error, *signature;
};

static bool get_field(struct message *m, size_t len, size_t *at)
{
	const char *kind, *text = NULL;
	uint32_t number = 0;
	uint8_t code;
	bool is_got;

	if (!has_room(len, at, 8, 1))
		return false;
	code = (uint8_t)m->data[(*at)++];
	if (!get_sig(m->data, len, at, &kind))
		return false;
	if (*kind == 'u')
		is_got = dbus_get_u32(m->data, len, at, &number);
	else if (*kind == 'g')
		is_got = get_sig(m->data, len, at, &text);
	else
		is_got = (*kind == 's' || *kind == 'o') && dbus_get_str(m->data, len, at, &text);
	if (code == FIELD_MEMBER)
		m->member = text;
	else if (code == FIELD_ERROR)
		m->error = text;
	else if (code == FIELD_SIGNATURE)
		m->signature = text;
	else if (code == FIELD_REPLY)
		m->reply_serial = number;
	return is_got;
}

/* The twelve bytes before the fields' length, that length, the fields, padding, the body. */
static int receive_message(struct dbus *bus, struct message *m, struct error *err)
{
	char fixed[FIXED_SIZE];
	uint32_t body_len, fields_len;
	size_t at = 0, padded;

	*m = (struct message){ .data = NULL };
	if (receive_all(bus, fixed, sizeof(fixed), err) < 0)
		return -1;
	memcpy(&body_len, fixed + 4, sizeof(body_len));
	memcpy(&fields_len, fixed + 12, sizeof(fields_len));
	if (fixed[0] != own_order() || body_len > DBUS_MESSAGE_MAX || fields_len > DBUS_MESSAGE_MAX)
		return error_set(err, ERR_FAILED, "no message of D-Bus");
	padded = (fields_len + 7) & ~(size_t)7;
	m->type = (uint8_t)fixed[1];
	m->data = xcalloc(1, padded + body_len + 1);
	m->body = m->data + padded;
	m->body_len = body_len;
	if (receive_all(bus, m->data, padded + body_len, err) < 0)
		return -1;
	while (at < fields_len)
		if (!get_field(m, fields_len, &at))
			return error_set(err, ERR_FAILED, "no header of a message of D-Bus");
	if (!m->signature)
		m->signature = "";
	return 0;
}

static void put_field(struct str *s, uint8_t code, char kind, const char *text)
{
	dbus_put_struct(s);
	dbus_put_byte(s, code);
	dbus_put_sig(s, (const char[]){ kind, '\0' });
	if (kind == 'g')
		dbus_put_sig(s, text);
	else
		dbus_put_str(s, text);
}

static int send_call(struct dbus *bus, const struct dbus_call *call, struct error *err)
{
	AUTO_STR struct str s = { 0 };
	struct dbus_array fields;

	dbus_put_byte(&s, (uint8_t)own_order());
	dbus_put_byte(&s, TYPE_CALL);
	dbus_put_byte(&s, 0);	/* flags */
	dbus_put_byte(&s, 1);	/* version of the protocol */
	dbus_put_u32(&s, (uint32_t)call->body->len);
	dbus_put_u32(&s, ++bus->serial);
	fields = dbus_put_array(&s, 8);
	put_field(&s, FIELD_PATH, 'o', call->path);
	put_field(&s, FIELD_INTERFACE, 's', call->interface);
	put_field(&s, FIELD_MEMBER, 's', call->member);
	put_field(&s, FIELD_SIGNATURE, 'g', call->signature);
	dbus_end_array(&s, fields);
	pad(&s, 8);
	str_addn(&s, str_text(call->body), call->body->len);
	return send_all(bus, s.data, s.len, err);
}

static int read_refusal(const struct message *m, const char *member, char *name, struct error *err)
{
	const char *text = NULL;
	size_t at = 0;

	if (name && m->error)
		strncpy(name, m->error, DBUS_NAME_MAX);
	if (m->signature[0] != 's' || !dbus_get_str(m->body, m->body_len, &at, &text))
		text = m->error ? m->error : "refused";
	return error_set(err, ERR_FAILED, "%s: %s", member, text);
}

int dbus_call(struct dbus *bus, const struct dbus_call *call, char *name, struct error *err)
{
	struct message m;
	int status;

	if (name)
		memset(name, 0, DBUS_NAME_MAX + 1);
	if (send_call(bus, call, err) < 0)
		return error_wrap(err, "%s", call->member);
	do {
		status = receive_message(bus, &m, err);
		if (status == 0 && m.reply_serial == bus->serial &&
		    (m.type == TYPE_ANSWER || m.type == TYPE_ERROR)) {
			if (m.type == TYPE_ERROR)
				status = read_refusal(&m, call->member, name, err);
			free(m.data);
			return status;
		}
		free(m.data);
	} while (status == 0);
	return error_wrap(err, "%s", call->member);
}

int dbus_wait(struct dbus *bus, const char *member,
	      int (*each)(void *arg, const struct dbus_signal *signal, struct error *err),
	      void *arg, struct error *err)
{
	int status = 0;

	while (status == 0) {
		struct message m;

		status = receive_message(bus, &m, err);
		if (status == 0 && m.type == TYPE_SIGNAL && m.member &&
		    strcmp(m.member, member) == 0) {
			const struct dbus_signal signal = { m.signature, m.body, m.body_len };

			status = each(arg, &signal, err);
		}
		free(m.data);
	}
	return status < 0 ? error_wrap(err, "%s", member) : 0;
}
