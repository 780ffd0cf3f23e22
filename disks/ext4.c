/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disks/ext4.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"

enum { BLOCK = 4096, JOURNAL_MIB = 8, JOURNAL_SMALL_MIB = 4, OUTPUT_MAX = 16 << 10 };

#define SMALL ((uint64_t)256 << 20)
/* Room for descriptors of groups is left for a filesystem sixteen times as long; the kernel makes
 * others (meta_bg) beyond that, and mke2fs takes no more than 2^32 blocks. */
#define HEADROOM 16
#define RESIZE_MAX ((uint64_t)UINT32_MAX)

/* Named one by one, so that /etc/mke2fs.conf of the host decides nothing: each is known to every
 * kernel that zonectl runs on. */
#define FEATURES \
	"none,%sext_attr,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file," \
	"huge_file,dir_nlink,extra_isize,metadata_csum,resize_inode"

/* The asked number of inodes is kept as the filesystem's label. */
#define LABEL "i=%" PRIu64

struct make {				/* the texts of arguments that depend on the size */
	char features[200], label[32], options[128], count[32], journal[16];
};

static void texts_make(struct make *m, uint64_t bytes, uint64_t inodes, bool has_journal)
{
	uint64_t blocks = bytes / BLOCK;
	char resize[40] = "";

	if (blocks * HEADROOM <= RESIZE_MAX)
		snprintf(resize, sizeof(resize), ",resize=%" PRIu64, blocks * HEADROOM);
	snprintf(m->features, sizeof(m->features), FEATURES, has_journal ? "has_journal," : "");
	snprintf(m->label, sizeof(m->label), LABEL, inodes);
	/* The file is one hole, so there is nothing to zero, now nor when it is mounted. */
	snprintf(m->options, sizeof(m->options),
		 "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0%s", resize);
	snprintf(m->count, sizeof(m->count), "%" PRIu64, inodes);
	/* A journal is written all over, and every zone has one. */
	snprintf(m->journal, sizeof(m->journal), "size=%d",
		 bytes < SMALL ? JOURNAL_SMALL_MIB : JOURNAL_MIB);
}

/* The last line that it wrote, which says why. */
static int refused(const char *program, char *output, struct error *err)
{
	size_t n = strlen(output);
	const char *line;

	while (n > 0 && output[n - 1] == '\n')
		output[--n] = '\0';
	line = strrchr(output, '\n');
	return error_set(err, strstr(output, strerror(ENOSPC)) ? ERR_RESOURCE : ERR_FAILED,
			 "%s: %s", program, *output ? (line ? line + 1 : output) : "failed");
}

/* Of e2fsprogs; statuses up to ok_max are no failure. */
static int run(char *const *argv, int dirfd, int ok_max, struct error *err)
{
	struct proc_spawn spawn = { .argv = argv, .stdin_fd = -1, .dirfd = dirfd };
	AUTO_CLOSE int readfd = -1;
	AUTO_CLOSE int pidfd = -1;
	AUTO_FREE char *output = NULL;
	int words[2], status;
	pid_t pid;

	if (pipe2(words, O_CLOEXEC) < 0)
		return error_sys(err, "make a pipe");
	readfd = words[0];
	spawn.stdout_fd = spawn.stderr_fd = words[1];
	pidfd = proc_spawn(&spawn, &pid, err);
	close(words[1]);
	if (pidfd < 0)
		return err->kind == ERR_UNSUPPORTED ?
			       error_hint(err, "install e2fsprogs") : -1;
	status = fd_read_all(readfd, OUTPUT_MAX, &output, NULL, err);
	if (status == 0)
		status = proc_reap(pidfd, err);
	else
		(void)proc_reap(pidfd, &(struct error){ 0 });	/* its words are what is told */
	if (status < 0)
		return -1;
	return status <= ok_max ? 0 : refused(argv[0], output, err);
}

int ext4_make(int dirfd, const char *name, uint64_t inodes, bool has_journal, struct error *err)
{
	struct make m;
	struct stat st;
	char *argv[24] = {
		"mke2fs", "-q", "-F", "-b", "4096", "-I", "256", "-m", "0", "-e", "remount-ro",
		"-O", m.features, "-L", m.label, "-E", m.options,
		inodes > 0 ? "-N" : "-i", inodes > 0 ? m.count : "16384",
	};
	size_t n = 19;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "look at '%s'", name);
	texts_make(&m, (uint64_t)st.st_size, inodes, has_journal);
	if (has_journal) {
		argv[n++] = "-J";
		argv[n++] = m.journal;
	}
	argv[n++] = (char *)name;
	return run(argv, dirfd, 0, err) < 0 ? error_wrap(err, "make a filesystem") : 0;
}

/* Documentation/filesystems/ext4/super.rst. */
struct super {
	uint32_t inodes, blocks_low, reserved_low, free_blocks_low, free_inodes;
	uint8_t between[36];
	uint16_t magic, state;
	uint8_t behind[32];
	uint32_t compatible;		/* features */
	uint8_t ids[24];
	char label[16];
	uint8_t more[200];
	uint32_t blocks_high, reserved_high, free_blocks_high;
} __attribute__((packed));

_Static_assert(offsetof(struct super, magic) == 0x38 && offsetof(struct super, label) == 0x78 &&
		       offsetof(struct super, blocks_high) == 0x150,
	       "as the kernel has it");

static uint64_t both(uint32_t high, uint32_t low)
{
	return (uint64_t)le32toh(high) << 32 | le32toh(low);
}

int ext4_read(int filefd, struct ext4_super *out, struct error *err)
{
	enum { OFFSET = 1024, MAGIC = 0xef53, HAS_ERRORS = 2, HAS_JOURNAL = 4 };
	struct super s;
	char label[sizeof(s.label) + 1] = "";

	if (pread(filefd, &s, sizeof(s), OFFSET) != sizeof(s))
		return error_sys(err, "read the image");
	if (le16toh(s.magic) != MAGIC)
		return error_set(err, ERR_FAILED, "the image holds no filesystem");
	*out = (struct ext4_super){
		.bytes = both(s.blocks_high, s.blocks_low) * BLOCK,
		.free_bytes = both(s.free_blocks_high, s.free_blocks_low) * BLOCK,
		.inodes = le32toh(s.inodes),
		.free_inodes = le32toh(s.free_inodes),
		.has_errors = le16toh(s.state) & HAS_ERRORS,
		.has_journal = le32toh(s.compatible) & HAS_JOURNAL,
	};
	memcpy(label, s.label, sizeof(s.label));
	if (sscanf(label, LABEL, &out->asked_inodes) != 1)
		out->asked_inodes = 0;
	return 0;
}

int ext4_mend(int dirfd, const char *name, struct error *err)
{
	enum { CORRECTED = 1 };			/* e2fsck(8), EXIT CODE */
	char *argv[] = { "e2fsck", "-p", (char *)name, NULL };

	if (run(argv, dirfd, CORRECTED, err) == 0)
		return 0;
	error_wrap(err, "check the filesystem");
	return err->kind == ERR_UNSUPPORTED ?
		       -1 :
		       error_hint(err, "e2fsck -y mends all, at the price of files: copy it first");
}

int ext4_count(int mountfd, struct disk_usage *out, struct error *err)
{
	struct statfs st;

	if (fstatfs(mountfd, &st) < 0)
		return error_sys(err, "ask the image");
	*out = (struct disk_usage){
		.has_bytes = true,
		.has_inodes = true,
		.bytes = (uint64_t)(st.f_blocks - st.f_bfree) * (uint64_t)st.f_bsize,
		.inodes = st.f_files - st.f_ffree,
		.limits = { .bytes = (uint64_t)st.f_blocks * (uint64_t)st.f_bsize,
			    .inodes = st.f_files },
	};
	return 0;
}

/* discard: what the zone frees becomes a hole in the file. minixdf: the filesystem's own tables are
 * shown as used, so that the size is what was asked for. noinit_itable: zeroing tables of inodes
 * that are holes would fill them. */
static const char *const options[] = { "discard", "minixdf", "noinit_itable" };

int ext4_mount(int number, bool is_durable, struct error *err)
{
	AUTO_CLOSE int fsfd = sys_fsopen("ext4", FSOPEN_CLOEXEC);
	char device[32];
	int fd;

	if (fsfd < 0 && errno == ENODEV)
		return error_set(err, ERR_UNSUPPORTED, "this kernel has no ext4");
	if (fsfd < 0)
		return error_sys(err, "mount the image");
	snprintf(device, sizeof(device), "/dev/loop%d", number);
	if (sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "source", device, 0) < 0)
		return error_sys(err, "mount the image");
	for (size_t i = 0; i < N_ROWS(options); i++)
		if (sys_fsconfig(fsfd, FSCONFIG_SET_FLAG, options[i], NULL, 0) < 0)
			return error_sys(err, "mount the image (%s)", options[i]);
	if (!is_durable && sys_fsconfig(fsfd, FSCONFIG_SET_FLAG, "nobarrier", NULL, 0) < 0)
		return error_sys(err, "mount the image (nobarrier)");
	if (sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "mount the image");
	fd = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
	return fd < 0 ? error_sys(err, "mount the image") : fd;
}

/* EXT4_IOC_RESIZE_FS, which no header of the kernel has (fs/ext4/ext4.h). */
#define RESIZE_FS _IOW('f', 16, uint64_t)

int ext4_grow(int mountfd, uint64_t bytes, struct error *err)
{
	AUTO_CLOSE int fd = openat(mountfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t blocks = bytes / BLOCK;

	if (fd < 0)
		return error_sys(err, "open the image");
	if (ioctl(fd, RESIZE_FS, &blocks) == 0)
		return 0;
	if (errno == EPERM)
		return error_set(err, ERR_UNSUPPORTED,
				 "growing a filesystem needs CAP_SYS_RESOURCE");
	return error_sys(err, "grow the filesystem");
}
