/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/base/value-get.h"
#include "host/cli/verb.h"
#include "lib/errors.h"
#include "lib/json/reader.h"
#include "lib/json/writer.h"

/* guestctl VM ping, info, raw */

static gboolean ping_run(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    gint64 began = g_get_monotonic_time();
    double ms;

    if (!vm_ask_plain(job->vm, "guest-ping", arena, error))
        return FALSE;
    ms = (double)(g_get_monotonic_time() - began) / 1000;
    job_print(job, "the agent answers (%.1f ms)\n", ms);
    g_string_append_printf(job->json, "{\"milliseconds\": %.3f}", ms);
    return TRUE;
}

const Verb verb_ping = {
    .name = "ping",
    .summary = "Check whether the agent answers",
    .run = ping_run,
};

static void print_commands(Job *job, const Value *list)
{
    guint all = 0, disabled = 0;
    g_autoptr(GString) off = g_string_new(NULL);

    VALUE_EACH (row, list) {
        all++;
        if (value_bool(row, "enabled", TRUE))
            continue;
        disabled++;
        g_string_append_printf(off, " %s", value_string(row, "name", "?"));
    }
    job_print(job, "commands: %u, %u of them disabled%s%s\n", all, disabled, disabled ? ":" : "",
              off->str);
}

/* guestd tells more of itself; a stock agent does not know the command. */
static const Value *ask_guestd(Job *job, Arena *arena)
{
    return vm_ask_plain(job->vm, "guestd-info", arena, NULL);
}

static gboolean info_run(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *info = vm_ask_plain(job->vm, "guest-info", arena, error);
    const Value *more, *system;

    if (!info)
        return FALSE;
    more = ask_guestd(job, arena);
    system = vm_ask_plain(job->vm, "guest-get-osinfo", arena, NULL);
    job_print(job, "agent: %s%s, protocol of QEMU %s\n", more ? "guestd " : "qemu-ga or the like",
              more ? value_string(more, "version", "") : "", value_string(info, "version", "?"));
    if (system)
        job_print(job, "system: %s, kernel %s\n", value_string(system, "pretty-name", "unknown"),
                  value_string(system, "kernel-release", "unknown"));
    print_commands(job, value_get(info, "supported_commands"));
    g_string_append(job->json, "{\"guest-info\": ");
    json_append_value(job->json, info);
    if (more) {
        g_string_append(job->json, ", \"guestd-info\": ");
        json_append_value(job->json, more);
    }
    g_string_append_c(job->json, '}');
    return TRUE;
}

const Verb verb_info = {
    .name = "info",
    .summary = "Show the agent, its version and its commands",
    .run = info_run,
};

static gboolean is_json(const char *text)
{
    g_autoptr(Arena) arena = arena_new();
    char *copy = g_strdup(text);

    arena_adopt(arena, copy);
    return json_read(arena, copy, strlen(copy), NULL) != NULL;
}

static gboolean raw_run(Job *job, GError **error)
{
    g_autoptr(GString) text = g_string_new(job->call->args[0]);
    g_autoptr(GString) reply = NULL;

    if (!is_json(text->str)) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "raw: '%s' is not valid JSON", text->str);
        return FALSE;
    }
    g_string_append_c(text, '\n');
    reply = vm_ask_raw(job->vm, text, 0, error);
    if (!reply)
        return FALSE;
    g_strchomp(reply->str);
    job_print(job, "%s\n", reply->str);
    g_string_append(job->json, reply->str);
    return TRUE;
}

const Verb verb_raw = {
    .name = "raw",
    .usage = "JSON",
    .summary = "Send a request unchanged and print the reply unchanged",
    .flags = VERB_CHANGES,
    .min_args = 1,
    .max_args = 1,
    .run = raw_run,
};
