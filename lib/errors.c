/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/errors.h"

G_DEFINE_QUARK(guestd-error, guestd_error)

gboolean set_errno_error(GError **error, int errnum, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_FAILED, "%s: %s", text, g_strerror(errnum));
    return FALSE;
}

gboolean set_error(GError **error, const char *format, ...)
{
    va_list args;

    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);
    va_start(args, format);
    if (error)
        *error = g_error_new_valist(GUESTD_ERROR, GUESTD_ERROR_FAILED, format, args);
    va_end(args);
    return FALSE;
}
