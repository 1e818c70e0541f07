/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Checksums of files by ranges, so that several processors work on one file and a damaged range can
 * be named. libcrypto's SHA-256 uses the processor's instructions.
 */

/* Hex digits of one range. */
#define DIGEST_HEX 64
/* Large enough for one thread to read at full speed, small enough to divide small files. */
#define DIGEST_RANGE (16 << 20)

/*
 * The SHA-256 of each @range bytes of the file (0: of the whole file at once), in hex and one after
 * the other; the caller's. Ranges without data are not read. A file that cannot be read on is
 * reported after a while, see stall.h. NULL with @error set, also once @cancel_fd (-1: never) is
 * readable, whether or not the file can be read.
 */
char *digest_file(const char *path, gint64 range, int cancel_fd, GError **error);

/*
 * The first range in which @a and @b, both of digest_file(), differ; -1: they are equal. A range that
 * only one of them has counts as different.
 */
gint64 digest_difference(const char *a, const char *b);
