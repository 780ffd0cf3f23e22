/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/treestream.h"
#include "base/treestream_io.h"

struct fixture {
	char dir[sizeof("/tmp/zonectl-test-XXXXXX")];
	int dirfd, fromfd, tofd;	/* holds "from", "to" and "outside" */
	int pair[2];			/* the receiver's end first */
	pid_t sender;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	strcpy(f->dir, "/tmp/zonectl-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	umask(0);
	f->dirfd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(f->dirfd, "from", 0755);
	mkdirat(f->dirfd, "to", 0755);
	mkdirat(f->dirfd, "outside", 0755);
	f->fromfd = openat(f->dirfd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->tofd = openat(f->dirfd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f->pair);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	int empty = unlinkat(f->dirfd, "outside", AT_REMOVEDIR);	/* nothing got there */

	for (int i = 0; i < 2; i++)
		if (f->pair[i] >= 0)
			close(f->pair[i]);
	if (f->sender > 0)
		waitpid(f->sender, NULL, 0);
	if (path_remove(f->dirfd, "from", &err) < 0 || path_remove(f->dirfd, "to", &err) < 0)
		return -1;
	close(f->fromfd);
	close(f->tofd);
	close(f->dirfd);
	rmdir(f->dir);
	free(f);
	return empty;
}

static void put(int dirfd, const char *name, const char *text, mode_t mode)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static void says(int dirfd, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char buf[64] = "";

	if (fd < 0)
		fail_msg("no '%s'", name);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, text);
}

static struct stat look(int dirfd, const char *name)
{
	struct stat st = { 0 };

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("no '%s'", name);
	return st;
}

static bool is_empty(int dirfd)
{
	DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n == 2;	/* "." and ".." */
}

/* In a process of its own, what the other end does. */
static void send_tree(struct fixture *f, const char *name)
{
	struct tree_io io = { .fd = f->pair[1], .stopfd = -1 };
	struct error err = { 0 };

	f->sender = fork();
	if (f->sender > 0) {
		close(TAKE_FD(f->pair[1]));
		return;
	}
	close(f->pair[0]);
	if (tree_send(&io, f->fromfd, name, &err) < 0)
		(void)tree_send_failure(&io, &err, &(struct error){ 0 });
	_exit(0);
}

static int receive(struct fixture *f, const char *name, unsigned int drops_setid, struct error *err)
{
	struct tree_io io = { .fd = f->pair[0], .stopfd = -1 };
	const struct tree_place place = { .dirfd = f->tofd, .name = name,
					  .drops_setid = drops_setid };
	int ret = tree_receive(&io, &place, err);

	tree_io_clear(&io);
	return ret;
}

static void received(struct fixture *f, const char *name)
{
	struct error err = { 0 };

	if (receive(f, name, 0, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_tree_arrives_as_it_was(void **state)
{
	struct fixture *f = *state;
	const struct timespec times[2] = { { 1000, 0 }, { 1234567890, 987654321 } };
	AUTO_CLOSE int copyfd = -1;

	mkdirat(f->fromfd, "tree", 0751);
	mkdirat(f->fromfd, "tree/empty", 01777);
	mkdirat(f->fromfd, "tree/sub", 0700);
	put(f->fromfd, "tree/sub/file", "text", 04751);
	assert_int_equal(linkat(f->fromfd, "tree/sub/file", f->fromfd, "tree/same", 0), 0);
	assert_int_equal(symlinkat("/etc/no such", f->fromfd, "tree/link"), 0);
	assert_int_equal(fchownat(f->fromfd, "tree/sub", 33, 44, 0), 0);
	assert_int_equal(fchownat(f->fromfd, "tree/link", 7, 8, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(utimensat(f->fromfd, "tree/sub/file", times, 0), 0);
	assert_int_equal(utimensat(f->fromfd, "tree", times, 0), 0);
	send_tree(f, "tree");
	received(f, "copy");
	copyfd = openat(f->tofd, "copy", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	says(copyfd, "sub/file", "text");
	assert_int_equal(look(copyfd, "sub/file").st_mode, S_IFREG | 04751);
	assert_int_equal(look(copyfd, "sub/file").st_mtim.tv_nsec, 987654321);
	assert_int_equal(look(copyfd, "sub/file").st_ino, look(copyfd, "same").st_ino);
	assert_int_equal(look(copyfd, "empty").st_mode, S_IFDIR | 01777);
	assert_int_equal(look(copyfd, "sub").st_uid, 33);
	assert_int_equal(look(copyfd, "sub").st_gid, 44);
	assert_int_equal(look(copyfd, "link").st_uid, 7);
	assert_true(S_ISLNK(look(copyfd, "link").st_mode));
	assert_int_equal(look(f->tofd, "copy").st_mode, S_IFDIR | 0751);
	assert_int_equal(look(f->tofd, "copy").st_mtim.tv_sec, 1234567890);
}

static void a_directory_is_merged_into_one_that_is_there(void **state)
{
	struct fixture *f = *state;

	mkdirat(f->fromfd, "tree", 0777);
	put(f->fromfd, "tree/a", "new", 0600);
	put(f->fromfd, "tree/b", "new", 0600);
	mkdirat(f->tofd, "tree", 0700);
	put(f->tofd, "tree/a", "old and longer", 0644);
	put(f->tofd, "tree/c", "old", 0644);
	send_tree(f, "tree");
	received(f, "tree");
	says(f->tofd, "tree/a", "new");
	says(f->tofd, "tree/b", "new");
	says(f->tofd, "tree/c", "old");
	assert_int_equal(look(f->tofd, "tree").st_mode, S_IFDIR | 0700);
}

static void contents_are_merged_without_the_directory(void **state)
{
	struct fixture *f = *state;

	put(f->fromfd, "a", "text", 0600);
	send_tree(f, "");
	received(f, "");
	says(f->tofd, "a", "text");
}

static void holes_stay_holes(void **state)
{
	struct fixture *f = *state;
	AUTO_CLOSE int fd = openat(f->fromfd, "sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char text[5] = "";
	AUTO_CLOSE int copyfd = -1;

	assert_int_equal(pwrite(fd, "tail", 4, 64 << 20), 4);
	assert_int_equal(ftruncate(fd, 128 << 20), 0);
	send_tree(f, "sparse");
	received(f, "sparse");
	assert_int_equal(look(f->tofd, "sparse").st_size, 128 << 20);
	assert_true(look(f->tofd, "sparse").st_blocks < 64);
	copyfd = openat(f->tofd, "sparse", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(copyfd, text, 4, 64 << 20), 4);
	assert_string_equal(text, "tail");
}

static void a_stream_becomes_a_file_and_a_file_a_stream(void **state)
{
	struct fixture *f = *state;
	struct tree_io io = { .fd = f->pair[0], .stopfd = -1 };
	struct error err = { 0 };
	char text[16] = "";
	int words[2];

	assert_int_equal(pipe2(words, O_CLOEXEC), 0);
	put(f->fromfd, "file", "bytes", 0600);
	send_tree(f, "file");
	assert_int_equal(tree_receive_bytes(&io, words[1], &err), 0);
	tree_io_clear(&io);
	close(words[1]);
	assert_int_equal(read(words[0], text, sizeof(text)), 5);
	assert_string_equal(text, "bytes");
	close(words[0]);
}

/* As with standard input of whoever stands and thinks. */
static void a_stream_that_has_yet_to_come_ends_with_the_other_end(void **state)
{
	struct fixture *f = *state;
	struct tree_io io = { .fd = f->pair[0] };
	struct error err = { 0 };
	int words[2], stop[2];

	assert_int_equal(pipe2(words, O_CLOEXEC), 0);
	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	io.stopfd = stop[0];
	close(TAKE_FD(f->pair[1]));
	alarm(10);
	assert_int_equal(tree_send_bytes(&io, words[0], 0644, &err), -1);
	alarm(0);
	assert_int_equal(err.sys, EPIPE);
	tree_io_clear(&io);
	for (int i = 0; i < 2; i++) {
		close(words[i]);
		close(stop[i]);
	}
}

static void set_id_bits_are_dropped_where_they_must_be(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	put(f->fromfd, "su", "x", 06755);
	send_tree(f, "su");
	assert_int_equal(receive(f, "su", 1, &err), 0);
	assert_int_equal(look(f->tofd, "su").st_mode, S_IFREG | 0755);
}

static void a_failure_of_the_sender_is_the_receivers(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	send_tree(f, "missing");
	assert_int_equal(receive(f, "copy", 0, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(err.text, "'missing': look: No such file or directory");
	assert_true(is_empty(f->tofd));
}

static void another_file_is_not_put_in_a_directorys_place(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	put(f->fromfd, "a", "x", 0600);
	mkdirat(f->tofd, "a", 0700);
	send_tree(f, "a");
	assert_int_equal(receive(f, "a", 0, &err), -1);
	assert_int_equal(err.sys, EISDIR);
	assert_true(S_ISDIR(look(f->tofd, "a").st_mode));
}

static void a_signal_ends_it_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int stop[2];
	struct tree_io io = { .fd = f->pair[0] };
	const struct tree_record r = { .kind = TREE_DIRECTORY, .name_len = 1 };
	const struct tree_place place = { .dirfd = f->tofd, .name = "copy" };
	struct error err = { 0 };

	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	io.stopfd = stop[0];
	assert_int_equal(write(f->pair[1], &r, sizeof(r)), sizeof(r));
	assert_int_equal(write(f->pair[1], "d", 1), 1);
	assert_int_equal(write(stop[1], "", 1), 1);
	assert_int_equal(tree_receive(&io, &place, &err), -1);
	assert_string_equal(err.text, "interrupted");
	assert_true(is_empty(f->tofd));
	tree_io_clear(&io);
	close(stop[0]);
	close(stop[1]);
}

/* What a hostile sender says, record by record. */
static void say(struct fixture *f, enum tree_kind kind, const char *name, size_t name_len,
		const char *target)
{
	const struct tree_record r = {
		.kind = kind, .mode = 0755, .name_len = (uint32_t)name_len,
		.target_len = (uint32_t)strlen(target), .link_id = kind == TREE_SAME ? 7 : 0,
	};

	assert_int_equal(write(f->pair[1], &r, sizeof(r)), sizeof(r));
	if (name_len > 0)
		assert_int_equal(write(f->pair[1], name, name_len), name_len);
	if (*target)
		assert_int_equal(write(f->pair[1], target, strlen(target)), strlen(target));
}

static void say_part(struct fixture *f, uint64_t offset, uint64_t len)
{
	const struct tree_part part = { offset, len };

	assert_int_equal(write(f->pair[1], &part, sizeof(part)), sizeof(part));
}

static void refused(struct fixture *f, const char *why)
{
	struct error err = { 0 };

	close(TAKE_FD(f->pair[1]));
	assert_int_equal(receive(f, "copy", 0, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("'%s' has no '%s'", err.text, why);
	assert_true(is_empty(f->tofd));
}

static void a_name_that_is_no_component_is_refused(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = { { "..", 2 }, { ".", 1 }, { "", 0 }, { "../outside/x", 12 }, { "/x", 2 },
		      { "a/b", 3 }, { "a\0b", 3 } };

	for (size_t i = 0; i < N_ROWS(names); i++) {
		struct fixture *f = *state;

		say(f, TREE_DIRECTORY, "d", 1, "");
		say(f, TREE_LINK, names[i].name, names[i].len, "x");
		refused(f, "sent a name");
		close(TAKE_FD(f->pair[0]));
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f->pair), 0);
	}
}

static void a_link_that_was_sent_is_not_followed(void **state)
{
	struct fixture *f = *state;

	say(f, TREE_DIRECTORY, "d", 1, "");
	say(f, TREE_LINK, "l", 1, "../../outside");
	say(f, TREE_DIRECTORY, "l", 1, "");
	say(f, TREE_LINK, "x", 1, "y");
	refused(f, "open the directory");
}

static void a_hard_link_to_what_was_not_sent_is_refused(void **state)
{
	struct fixture *f = *state;

	say(f, TREE_DIRECTORY, "d", 1, "");
	say(f, TREE_SAME, "x", 1, "");
	refused(f, "a hard link to nothing");
}

static void data_out_of_order_is_refused(void **state)
{
	struct fixture *f = *state;

	say(f, TREE_FILE, "x", 1, "");
	say_part(f, 100, 0);
	say(f, TREE_END, "", 0, "");
	received(f, "copy");	/* as a control: in order it is taken */
	assert_int_equal(look(f->tofd, "copy").st_size, 100);
	assert_int_equal(unlinkat(f->tofd, "copy", 0), 0);
	say(f, TREE_FILE, "x", 1, "");
	say_part(f, 100, 1);
	assert_int_equal(write(f->pair[1], "y", 1), 1);
	say_part(f, 100, 0);
	refused(f, "out of order");
}

static void a_part_larger_than_the_buffer_is_refused(void **state)
{
	struct fixture *f = *state;

	say(f, TREE_FILE, "x", 1, "");
	say_part(f, 0, TREE_BUFFER + 1);
	refused(f, "out of order");
}

static void a_name_longer_than_any_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct tree_record r = { .kind = TREE_LINK, .name_len = UINT32_MAX };

	assert_int_equal(write(f->pair[1], &r, sizeof(r)), sizeof(r));
	refused(f, "too long");
}

static void directories_without_end_are_refused(void **state)
{
	struct fixture *f = *state;
	int size = 4 << 20;	/* nobody reads while they are written */

	assert_int_equal(setsockopt(f->pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)),
			 0);
	for (int i = 0; i < TREE_DEPTH_MAX + 2; i++)
		say(f, TREE_DIRECTORY, "d", 1, "");
	refused(f, "too deep");
}

static void a_stream_that_breaks_off_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	say(f, TREE_DIRECTORY, "d", 1, "");
	say(f, TREE_DIRECTORY, "e", 1, "");
	say(f, TREE_FILE, "x", 1, "");
	say_part(f, 0, 10);
	refused(f, "the other end of the copy is gone");
}

static void text_of_the_other_end_can_not_drive_a_terminal(void **state)
{
	struct fixture *f = *state;
	const struct tree_record r = { .kind = TREE_FAILED };
	struct error sent = { .kind = (enum error_kind)77 };

	memset(sent.text, '\033', sizeof(sent.text));
	assert_int_equal(write(f->pair[1], &r, sizeof(r)), sizeof(r));
	assert_int_equal(write(f->pair[1], &sent, sizeof(sent)), sizeof(sent));
	refused(f, "\\x1b");
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_tree_arrives_as_it_was),
		CLAIM(a_directory_is_merged_into_one_that_is_there),
		CLAIM(contents_are_merged_without_the_directory),
		CLAIM(holes_stay_holes),
		CLAIM(a_stream_becomes_a_file_and_a_file_a_stream),
		CLAIM(a_stream_that_has_yet_to_come_ends_with_the_other_end),
		CLAIM(set_id_bits_are_dropped_where_they_must_be),
		CLAIM(a_failure_of_the_sender_is_the_receivers),
		CLAIM(another_file_is_not_put_in_a_directorys_place),
		CLAIM(a_signal_ends_it_and_leaves_nothing),
		CLAIM(a_name_that_is_no_component_is_refused),
		CLAIM(a_link_that_was_sent_is_not_followed),
		CLAIM(a_hard_link_to_what_was_not_sent_is_refused),
		CLAIM(data_out_of_order_is_refused),
		CLAIM(a_part_larger_than_the_buffer_is_refused),
		CLAIM(a_name_longer_than_any_is_refused),
		CLAIM(directories_without_end_are_refused),
		CLAIM(a_stream_that_breaks_off_leaves_nothing),
		CLAIM(text_of_the_other_end_can_not_drive_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
