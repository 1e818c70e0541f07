/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/describe/describe.h"

#include "agent/core/policy.h"
#include "lib/roff.h"

/* "a, b or c" */
static void append_choices(GString *out, const char *const *values)
{
    for (int i = 0; values[i]; i++) {
        if (i > 0)
            g_string_append(out, values[i + 1] ? ", " : " or ");
        roff_bold(out, values[i]);
    }
}

static void append_type(GString *out, const Type *type)
{
    static const char *const words[] = {
        [TYPE_INT] = "integer",     [TYPE_UINT64] = "unsigned integer",
        [TYPE_NUMBER] = "number",   [TYPE_BOOL] = "boolean",
        [TYPE_STRING] = "string",   [TYPE_ENUM] = "string: ",
        [TYPE_LIST] = "array of ",  [TYPE_OBJECT] = "object",
        [TYPE_BASE64] = "string, base64", [TYPE_ALTERNATE] = " or string: ",
    };

    if (type->kind == TYPE_ALTERNATE)
        append_type(out, type->item);
    g_string_append(out, words[type->kind]);
    if (type->kind == TYPE_LIST)
        append_type(out, type->item);
    else if (type->values)
        append_choices(out, type->values);
}

static void append_since(GString *out, const char *since)
{
    gboolean ours = g_str_has_prefix(since, "guestd");

    g_string_append(out, ours ? "Extension, since " : "Since QEMU ");
    roff_text(out, since);
    g_string_append(out, ".\n");
}

static void append_fields(GString *out, const Type *type);

static void append_field(GString *out, const Field *field)
{
    g_string_append(out, ".TP\n");
    roff_bold(out, field->name);
    g_string_append(out, " (");
    append_type(out, field->type);
    g_string_append(out, field->flags & FIELD_OPTIONAL ? "; optional)\n" : ")\n");
    if (field->doc)
        roff_sentence(out, field->doc);
    if (field->fallback) {
        g_string_append(out, "Default: ");
        roff_text(out, field->fallback);
        g_string_append(out, ".\n");
    }
    if (field->since)
        append_since(out, field->since);
    append_fields(out, field->type);
}

/* The members of an object, or of the objects of an array, indented. */
static void append_fields(GString *out, const Type *type)
{
    while (type->kind == TYPE_LIST)
        type = type->item;
    if (!type->fields || !type->fields->name)
        return;
    g_string_append(out, ".RS\n");
    for (const Field *field = type->fields; field->name; field++)
        append_field(out, field);
    g_string_append(out, ".RE\n");
}

static void append_head(GString *out, const char *name, const char *doc, const char *since)
{
    g_string_append(out, ".SS ");
    roff_text(out, name);
    g_string_append_c(out, '\n');
    roff_sentence(out, doc);
    append_since(out, since);
}

static void append_flags(GString *out, const Command *command)
{
    g_autofree char *flags = describe_flags(command);

    if (!*flags)
        return;
    g_string_append(out, "Flags: ");
    roff_text(out, flags);
    g_string_append(out, ".\n");
}

static void append_profiles(GString *out, const Command *command)
{
    const char *before = "Profiles: ";

    for (const Profile *profile = policy_profiles; profile->name; profile++) {
        if (!(command->flags & profile->classes))
            continue;
        g_string_append(out, before);
        roff_text(out, profile->name);
        before = ", ";
    }
    g_string_append(out, ".\n");
}

static void append_command(GString *out, const Command *command)
{
    append_head(out, command->name, command->doc, command->since);
    append_flags(out, command);
    append_profiles(out, command);
    g_string_append(out, ".PP\n");
    if (command->args) {
        g_string_append(out, "Arguments:\n");
        append_fields(out, command->args);
        g_string_append(out, ".PP\n");
    }
    if (command->flags & COMMAND_NO_SUCCESS_REPLY) {
        g_string_append(out, "Sends no reply on success.\n");
        return;
    }
    g_string_append(out, "Returns: ");
    if (command->returns)
        append_type(out, command->returns);
    else
        g_string_append(out, "an empty object");
    g_string_append(out, ".\n");
    if (command->returns)
        append_fields(out, command->returns);
}

static void append_event(GString *out, const Event *event)
{
    append_head(out, event->name, event->doc, event->since);
    g_string_append(out, ".PP\nData:\n");
    append_fields(out, event->data);
}

char *describe_man(const CommandSet *commands)
{
    GString *out = g_string_new(".SH COMMANDS\n");
    const CommandEntry *entry;
    const EventEntry *event;

    for (gsize i = 0; (entry = command_set_at(commands, i)); i++)
        append_command(out, entry->command);
    g_string_append(out, ".SH EVENTS\n");
    for (gsize i = 0; (event = command_set_event_at(commands, i)); i++)
        append_event(out, event->event);
    return g_string_free(out, FALSE);
}
