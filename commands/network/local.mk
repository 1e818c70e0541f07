# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/address-watch.c %D%/address-watch.h \
	%D%/event-addresses.c \
	%D%/netlink.c %D%/netlink.h \
	%D%/network.c \
	%D%/route.c %D%/route.h
