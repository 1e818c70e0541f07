/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * The directory that a path of the host is opened from: any, or one that file-read-allow or
 * file-write-allow lists.
 */
typedef struct {
    int dir_fd;       /* for open_beneath(); AT_FDCWD: any directory */
    const char *path; /* relative to dir_fd; points into the host's path */
    Rule rule;        /* which of the two rules decided */
} FilePlace;

#define FILE_PLACE_NONE { .dir_fd = -1 }

/*
 * Finds the directory that permits opening @path for reading, writing or both; @place is to be
 * cleared with file_place_clear(). Returns FALSE with @error set if there is none. Whether the
 * path stays below it shows only when it is opened, with open_beneath(). For workers.
 */
gboolean file_place_find(const Settings *settings, const char *path, gboolean reads,
                         gboolean writes, FilePlace *place, GError **error);
void file_place_clear(FilePlace *place);

/*
 * If @errnum, from opening something at @place, means that the path leads out of its directory,
 * sets @error, which quotes @path, and returns TRUE. Otherwise returns FALSE.
 */
gboolean file_place_refused(const FilePlace *place, int errnum, const char *path, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilePlace, file_place_clear)
