# SPDX-License-Identifier: GPL-2.0-or-later
# How hosts start and stop their zones. Only one of the two scripts is installed, as they have one name.
EXTRA_DIST += %D%/systemd/zonectl.service.in %D%/systemd/zonectl.slice
EXTRA_DIST += %D%/openrc/zonectl.in %D%/sysvinit/zonectl.in
CLEANFILES += %D%/systemd/zonectl.service %D%/openrc/zonectl %D%/sysvinit/zonectl

ZONE_FILL = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) 's,[@]sbindir[@],$(sbindir),g'
%D%/systemd/zonectl.service: %D%/systemd/zonectl.service.in Makefile
	$(ZONE_FILL) $(srcdir)/%D%/systemd/zonectl.service.in >$@
%D%/openrc/zonectl: %D%/openrc/zonectl.in Makefile
	$(ZONE_FILL) $(srcdir)/%D%/openrc/zonectl.in >$@
%D%/sysvinit/zonectl: %D%/sysvinit/zonectl.in Makefile
	$(ZONE_FILL) $(srcdir)/%D%/sysvinit/zonectl.in >$@

if SYSTEMD_UNITS
systemdunit_DATA = %D%/systemd/zonectl.service %D%/systemd/zonectl.slice
endif
if OPENRC_SCRIPT
init_SCRIPTS = %D%/openrc/zonectl
endif
if SYSVINIT_SCRIPT
init_SCRIPTS = %D%/sysvinit/zonectl
endif
check_DATA += %D%/systemd/zonectl.service %D%/openrc/zonectl %D%/sysvinit/zonectl

# Settings of container engines, to be copied: docs/engines.md says where to.
enginesdir = $(docdir)/engines
dist_engines_DATA = %D%/engines/podman.conf %D%/engines/docker-daemon.json
dist_engines_DATA += %D%/engines/containerd-1.toml %D%/engines/containerd-2.toml %D%/engines/crio.conf
dist_engines_DATA += %D%/engines/kubernetes.yaml %D%/engines/nomad-client.hcl %D%/engines/nomad-job.hcl
