/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/trace.h"

#include "agent/base/log.h"
#include "lib/json/writer.h"

/* The longest line; a large id must not fill the log. */
#define MAX_LINE (32 * 1024)

static void trace(const char *channel, char direction, const GString *text)
{
    g_autofree char *line = g_strdup_printf("%c %s %.*s%s", direction, channel, MAX_LINE, text->str,
                                            text->len > MAX_LINE ? "..." : "");

    log_fields(G_LOG_LEVEL_MESSAGE, (LogField[]){ { "GUESTD_CHANNEL", channel } }, 1, line);
}

void trace_request(const char *channel, const Request *request, const Command *command)
{
    g_autoptr(GString) text = g_string_new("{\"execute\": ");

    json_append_string(text, request->execute);
    if (request->arguments) {
        g_string_append(text, ", \"arguments\": ");
        if (command && command->args)
            schema_blank_value(command->args, request->arguments, text);
        else
            g_string_append(text, request->arguments->items.len ? "\"***\"" : "{}");
    }
    if (request->id) {
        g_string_append(text, ", \"id\": ");
        json_append_value(text, request->id);
    }
    g_string_append_c(text, '}');
    trace(channel, '>', text);
}

void trace_fault(const char *channel)
{
    g_autoptr(GString) text = g_string_new("(no request)");

    trace(channel, '>', text);
}

void trace_reply(const char *channel, const Command *command, const void *result,
                 const GError *error)
{
    g_autoptr(GString) text = NULL;

    if (error) {
        text = envelope_error(error, NULL);
        g_string_truncate(text, text->len - 1);
    } else {
        text = g_string_new("{\"return\": ");
        if (command->returns && result)
            schema_dump(command->returns, result, TRUE, text);
        else
            g_string_append(text, "{}");
        g_string_append_c(text, '}');
    }
    trace(channel, '<', text);
}

void trace_event(const char *channel, const GString *line)
{
    g_autoptr(GString) text = g_string_new_len(line->str, (gssize)line->len - 1);

    trace(channel, '<', text);
}
