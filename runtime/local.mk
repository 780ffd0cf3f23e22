# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += %D%/config.c %D%/config.h
libzone_a_SOURCES += %D%/property.c %D%/property.h
libzone_a_SOURCES += %D%/property_table.c
libzone_a_SOURCES += %D%/plans.c %D%/plans.h
libzone_a_SOURCES += %D%/address.c %D%/address.h
libzone_a_SOURCES += %D%/addresses.c %D%/addresses.h
libzone_a_SOURCES += %D%/claims.c %D%/claims.h
libzone_a_SOURCES += %D%/net_config.c %D%/net_config.h
libzone_a_SOURCES += %D%/net_spec.c %D%/net_spec.h
libzone_a_SOURCES += %D%/counters.c %D%/counters.h
libzone_a_SOURCES += %D%/network.c %D%/network.h
libzone_a_SOURCES += %D%/network_list.c %D%/network_list.h
libzone_a_SOURCES += %D%/resolver.c %D%/resolver.h
libzone_a_SOURCES += %D%/pools.c %D%/pools.h
libzone_a_SOURCES += %D%/pool_templates.c %D%/pool_templates.h
libzone_a_SOURCES += %D%/ports.c %D%/ports.h
libzone_a_SOURCES += %D%/site.c %D%/site.h
libzone_a_SOURCES += %D%/site_config.c %D%/site_config.h
libzone_a_SOURCES += %D%/caps.c %D%/caps.h
libzone_a_SOURCES += %D%/filter.c %D%/filter.h
libzone_a_SOURCES += %D%/filter_compile.c %D%/filter_compile.h
libzone_a_SOURCES += %D%/filter_table.c %D%/filter_table.h
libzone_a_SOURCES += %D%/state.c %D%/state.h
libzone_a_SOURCES += %D%/uidmap.c %D%/uidmap.h
libzone_a_SOURCES += %D%/zone.c %D%/zone.h
libzone_a_SOURCES += %D%/hostkeys.c %D%/hostkeys.h %D%/hostkeys_new.c
libzone_a_SOURCES += %D%/flows.c %D%/flows.h
libzone_a_SOURCES += %D%/hosts.c %D%/hosts.h %D%/hosts_dir.h
libzone_a_SOURCES += %D%/hosts_spread.c %D%/hosts_text.c %D%/hosts_zone.c
libzone_a_SOURCES += %D%/identity.c %D%/identity.h
libzone_a_SOURCES += %D%/ending.c %D%/ending.h
libzone_a_SOURCES += %D%/destroy.c %D%/destroy.h
libzone_a_SOURCES += %D%/create.c %D%/create.h
libzone_a_SOURCES += %D%/autoboot.c %D%/autoboot.h
libzone_a_SOURCES += %D%/boot.c %D%/boot.h
libzone_a_SOURCES += %D%/change.c %D%/change.h
libzone_a_SOURCES += %D%/check.c %D%/check.h
libzone_a_SOURCES += %D%/live.c %D%/live.h
libzone_a_SOURCES += %D%/rename.c %D%/rename.h
libzone_a_SOURCES += %D%/child.c
libzone_a_SOURCES += %D%/compile.c %D%/compile.h
libzone_a_SOURCES += %D%/confine.c %D%/confine.h
libzone_a_SOURCES += %D%/console.c %D%/console.h
libzone_a_SOURCES += %D%/copy.c %D%/copy.h
libzone_a_SOURCES += %D%/customize.c %D%/customize.h
libzone_a_SOURCES += %D%/dev.c %D%/dev.h
libzone_a_SOURCES += %D%/enter.c %D%/enter.h
libzone_a_SOURCES += %D%/inside.c %D%/inside.h
libzone_a_SOURCES += %D%/ssh.c %D%/ssh.h
libzone_a_SOURCES += %D%/ssh_demand.c %D%/ssh_demand.h
libzone_a_SOURCES += %D%/inits.c %D%/inits.h
libzone_a_SOURCES += %D%/keeper.c %D%/keeper.h
libzone_a_SOURCES += %D%/launch.c %D%/launch.h
libzone_a_SOURCES += %D%/merged.c %D%/merged.h
libzone_a_SOURCES += %D%/mknod.c %D%/mknod.h
libzone_a_SOURCES += %D%/mounts.c %D%/mounts.h
libzone_a_SOURCES += %D%/mounts_user.c %D%/mounts_user.h
libzone_a_SOURCES += %D%/place.c %D%/place.h
libzone_a_SOURCES += %D%/ready.c %D%/ready.h
libzone_a_SOURCES += %D%/passwd.c %D%/passwd.h
libzone_a_SOURCES += %D%/reinstall.c %D%/reinstall.h
libzone_a_SOURCES += %D%/reinstall_keep.c %D%/reinstall_keep.h
libzone_a_SOURCES += %D%/repair.c %D%/repair.h
libzone_a_SOURCES += %D%/run.c %D%/run.h
libzone_a_SOURCES += %D%/property_users.c %D%/property_users.h
libzone_a_SOURCES += %D%/setup.c %D%/setup.h
libzone_a_SOURCES += %D%/setup_access.c %D%/setup_access.h
libzone_a_SOURCES += %D%/setup_console.c
libzone_a_SOURCES += %D%/setup_cron.c
libzone_a_SOURCES += %D%/setup_family.c
libzone_a_SOURCES += %D%/setup_guest.c %D%/setup_guest.h
libzone_a_SOURCES += %D%/setup_hostkeys.c
libzone_a_SOURCES += %D%/setup_locale.c
libzone_a_SOURCES += %D%/setup_names.c
libzone_a_SOURCES += %D%/setup_net.c %D%/setup_net.h
libzone_a_SOURCES += %D%/setup_net_text.c
libzone_a_SOURCES += %D%/setup_record.c
libzone_a_SOURCES += %D%/setup_rows.c %D%/setup_rows.h
libzone_a_SOURCES += %D%/setup_text.c %D%/setup_text.h
libzone_a_SOURCES += %D%/setup_units.c
libzone_a_SOURCES += %D%/setup_users.c
libzone_a_SOURCES += %D%/shutdown.c %D%/shutdown.h
libzone_a_SOURCES += %D%/stub_image.c %D%/stub_image.h
libzone_a_SOURCES += %D%/tenants.c %D%/tenants.h
libzone_a_SOURCES += %D%/process.c %D%/process.h
libzone_a_SOURCES += %D%/usage.c %D%/usage.h
libzone_a_SOURCES += %D%/trial.c %D%/trial.h
libzone_a_SOURCES += %D%/users.c %D%/users.h
libzone_a_SOURCES += %D%/zone_launch.c %D%/zone_launch.h

# The stub is linked by itself, without the hardening that needs a libc, and then included as bytes.
EXTRA_DIST += %D%/stub.c
CLEANFILES += %D%/stub
ZONE_STUB_COMPILE = -Os -ffreestanding -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none
ZONE_STUB_LINK = -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noseparate-code \
	-Wl,-z,norelro -Wl,-z,noexecstack -s
%D%/stub: %D%/stub.c
	$(AM_V_CCLD)$(MKDIR_P) %D% && $(CC) $(ZONE_STUB_COMPILE) $(ZONE_STUB_LINK) -o $@ $(srcdir)/%D%/stub.c
%D%/stub_image.$(OBJEXT): %D%/stub

# What passwd hashes with.
pkglibexec_PROGRAMS += zone-crypt
zone_crypt_SOURCES = %D%/crypt.c
zone_crypt_CFLAGS = $(AM_CFLAGS) $(LIBCRYPT_CFLAGS)
zone_crypt_LDADD = $(LIBCRYPT_LIBS)
