/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place holds a digest of the address and the zone's uuid. One that is empty was never written:
 * no zone had the address. One with another digest means another zone, or another address that has
 * the same place: then connections are removed that need not be, which harms nobody, as the zone is
 * not up.
 */
#include "runtime/flows.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "netns/conntrack.h"

#define FLOWS_NAME ".flows"

enum { PLACES = 1 << 16 };	/* of 8 bytes, of which only pages that are written take memory */

static uint64_t digest_of(const struct net_addr *a, const char *uuid)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;
	uint64_t value;

	sha256_init(&sum);
	sha256_add(&sum, &a->family, sizeof(a->family));
	sha256_add(&sum, a->ip, sizeof(a->ip));
	sha256_add(&sum, uuid, strlen(uuid));
	sha256_end(&sum, digest);
	memcpy(&value, digest, sizeof(value));
	return value != 0 ? value : 1;
}

static off_t place_of(const struct net_addr *a)
{
	return (off_t)(digest_of(a, "") % PLACES * sizeof(uint64_t));
}

static int forget_one(int fd, const struct net_addr *a, const char *uuid, struct error *err)
{
	uint64_t mine = digest_of(a, uuid), last = 0;
	off_t place = place_of(a);

	/* Behind the end of the file nothing was written yet. */
	if (pread(fd, &last, sizeof(last), place) < 0)
		return error_sys(err, "read 'run/zonectl/" FLOWS_NAME "'");
	if (last == mine)
		return 0;
	if (last != 0 && conntrack_forget(a, 1, err) < 0)
		return -1;
	if (pwrite(fd, &mine, sizeof(mine), place) != sizeof(mine))
		return error_sys(err, "write 'run/zonectl/" FLOWS_NAME "'");
	return 0;
}

int flows_forget(const struct zone *z, const struct network *n, struct error *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int fd = openat(z->site->runfd, FLOWS_NAME, flags, 0600);

	if (fd < 0)
		return error_sys(err, "open 'run/zonectl/" FLOWS_NAME "'");
	for (size_t i = 0; i < n->plan.n_nics; i++) {
		const struct nic *nic = &n->plan.nics[i];

		/* What a bridge carries is not the host's to track. */
		for (size_t k = 0; nic->kind == NIC_ROUTED && k < nic->n_addrs; k++)
			if (forget_one(fd, &nic->addrs[k], z->config.uuid, err) < 0)
				return -1;
	}
	return 0;
}
