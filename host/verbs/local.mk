# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/backup.c \
	%D%/cp.c \
	%D%/doctor.c \
	%D%/exec.c \
	%D%/exporter.c \
	%D%/files.c \
	%D%/fs.c \
	%D%/info-ping-raw.c \
	%D%/keys.c \
	%D%/list.c \
	%D%/metrics.c \
	%D%/passwd.c \
	%D%/power.c \
	%D%/restore.c \
	%D%/show.c \
	%D%/snapshot.c \
	%D%/time.c
