/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/labels.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"

static bool is_given(const char *text)
{
	return text && *text;
}

/* As libapparmor asks (aa_is_enabled(2)). */
static bool has_apparmor(void)
{
	struct error ignored = { 0 };
	char text[8];

	return fd_read_control(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text,
			       sizeof(text), &ignored) > 0 && text[0] == 'Y';
}

/* As libselinux asks: a policy is loaded once its filesystem is there (is_selinux_enabled(3)). */
static bool has_selinux(void)
{
	struct error ignored = { 0 };
	char text[16];

	return fd_read_control(AT_FDCWD, "/sys/fs/selinux/policyvers", text, sizeof(text),
			       &ignored) > 0;
}

int labels_check(const struct oci_process *p, struct error *err)
{
	if (is_given(p->apparmor_profile) && strcmp(p->apparmor_profile, "unconfined") != 0 &&
	    !has_apparmor())
		return error_set(err, ERR_UNSUPPORTED, "process.apparmorProfile: '%s': AppArmor is"
				 " disabled or not supported by this kernel", p->apparmor_profile);
	if (is_given(p->selinux_label) && !has_selinux())
		return error_set(err, ERR_UNSUPPORTED, "process.selinuxLabel: selinux label is"
				 " specified in config, but selinux is disabled or not supported");
	return 0;
}

int labels_check_mounts(const char *label, struct error *err)
{
	if (!is_given(label) || has_selinux())
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "linux.mountLabel: selinux label is specified in"
			 " config, but selinux is disabled or not supported");
}

static int open_first(const char *const *paths, struct error *err)
{
	int fd = -1;

	for (; fd < 0 && *paths; paths++)
		fd = open(*paths, O_WRONLY | O_CLOEXEC); /* host path */
	return fd >= 0 ? fd : error_sys(err, "open '%s'", paths[-1]);
}

int labels_open(struct labels *out, const struct oci_process *p, struct error *err)
{
	/* Where several modules have labels, the file without a name is that of one of them. */
	static const char *const apparmor[] = {
		"/proc/thread-self/attr/apparmor/exec", "/proc/thread-self/attr/exec", NULL,
	};
	static const char *const selinux[] = { "/proc/thread-self/attr/exec", NULL };

	*out = (struct labels){ -1, -1 };
	if (is_given(p->apparmor_profile) && has_apparmor()) {
		out->apparmorfd = open_first(apparmor, err);
		if (out->apparmorfd < 0)
			return error_wrap(err, "process.apparmorProfile");
	}
	if (is_given(p->selinux_label)) {
		out->selinuxfd = open_first(selinux, err);
		if (out->selinuxfd < 0)
			return error_wrap(err, "process.selinuxLabel");
	}
	return 0;
}

/* In one write(2), and as text, not as a file's name. */
static int say(int *fd, const char *text, struct error *err)
{
	AUTO_CLOSE int own = TAKE_FD(*fd);

	if (write(own, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	return error_sys(err, "ask for '%s'", text);
}

int labels_apply(struct labels *labels, const struct oci_process *p, struct error *err)
{
	if (labels->apparmorfd >= 0) {
		AUTO_FREE char *text = xasprintf("exec %s", p->apparmor_profile);

		if (say(&labels->apparmorfd, text, err) < 0)
			return error_wrap(err, "process.apparmorProfile: apparmor failed to apply"
					  " profile");
	}
	if (labels->selinuxfd >= 0 && say(&labels->selinuxfd, p->selinux_label, err) < 0)
		return error_wrap(err, "process.selinuxLabel");
	return 0;
}
