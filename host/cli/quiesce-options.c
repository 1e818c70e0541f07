/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/quiesce-options.h"

#include "lib/errors.h"

#define DEFAULT_LIMIT_S 30

gboolean quiesce_options(const Job *job, QuiesceMode *mode, gint64 *limit_s, GError **error)
{
    static const char *const names[] = { "none", "try", "require", NULL };
    const char *text = job_option(job, "quiesce");

    if (!job_number(job, "freeze-limit", DEFAULT_LIMIT_S, limit_s, error))
        return FALSE;
    *limit_s = CLAMP(*limit_s, 1, 3600);
    *mode = QUIESCE_NONE;
    if (!text)
        return TRUE;
    *mode = QUIESCE_REQUIRE;
    for (gsize i = 0; *text && names[i]; i++) {
        *mode = (QuiesceMode)i;
        if (g_str_equal(text, names[i]))
            return TRUE;
    }
    if (!*text)
        return TRUE;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "--quiesce: must be one of: require, try, none (got '%s')", text);
    return FALSE;
}
