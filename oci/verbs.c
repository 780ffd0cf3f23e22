/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

#include "oci/oci.h"

/* clang-format off */
static const struct oci_verb verbs[] = {
	{ "create", oci_create, oci_create_options, 1, 1, false, "ID",
	  "make a container, which waits to be started" },
	{ "start", oci_start, oci_no_options, 1, 1, false, "ID", "start one that was made" },
	{ "run", oci_run, oci_run_options, 1, 1, false, "ID", "make one and start it" },
	{ "exec", oci_exec, oci_exec_options, 1, -1, true, "ID [COMMAND...]",
	  "run a command in a running one" },
	{ "state", oci_state, oci_no_options, 1, 1, false, "ID", "print its state" },
	{ "kill", oci_kill, oci_kill_options, 1, 2, false, "ID [SIGNAL]",
	  "send a signal to its first process" },
	{ "delete", oci_delete, oci_delete_options, 1, 1, false, "ID", "remove one that stopped" },
	{ "list", oci_list, oci_list_options, 0, 0, false, "", "list containers" },
	{ "ps", oci_ps, oci_ps_options, 1, -1, true, "ID", "list its processes" },
	{ "pause", oci_pause, oci_no_options, 1, 1, false, "ID", "freeze all its processes" },
	{ "resume", oci_resume, oci_no_options, 1, 1, false, "ID", "let them go on" },
	{ "spec", oci_spec, oci_spec_options, 0, 0, false, "",
	  "write a config.json to begin with" },
	{ "features", oci_features, oci_no_options, 0, 0, false, "",
	  "print what a configuration can ask for" },
	{ "update", oci_update, oci_update_options, 1, 1, false, "ID", "change its limits" },
	{ "events", oci_events, oci_events_options, 1, 1, false, "ID",
	  "tell what it uses, and when it ran out of memory" },
	{ "checkpoint", oci_checkpoint, oci_checkpoint_options, 1, 1, false, "ID",
	  "write down what runs in it" },
	{ "restore", oci_restore, oci_restore_options, 1, 1, false, "ID",
	  "make one of what was written down" },
	{ NULL, NULL, NULL, 0, 0, false, NULL, NULL },
};
/* clang-format on */

const struct oci_verb *oci_verbs(void)
{
	return verbs;
}
