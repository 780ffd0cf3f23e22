# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of the benchmarks; nothing of them is installed. The limit is static: a dynamic linker
# is not the kernel's cost.
EXTRA_PROGRAMS += %D%/limit %D%/net_limit %D%/timer %D%/ready
BENCH_TOOLS += %D%/limit$(EXEEXT) %D%/net_limit$(EXEEXT) %D%/timer$(EXEEXT) %D%/ready$(EXEEXT)
bench_limit_SOURCES = %D%/limit.c %D%/limit_mounts.c %D%/limit_mounts.h \
	%D%/limit_net.c %D%/limit_net.h
bench_limit_LDFLAGS = -static
bench_limit_LDADD = libzone.a
bench_net_limit_SOURCES = %D%/net_limit.c %D%/limit_net.c %D%/limit_net.h
bench_timer_SOURCES = %D%/timer.c
bench_ready_SOURCES = %D%/ready.c
# static: it runs inside of zones
EXTRA_PROGRAMS += %D%/neighbour
BENCH_TOOLS += %D%/neighbour$(EXEEXT)
bench_neighbour_SOURCES = %D%/neighbour.c
bench_neighbour_LDFLAGS = -static
bench_neighbour_LDADD =

EXTRA_PROGRAMS += %D%/create_limit
BENCH_TOOLS += %D%/create_limit$(EXEEXT)
bench_create_limit_SOURCES = %D%/create_limit.c
bench_create_limit_LDFLAGS = -static
bench_create_limit_LDADD =

EXTRA_PROGRAMS += %D%/access_limit
BENCH_TOOLS += %D%/access_limit$(EXEEXT)
bench_access_limit_SOURCES = %D%/access_limit.c
bench_access_limit_LDFLAGS = -static
bench_access_limit_LDADD = libzone.a

BENCHES += %D%/run.sh
TEMPLATE_BENCHES += %D%/templates.sh
NET_BENCHES += %D%/net.sh
RESOURCE_BENCHES += %D%/resources.sh
ACCESS_BENCHES += %D%/access.sh
OCI_BENCHES += %D%/oci.sh
MEMORY_BENCHES += %D%/memory.sh
EXTRA_DIST += %D%/parts/start.sh %D%/parts/boot.sh %D%/parts/debian.sh %D%/parts/memory.sh \
	%D%/parts/fleet.sh %D%/parts/scaling.sh %D%/parts/native.sh %D%/parts/density.sh \
	%D%/lib.bash %D%/limit.bash %D%/grow.bash %D%/debian.bash %D%/streams.bash %D%/charts.sh
EXTRA_DIST += %D%/RESULTS.json %D%/start.svg %D%/boot.svg %D%/debian.svg %D%/native.svg %D%/fleet.svg \
	%D%/scaling.svg
EXTRA_DIST += %D%/setup %D%/README.md %D%/NOTES.md %D%/RESULTS.md \
	%D%/NET.md %D%/TEMPLATES.md %D%/TEMPLATES.json %D%/RESOURCES.md %D%/RESOURCES.json \
	%D%/ACCESS.md %D%/ACCESS.json %D%/OCI.md %D%/OCI.json %D%/MEMORY.md %D%/MEMORY.json
