/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/progress.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_WIDTH 24

void progress_begin(Progress *progress, const char *what, gboolean quiet)
{
    *progress = (Progress){ .what = what, .quiet = quiet, .tenth = -1,
                            .terminal = isatty(STDERR_FILENO) > 0,
                            .began = g_get_monotonic_time() };
}

/* "12.3 MiB/s, 0:41 left"; the caller's. */
static char *speed_text(const Progress *progress, gint64 done, gint64 total)
{
    double seconds = (double)(g_get_monotonic_time() - progress->began) / G_USEC_PER_SEC;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    gint64 left = rate > 0 ? (gint64)((double)(total - done) / rate + 0.5) : 0;

    if (done <= 0)
        return g_strdup("begun");
    return g_strdup_printf("%.1f MiB/s, %" G_GINT64_FORMAT ":%02d left", rate / (1 << 20),
                           left / 60, (int)(left % 60));
}

static void draw_bar(const Progress *progress, int percent, const char *speed)
{
    char bar[BAR_WIDTH + 1];

    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i * 100 < percent * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%s [%s] %3d %%  %s\033[K", progress->what, bar, percent, speed);
}

void progress_update(Progress *progress, gint64 done, gint64 total)
{
    int percent = total > 0 ? (int)(100.0 * (double)CLAMP(done, 0, total) / (double)total) : 0;
    g_autofree char *speed = NULL;

    if (stall_look(&progress->stall, (guint64)done, g_get_monotonic_time())) {
        progress_end(progress);
        stall_warn(&progress->stall, progress->what);
    }
    if (progress->quiet || (!progress->terminal && percent / 10 == progress->tenth))
        return;
    speed = speed_text(progress, done, total);
    if (progress->terminal)
        draw_bar(progress, percent, speed);
    else
        fprintf(stderr, "%s: %d %%, %s\n", progress->what, percent, speed);
    progress->tenth = percent / 10;
}

void progress_end(Progress *progress)
{
    if (!progress->quiet && progress->terminal)
        fputs("\r\033[K", stderr);
}
