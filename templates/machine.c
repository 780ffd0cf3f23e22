/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "templates/machine.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"

enum { NAMES_MAX = 5 };

/* clang-format off */
static const struct machine {
	const char *name;		/* uname -m */
	uint16_t elf;			/* e_machine */
	uint8_t class, data;
	const char *names[NAMES_MAX];	/* of Go and OCI, Debian, Incus, RPM */
} machines[] = {
	{ "x86_64",      EM_X86_64,  ELFCLASS64, ELFDATA2LSB, { "amd64", "x86-64" } },
	{ "i686",        EM_386,     ELFCLASS32, ELFDATA2LSB,
	  { "386", "i386", "i486", "i586", "x86" } },
	{ "aarch64",     EM_AARCH64, ELFCLASS64, ELFDATA2LSB, { "arm64" } },
	{ "armv7l",      EM_ARM,     ELFCLASS32, ELFDATA2LSB,
	  { "arm", "armhf", "armel", "armv6l", "armv7" } },
	{ "riscv64",     EM_RISCV,   ELFCLASS64, ELFDATA2LSB, { NULL } },
	{ "ppc64le",     EM_PPC64,   ELFCLASS64, ELFDATA2LSB, { "ppc64el", "powerpc64le" } },
	{ "ppc64",       EM_PPC64,   ELFCLASS64, ELFDATA2MSB, { "powerpc64" } },
	{ "s390x",       EM_S390,    ELFCLASS64, ELFDATA2MSB, { NULL } },
	{ "mips64",      EM_MIPS,    ELFCLASS64, ELFDATA2MSB, { NULL } },
	{ "mips64el",    EM_MIPS,    ELFCLASS64, ELFDATA2LSB, { "mips64le" } },
	{ "loongarch64", 258,        ELFCLASS64, ELFDATA2LSB, { "loong64" } },
};

/* What a 64-bit kernel also runs. */
static const struct { const char *host, *guest; } also_runs[] = {
	{ "x86_64",  "i686" },
	{ "aarch64", "armv7l" },
};

static const char *const programs[] = {
	"sbin/init", "usr/sbin/init", "bin/sh", "usr/bin/sh", "bin/busybox", "usr/bin/env",
};
/* clang-format on */

static bool is_named(const struct machine *m, const char *word)
{
	if (strcmp(m->name, word) == 0)
		return true;
	for (size_t i = 0; i < NAMES_MAX && m->names[i]; i++) {
		if (strcmp(m->names[i], word) == 0)
			return true;
	}
	return false;
}

const char *machine_name(const char *word)
{
	for (size_t i = 0; word && i < N_ROWS(machines); i++) {
		if (is_named(&machines[i], word))
			return machines[i].name;
	}
	return NULL;
}

const char *machine_native(void)
{
	struct utsname u;
	const char *name = uname(&u) == 0 ? machine_name(u.machine) : NULL;

	return name ? name : "";
}

bool machine_runs(const char *machine, bool *out_is_foreign)
{
	const char *native = machine_native();

	*out_is_foreign = false;
	if (strcmp(machine, native) == 0)
		return true;
	for (size_t i = 0; i < N_ROWS(also_runs); i++) {
		if (strcmp(also_runs[i].host, native) == 0 &&
		    strcmp(also_runs[i].guest, machine) == 0)
			return *out_is_foreign = true;
	}
	return false;
}

static const char *machine_of_header(const unsigned char *h)
{
	uint16_t elf;

	if (memcmp(h, ELFMAG, SELFMAG) != 0)
		return NULL;
	memcpy(&elf, h + offsetof(Elf32_Ehdr, e_machine), sizeof(elf));
	elf = h[EI_DATA] == ELFDATA2MSB ? be16toh(elf) : le16toh(elf);
	for (size_t i = 0; i < N_ROWS(machines); i++) {
		const struct machine *m = &machines[i];

		if (m->elf == elf && m->class == h[EI_CLASS] && m->data == h[EI_DATA])
			return m->name;
	}
	return NULL;
}

const char *machine_of_tree(int rootfd)
{
	for (size_t i = 0; i < N_ROWS(programs); i++) {
		unsigned char header[offsetof(Elf32_Ehdr, e_version)];
		struct error err = { 0 };
		AUTO_CLOSE int fd = path_open(rootfd, programs[i], O_RDONLY, &err);
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		    fd_read_exact(fd, header, sizeof(header), &err) < 0)
			continue;
		if (machine_of_header(header))
			return machine_of_header(header);
	}
	return NULL;
}

int machine_check(const char *word, struct error *err)
{
	const char *machine = machine_name(word);
	bool is_foreign;

	if (!machine || machine_runs(machine, &is_foreign))
		return 0;
	error_set(err, ERR_UNSUPPORTED, "it is for %s, this machine is %s", machine,
		  machine_native());
	return error_hint(err, "take the image for %s", machine_native());
}
