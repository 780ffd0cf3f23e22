/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cgroups/devices.h"
#include "cgroups/host.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "netns/device.h"
#include "netns/foreign.h"

enum { PID_MAX_WANTED = 1 << 17 };

enum verdict { FINE, NOTE, FAULT };

/* What a look at the host has come to. */
struct finding {
	enum verdict verdict;
	char *text, *hint;		/* owned; hint may be NULL */
};

static void found(struct finding *f, enum verdict verdict, const char *text, const char *hint)
{
	f->verdict = verdict;
	f->text = xstrdup(text);
	f->hint = hint ? xstrdup(hint) : NULL;
}

static unsigned long number_of(const char *path)
{
	struct error ignored = { 0 };
	char text[32] = "";

	(void)fd_read_control(AT_FDCWD, path, text, sizeof(text), &ignored);	/* missing: 0 */
	return strtoul(text, NULL, 10);
}

static void look_at_nft(struct finding *f)
{
	AUTO_STRV char **drops = NULL;
	AUTO_FREE char *all = NULL;
	struct error err = { 0 };

	if (foreign_forward_drops(&drops, &err) < 0) {
		found(f, FAULT, err.text, "zones need a kernel with nf_tables, or net=none");
		return;
	}
	if (!drops) {
		found(f, FINE, "nf_tables is there, and no chain drops what is forwarded", NULL);
		return;
	}
	all = strv_join(drops, ", ");
	f->verdict = NOTE;
	f->text = xasprintf("what is forwarded is dropped, unless a rule says otherwise, by: %s",
			    all);
	f->hint = xasprintf("let zones pass: nft insert rule %s iifname \"zn*\" accept, and "
			    "oifname \"zn*\" accept",
			    drops[0]);
}

static void look_at_forwarding(struct finding *f)
{
	if (number_of("/proc/sys/net/ipv4/ip_forward"))
		found(f, FINE, "IPv4 is forwarded", NULL);
	else
		found(f, NOTE, "IPv4 is not forwarded on every interface",
		      "boot switches it on where zones need it");
}

static void look_at_ipv6(struct finding *f)
{
	if (!device_has_ipv6())
		found(f, NOTE, "this host has no IPv6: zones have IPv4 alone",
		      "see /proc/sys/net/ipv6/conf/all/disable_ipv6");
	else if (number_of("/proc/sys/net/ipv6/conf/all/forwarding"))
		found(f, FINE, "IPv6 is there, and forwarded", NULL);
	else
		found(f, NOTE, "IPv6 is not forwarded", "boot switches it on when zones need it");
}

static void look_at_connections(struct finding *f)
{
	unsigned long most = number_of("/proc/sys/net/netfilter/nf_conntrack_max");
	unsigned long now = number_of("/proc/sys/net/netfilter/nf_conntrack_count");

	if (most > 0 && now > most / 10 * 8) {
		f->verdict = NOTE;
		f->text = xasprintf("%lu of %lu tracked connections are in use", now, most);
		f->hint = xstrdup("raise /proc/sys/net/netfilter/nf_conntrack_max");
	} else {
		found(f, FINE, "there is room for tracked connections", NULL);
	}
}

static void look_at_cgroups(struct finding *f)
{
	AUTO_CGROUP_HOST struct cgroup_host host = CGROUP_HOST_NONE;
	AUTO_STRV char **missing = NULL;
	AUTO_FREE char *all = NULL;
	struct error err = { 0 };

	if (cgroup_host_open(&host, "", &err) < 0) {
		found(f, FAULT, err.text, err.hint);
		return;
	}
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		enum cgroup_controller c = (enum cgroup_controller)i;

		if (c != CGROUP_SYSTEMD && !cgroup_host_has(&host, c))
			strv_addf(&missing, "%s%s", cgroup_controller_name(c),
				  host.is_hidden[c] ? " (not mounted)" : "");
	}
	if (!missing) {
		found(f, FINE, "every limit can be had", NULL);
		return;
	}
	all = strv_join(missing, ", ");
	f->verdict = NOTE;
	f->text = xasprintf("there are no limits of: %s", all);
	f->hint = xstrdup("mount what is not mounted; the rest is the kernel's configuration");
}

static void look_at_devices(struct finding *f)
{
	if (devices_supported())
		found(f, FINE, "the kernel holds zones to their devices", NULL);
	else
		found(f, NOTE, "this kernel takes no device policy: only nodev keeps devices shut",
		      "a kernel with CONFIG_CGROUP_BPF");
}

static void look_at_terminals(struct finding *f)
{
	unsigned long most = number_of("/proc/sys/kernel/pty/max");
	unsigned long host = number_of("/proc/sys/kernel/pty/reserve");
	unsigned long now = number_of("/proc/sys/kernel/pty/nr");

	/* Each zone may have 256; what is reserved is the host's own. */
	if (most > host && now > (most - host) / 10 * 8) {
		f->verdict = NOTE;
		f->text = xasprintf("%lu of %lu terminals are in use", now, most - host);
		f->hint = xstrdup("raise /proc/sys/kernel/pty/max");
	} else {
		found(f, FINE, "there is room for terminals", NULL);
	}
}

static void look_at_processes(struct finding *f)
{
	unsigned long most = number_of("/proc/sys/kernel/pid_max");

	if (most >= PID_MAX_WANTED) {
		found(f, FINE, "there is room for processes", NULL);
		return;
	}
	f->verdict = NOTE;
	f->text = xasprintf("room for %lu processes, those of %lu zones with the default pids",
			    most, most / ZONE_PIDS_DEFAULT);
	f->hint = xstrdup("sysctl -w kernel.pid_max=4194304");
}

static const struct look {
	const char *name;
	void (*look)(struct finding *f);
} looks[] = {
	{ "nftables", look_at_nft },
	{ "forwarding", look_at_forwarding },
	{ "ipv6", look_at_ipv6 },
	{ "connections", look_at_connections },
	{ "cgroups", look_at_cgroups },
	{ "devices", look_at_devices },
	{ "terminals", look_at_terminals },
	{ "processes", look_at_processes },
};

static const char *const verdicts[] = { [FINE] = "fine", [NOTE] = "note", [FAULT] = "fault" };

static void show(struct cli *cli, const struct look *look, const struct finding *f)
{
	struct json_out *o = &cli->json;

	if (cli->is_json) {
		json_out_object(o, NULL);
		json_out_str(o, "check", look->name);
		json_out_str(o, "verdict", verdicts[f->verdict]);
		json_out_str(o, "text", f->text);
		json_out_str(o, "remedy", f->hint);
		json_out_end_object(o);
		return;
	}
	out_print(cli, "%-12s %-6s ", look->name, verdicts[f->verdict]);
	out_safe(cli, f->text);
	out_print(cli, "\n");
	if (!f->hint)
		return;
	out_print(cli, "%-19s ", "");
	out_safe(cli, f->hint);
	out_print(cli, "\n");
}

int verb_doctor(struct cli *cli, struct error *err)
{
	size_t faults = 0;

	if (cli->is_json)
		json_out_array(&cli->json, NULL);
	for (size_t i = 0; i < N_ROWS(looks); i++) {
		struct finding f = { .verdict = FINE };

		looks[i].look(&f);
		show(cli, &looks[i], &f);
		faults += f.verdict == FAULT;
		free(f.text);
		free(f.hint);
	}
	if (cli->is_json)
		json_out_end_array(&cli->json);
	return faults ? error_set(err, ERR_FAILED, "%zu fault%s found", faults,
				  faults == 1 ? "" : "s")
		      : 0;
}
