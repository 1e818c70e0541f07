# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/channel.c %D%/channel.h \
	%D%/channel-ops.h \
	%D%/conn.c %D%/conn.h \
	%D%/device.c %D%/device.h \
	%D%/fd-source.c %D%/fd-source.h \
	%D%/isa-serial.c \
	%D%/listen.c %D%/listen.h \
	%D%/path-watch.c %D%/path-watch.h \
	%D%/unix-listen.c \
	%D%/virtio-serial.c \
	%D%/vsock-listen.c
