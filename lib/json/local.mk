# SPDX-License-Identifier: LGPL-2.1-or-later
libshared_a_SOURCES += \
	%D%/base64.c %D%/base64.h \
	%D%/reader.c %D%/reader.h \
	%D%/unescape.c %D%/unescape.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/value.c %D%/value.h \
	%D%/writer.c %D%/writer.h
