# SPDX-License-Identifier: GPL-2.0-or-later
libzone_a_SOURCES += \
	%D%/addr.c %D%/addr.h \
	%D%/carry.c %D%/carry.h \
	%D%/conntrack.c %D%/conntrack.h \
	%D%/device.c %D%/device.h \
	%D%/link.c %D%/link.h \
	%D%/net.c %D%/net.h %D%/net_down.c %D%/net_host.c %D%/net_look.c \
	%D%/net_drops.c %D%/net_drops.h \
	%D%/net_name.c %D%/net_name.h %D%/net_rate.c %D%/net_rate.h %D%/net_up.h \
	%D%/net_zone.c \
	%D%/plan.h \
	%D%/probe.c %D%/probe.h \
	%D%/shape.c %D%/shape.h \
	%D%/foreign.c %D%/foreign.h \
	%D%/listener.c %D%/listener.h \
	%D%/nl.c %D%/nl.h %D%/nl_attr.c \
	%D%/nft.c %D%/nft.h %D%/nft_read.c %D%/nft_read.h %D%/nft_rule.c \
	%D%/table.c %D%/table.h %D%/table_add.c %D%/table_all.c %D%/table_element.c %D%/table_remove.c \
	%D%/table_rules.c %D%/table_rules.h %D%/table_state.c %D%/table_state.h \
	%D%/table_zone.c %D%/table_zone.h
