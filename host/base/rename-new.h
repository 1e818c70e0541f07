/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Renames @from to @to, unless @to exists: then FALSE with @error set to G_FILE_ERROR_EXIST,
 * and both stay as they are. Filesystems that cannot do that in one step (renameat2() with
 * RENAME_NOREPLACE, Linux 3.15) get a hard link instead, which exists besides @from for a moment.
 */
gboolean rename_new(const char *from, const char *to, GError **error);
