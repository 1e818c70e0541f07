/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/audit.h"

#include "agent/base/log.h"
#include "lib/errors.h"

/* The longest argument in a line; more of a path does not help. */
#define MAX_ARGUMENT 512

static void append_argument(GString *line, const Field *field, const void *args)
{
    gsize start;

    if (!(field->flags & FIELD_AUDITED) || (field->flags & FIELD_SECRET) ||
        !field_present(field, args))
        return;
    g_string_append_printf(line, " %s=", field->name);
    start = line->len;
    schema_dump(field->type, (const char *)args + field->offset, TRUE, line);
    if (line->len - start > MAX_ARGUMENT) {
        g_string_truncate(line, start + MAX_ARGUMENT);
        g_string_append(line, "...");
    }
}

static void append_arguments(GString *line, const Command *command, const void *args)
{
    for (const Field *field = command->args && args ? command->args->fields : NULL;
         field && field->name; field++)
        append_argument(line, field, args);
}

static const char *outcome(const GError *error)
{
    if (!error)
        return "done";
    return g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN) ||
                   g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND)
               ? "refused: "
               : "failed: ";
}

/* An error may quote the host, whose text must not start a line of its own. */
static void append_message(GString *line, const char *message)
{
    for (const char *at = message; *at; at++)
        if (g_ascii_iscntrl(*at))
            g_string_append_printf(line, "\\x%02x", (guchar)*at);
        else
            g_string_append_c(line, *at);
}

char *audit_line(const Command *command, const void *args, const char *channel,
                 const GError *error, gint64 duration)
{
    GString *line = g_string_new("audit: ");

    g_string_append(line, command->name);
    append_arguments(line, command, args);
    g_string_append_printf(line, " from %s: %s", channel, outcome(error));
    if (error)
        append_message(line, error->message);
    g_string_append_printf(line, " in %" G_GINT64_FORMAT ".%03d ms", duration / 1000,
                           (int)(duration % 1000));
    return g_string_free(line, FALSE);
}

void audit(const Command *command, const void *args, const char *channel, const GError *error,
           gint64 duration)
{
    g_autofree char *line = audit_line(command, args, channel, error, duration);
    g_autofree char *microseconds = g_strdup_printf("%" G_GINT64_FORMAT, duration);
    g_autoptr(GString) arguments = g_string_new(NULL);

    append_arguments(arguments, command, args);
    log_fields(G_LOG_LEVEL_MESSAGE,
               (LogField[]){
                   { "GUESTD_COMMAND", command->name },
                   { "GUESTD_ARGUMENTS", arguments->str },
                   { "GUESTD_CHANNEL", channel },
                   { "GUESTD_OUTCOME", error ? error->message : "done" },
                   { "GUESTD_DURATION_USEC", microseconds },
               },
               5, line);
}
