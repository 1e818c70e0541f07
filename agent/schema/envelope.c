/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/envelope.h"

#include "lib/errors.h"
#include "lib/json/writer.h"

/* A reply to guest-ping fits; the buffer grows for larger ones. */
#define REPLY_SIZE 64

static gboolean unexpected(const char *name, GError **error)
{
    return set_error(error, "QMP input member '%s' is unexpected", name);
}

static gboolean is_known(const char *name)
{
    return g_str_equal(name, "execute") || g_str_equal(name, "arguments") ||
           g_str_equal(name, "id");
}

gboolean envelope_read(const Value *message, Request *request, GError **error)
{
    const Value *execute;

    *request = (Request){ NULL };
    if (message->kind != VALUE_OBJECT)
        return set_error(error, "QMP input must be a JSON object");
    request->id = value_member(message, "id");
    if (value_member(message, "exec-oob"))
        return unexpected("exec-oob", error);
    if (value_member(message, "control"))
        return unexpected("control", error);
    execute = value_member(message, "execute");
    if (execute && execute->kind != VALUE_STRING)
        return set_error(error, "QMP input member 'execute' must be a string");
    request->arguments = value_member(message, "arguments");
    if (request->arguments && request->arguments->kind != VALUE_OBJECT)
        return set_error(error, "QMP input member 'arguments' must be an object");
    for (const Value *member = message->items.first; member; member = member->next)
        if (!is_known(member->name))
            return unexpected(member->name, error);
    if (!execute)
        return set_error(error, "QMP input lacks member 'execute'");
    request->execute = execute->string.text;
    return TRUE;
}

GString *envelope_return(const Type *type, const void *result, const Value *id)
{
    GString *out = g_string_sized_new(REPLY_SIZE);

    g_string_append(out, "{\"return\": ");
    if (type)
        schema_dump(type, result, FALSE, out);
    else
        g_string_append(out, "{}");
    if (id) {
        g_string_append(out, ", \"id\": ");
        json_append_value(out, id);
    }
    g_string_append(out, "}\n");
    return out;
}

const char *envelope_error_class(const GError *error)
{
    return g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND)
               ? "CommandNotFound"
               : "GenericError";
}

GString *envelope_error(const GError *error, const Value *id)
{
    GString *out = g_string_new("{");

    if (id) {
        g_string_append(out, "\"id\": ");
        json_append_value(out, id);
        g_string_append(out, ", ");
    }
    g_string_append_printf(out, "\"error\": {\"class\": \"%s\", \"desc\": ",
                           envelope_error_class(error));
    json_append_string(out, error->message);
    g_string_append(out, "}}\n");
    return out;
}
