/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/inherit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strv.h"
#include "runtime/confine.h"

/* They count only for the process that they name. */
static unsigned int count_sockets(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	struct error ignored = { 0 };
	uint64_t value;

	if (!pid || !count || num_u64(pid, 1, INT32_MAX, &value, &ignored) < 0 ||
	    value != (uint64_t)getpid())
		return 0;
	return num_u64(count, 0, CONFINE_KEEP_MAX, &value, &ignored) < 0 ? 0 : (unsigned int)value;
}

int inherit_read(struct inherit *out, const char *preserve, struct error *err)
{
	uint64_t n = 0;

	out->n_sockets = count_sockets();
	if (preserve && num_u64(preserve, 0, CONFINE_KEEP_MAX - out->n_sockets, &n, err) < 0)
		return error_wrap(err, "--preserve-fds");
	out->n = out->n_sockets + (unsigned int)n;
	for (unsigned int i = 0; i < out->n; i++)
		if (fcntl((int)i + 3, F_GETFD) < 0)
			return error_set(err, ERR_USAGE, "unable to stat preserved-fd %u (of %u)",
					 i + 3, out->n);
	return 0;
}

void inherit_tell(const struct inherit *i, char ***env)
{
	AUTO_FREE char *count = xasprintf("%u", i->n_sockets);

	if (i->n_sockets == 0)
		return;
	strv_env_set(env, "LISTEN_FDS", count);
	strv_env_set(env, "LISTEN_PID", "1");
}
