/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/rename-new.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static gboolean by_link(const char *from, const char *to)
{
    return link(from, to) == 0 && unlink(from) == 0;
}

gboolean rename_new(const char *from, const char *to, GError **error)
{
    int failure;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return TRUE;
    /* EINVAL is the filesystem's, such as of NFS, ENOSYS the kernel's. */
    if ((errno == EINVAL || errno == ENOSYS) && by_link(from, to))
        return TRUE;
    failure = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failure), "%s: %s", to,
                g_strerror(failure));
    return FALSE;
}
