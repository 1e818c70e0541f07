/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/value-get.h"
#include "host/cli/verb.h"
#include "lib/errors.h"

/* guestctl VM time */

#define NS_PER_S G_GINT64_CONSTANT(1000000000)

static gboolean set_clock(Job *job, gboolean from_rtc, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-set-time");

    if (!from_rtc)
        request_int(request, "time", g_get_real_time() * 1000);
    if (!vm_ask(job->vm, request, 0, arena, error))
        return FALSE;
    job_print(job, from_rtc ? "set from the VM's clock\n" : "set to the host's time\n");
    return TRUE;
}

/* The guest's clock is compared with the middle between request and reply. */
static gboolean show_clock(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    gint64 before = g_get_real_time(), after, guest;
    const Value *time = vm_ask_plain(job->vm, "guest-get-time", arena, error);
    g_autoptr(GDateTime) date = NULL;
    g_autofree char *text = NULL;
    double ahead;

    if (!time)
        return FALSE;
    if (time->kind != VALUE_INT)
        return set_error(error, "agent returned an invalid time");
    after = g_get_real_time();
    guest = time->integer / 1000;
    ahead = ((double)guest - ((double)before + (double)after) / 2) / G_USEC_PER_SEC;
    date = g_date_time_new_from_unix_utc(time->integer / NS_PER_S);
    text = date ? g_date_time_format(date, "%F %T UTC") : g_strdup("unknown");
    job_print(job, "%s, %.3f s %s the host\n", text, ahead < 0 ? -ahead : ahead,
              ahead < 0 ? "behind" : "ahead of");
    g_string_append_printf(job->json, "{\"time\": %" G_GINT64_FORMAT ", \"ahead-seconds\": %.6f}",
                           time->integer, ahead);
    return TRUE;
}

static gboolean time_run(Job *job, GError **error)
{
    gboolean set = job_flag(job, "set"), sync = job_flag(job, "sync");

    if (set && sync) {
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                            "time: --set and --sync cannot be used together");
        return FALSE;
    }
    if (!set && !sync)
        return show_clock(job, error);
    if (job->context->dry_run) {
        job_print(job, "would set the guest's clock\n");
        return TRUE;
    }
    return set_clock(job, sync, error);
}

const Verb verb_time = {
    .name = "time",
    .summary = "Show or set the clock of the guest",
    .options = (const VerbOption[]){
        { "set", NULL, "set the clock to the host's time" },
        { "sync", NULL, "set the clock from the VM's RTC" },
        { NULL },
    },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .run = time_run,
};
