/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/quiesce-options.h"

#include "lib/errors.h"

#define DEFAULT_LIMIT_S 30

static const char *const mode_names[] = { "none", "try", "require", NULL };

/* Each mount point of "/srv,/var" once; NULL: one is not an absolute path. */
static char **read_points(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    g_autoptr(GPtrArray) points = g_ptr_array_new_with_free_func(g_free);

    for (char **word = words; *word; word++) {
        if (**word != '/')
            return NULL;
        if (!g_ptr_array_find_with_equal_func(points, *word, g_str_equal, NULL))
            g_ptr_array_add(points, g_strdup(*word));
    }
    g_ptr_array_add(points, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&points), FALSE);
}

static gboolean read_mode(const char *text, QuiesceMode *mode)
{
    for (gsize i = 0; mode_names[i]; i++) {
        *mode = (QuiesceMode)i;
        if (g_str_equal(text, mode_names[i]))
            return TRUE;
    }
    return FALSE;
}

gboolean quiesce_options(const Job *job, QuiescePlan *plan, GError **error)
{
    const char *text = job_option(job, "quiesce");

    *plan = (QuiescePlan){ .mode = text ? QUIESCE_REQUIRE : QUIESCE_NONE };
    if (!job_number(job, "freeze-limit", DEFAULT_LIMIT_S, &plan->limit_s, error))
        return FALSE;
    plan->limit_s = CLAMP(plan->limit_s, 1, 3600);
    if (!text || !*text)
        return TRUE;
    if (*text == '/')
        plan->points = read_points(text);
    if (plan->points || read_mode(text, &plan->mode))
        return TRUE;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "--quiesce: must be one of: require, try, none, or mount points such as /srv,/var "
                "(got '%s')", text);
    return FALSE;
}
