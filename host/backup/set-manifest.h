/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/set.h"

/* The manifest of a backup as a file; for chain.c. */

ChainPoint *point_blank(void);

/* @set gets the name of the set, the caller's. NULL with @error set. */
ChainPoint *point_read(const char *path, char **set, GError **error);

/* Replaces the file, durably. */
gboolean point_write(const char *path, const ChainPoint *point, const char *set, GError **error);
