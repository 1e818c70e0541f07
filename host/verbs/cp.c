/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "host/base/table.h"
#include "host/cli/verb.h"
#include "host/guest/copy.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl VM cp */

static gboolean usage(GError **error, const char *text)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "cp: %s", text);
    return FALSE;
}

static void tell(Job *job, const Copy *copy, double seconds)
{
    g_autofree char *size = size_text(copy->done - copy->start);
    const char *sum = g_checksum_get_string(copy->sum);
    GString *json = job->json;

    job_print(job, "copied %s in %.1f s, %s%s\n", size, seconds,
              copy->checked          ? "checksum compared"
              : copy->remote.guestd ? "checksum not compared: the file changes"
                                    : "checksum not compared: not supported by this agent",
              copy->mode_kept          ? ""
              : copy->remote.guestd ? "; the mode differs"
                                    : "; mode not kept: not supported by this agent");
    g_string_append_printf(json, "{\"bytes\": %" G_GINT64_FORMAT ", \"resumed-at\": %"
                           G_GINT64_FORMAT ", \"seconds\": ", copy->done, copy->start);
    json_append_double(json, seconds);
    g_string_append_printf(json, ", \"sha256\": \"%s\", \"checked\": %s, \"mode-kept\": %s}", sum,
                           copy->checked ? "true" : "false", copy->mode_kept ? "true" : "false");
}

static gboolean copy_file(Job *job, Copy *copy, gboolean in, GError **error)
{
    gint64 began = g_get_monotonic_time();
    g_autofree char *what = g_strdup_printf("%s: %s", job->vm->name, copy->local);
    gboolean ok;

    if (!remote_file_init(&copy->remote, job->vm, error))
        return FALSE;
    progress_begin(&copy->progress, what,
                   !job->alone || job->context->json || isatty(STDERR_FILENO) <= 0);
    ok = in ? copy_to_guest(copy, error) : copy_to_host(copy, error);
    progress_end(&copy->progress);
    if (ok)
        tell(job, copy, (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
    return ok;
}

static gboolean cp_run(Job *job, GError **error)
{
    const char *from = job->call->args[0], *to = job->call->args[1];
    gboolean in = *to == ':';
    Copy copy = { .resume = job_flag(job, "resume") };
    gboolean ok;

    if (in == (*from == ':'))
        return usage(error, "exactly one path must be in the guest, written :PATH");
    if (!in && !job->alone)
        return usage(error, "cannot copy from several VMs into one file; name one VM");
    copy.local = g_strdup(in ? from : to);
    copy.path = g_strdup((in ? to : from) + 1);
    copy.sum = g_checksum_new(G_CHECKSUM_SHA256);
    ok = copy_file(job, &copy, in, error);
    g_free(copy.local);
    g_free(copy.path);
    g_checksum_free(copy.sum);
    return ok;
}

const Verb verb_cp = {
    .name = "cp",
    .usage = "FILE :PATH | :PATH FILE",
    .summary = "Copy a file into the guest or out of it",
    .doc = "The path with the colon is in the guest. A failed copy leaves the old file unchanged; in a\n"
           "guest with a stock qemu-ga it leaves a partial file. With guestd, guestctl compares the\n"
           "checksum and keeps the mode. --resume writes in place and leaves a partial file on failure.",
    .options = (const VerbOption[]){
        { "resume", NULL, "continue a partial copy" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .min_args = 2,
    .max_args = 2,
    .run = cp_run,
};
