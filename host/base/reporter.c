/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/reporter.h"

#include <stdio.h>

void reporter_print(Reporter *reporter, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (reporter->text)
        g_string_append_vprintf(reporter->text, format, ap);
    va_end(ap);
}

void reporter_json(Reporter *reporter, JsonNode *node)
{
    g_autofree char *text = json_to_string(node, FALSE);

    if (reporter->json)
        g_string_assign(reporter->json, text);
}

void reporter_warn(const Reporter *reporter, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    fprintf(stderr, "guestctl: %s%s%s\n", reporter->subject ? reporter->subject : "",
            reporter->subject ? ": " : "", text);
}

void reporter_progress_begin(const Reporter *reporter, Progress *progress, const char *activity)
{
    char *what = reporter->subject ? g_strdup_printf("%s: %s", reporter->subject, activity)
                                   : g_strdup(activity);

    progress_begin(progress, what, reporter->quiet);
}

void reporter_progress_end(Progress *progress)
{
    progress_end(progress);
    g_free((gpointer)progress->what);
}
