/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * From where a path of the host is opened: from anywhere, or from below a directory that
 * file-read-allow or file-write-allow lists.
 */
typedef struct {
    int dir_fd;       /* for open_beneath(); AT_FDCWD: anywhere */
    const char *path; /* from there; a part of the host's */
    Rule rule;        /* which of the two has the last word */
} FilePlace;

#define FILE_PLACE_NONE { .dir_fd = -1 }

/*
 * Finds where @path may be opened for reading, for writing or for both. Returns FALSE with @error
 * set if nowhere. Whether it stays below shows only when it is opened.
 */
gboolean file_place_find(const Settings *settings, const char *path, gboolean reads,
                         gboolean writes, FilePlace *place, GError **error);
void file_place_clear(FilePlace *place);

/*
 * Sets @error if @errnum, of opening something at @place, means that it led out of there; @path
 * is for the text. Returns FALSE if it means anything else.
 */
gboolean file_place_refused(const FilePlace *place, int errnum, const char *path, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilePlace, file_place_clear)
