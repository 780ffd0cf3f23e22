#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No path that a zone or a template could have a hand in is opened by string:
# only the calls that take a descriptor (docs/security.md, section 0, point 2).
# A line with a fixed path of the host says so: /* host path */

. "$(dirname "${BASH_SOURCE[0]}")/lint.bash"

mapfile -t sources < <(files '*.[ch]' runtime templates cli oci)

# by_string CALL...: lines that call one of them, as a function and not as a member.
by_string() {
	local calls

	calls=$(IFS='|'; echo "$*")
	EXEMPT='/* host path */' code "${sources[@]}" |
		grep -E "^[^:]*:[0-9]*:(.*[^_[:alnum:].>])?($calls)[[:space:]]*\("
}

by_string open creat fopen freopen opendir scandir nftw fts_open realpath |
	claim "nothing is opened by a path alone"
by_string stat lstat statfs statvfs access euidaccess readlink getxattr lgetxattr listxattr llistxattr |
	claim "nothing is looked at by a path alone"
by_string mkdir mknod mkfifo symlink link unlink rmdir remove rename mkstemp mkdtemp mkostemp |
	claim "nothing is made, moved or removed by a path alone"
by_string chmod lchmod chown lchown truncate utime utimes lutimes setxattr lsetxattr removexattr lremovexattr |
	claim "nothing is changed by a path alone"
by_string mount umount umount2 chroot chdir |
	claim "nothing is mounted or entered by a path alone"
by_string system popen execlp execvp execvpe posix_spawnp |
	claim "no shell is run, no program looked for"
done_claims
