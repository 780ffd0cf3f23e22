/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { RETRIES = 64, BLOCK_SIZE = 4096 };

static int device_open(int number, struct error *err)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC); /* host path */
	return fd < 0 ? error_sys(err, "open '%s'", path) : fd;
}

/* Another process may take the free device between the two calls: EBUSY. */
static int take_free(int controlfd, const struct loop_config *config, int *out_number,
		     struct error *err)
{
	for (int i = 0; i < RETRIES; i++) {
		int number = ioctl(controlfd, LOOP_CTL_GET_FREE);
		AUTO_CLOSE int fd = number < 0 ? -1 : device_open(number, err);

		if (number < 0)
			return error_sys(err, "find a free loop device");
		if (fd < 0)
			return -1;
		if (ioctl(fd, LOOP_CONFIGURE, config) == 0) {
			*out_number = number;
			return TAKE_FD(fd);
		}
		if (errno != EBUSY && errno != EAGAIN)
			return error_sys(err, "set up a loop device");
	}
	return error_set(err, ERR_RESOURCE, "other programs took each free loop device");
}

int loop_attach(int filefd, int *out_number, struct error *err)
{
	const struct loop_config config = {
		.fd = (uint32_t)filefd,
		.block_size = BLOCK_SIZE,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO,
	};
	AUTO_CLOSE int controlfd = open("/dev/loop-control", O_RDWR | O_CLOEXEC); /* host path */

	if (controlfd >= 0)
		return take_free(controlfd, &config, out_number, err);
	if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
		return error_sys(err, "open '/dev/loop-control'");
	error_set(err, ERR_UNSUPPORTED, "this host has no loop devices");
	return error_hint(err, "try: modprobe loop");
}

int loop_open(int number, int filefd, struct error *err)
{
	AUTO_CLOSE int fd = device_open(number, err);
	struct loop_info64 info;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(filefd, &st) < 0)
		return error_sys(err, "look at the image");
	if (ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && info.lo_device == st.st_dev &&
	    info.lo_inode == st.st_ino)
		return TAKE_FD(fd);
	return error_set(err, ERR_NOT_FOUND, "loop device %d is not of this image", number);
}

int loop_grow(int loopfd, struct error *err)
{
	return ioctl(loopfd, LOOP_SET_CAPACITY) < 0 ? error_sys(err, "grow the loop device") : 0;
}
