/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/describe/describe.h"

#include "agent/core/policy.h"
#include "agent/options/options.h"
#include "agent/schema/rules.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

typedef struct {
    guint flag;
    const char *name;
} FlagName;

static const FlagName flag_names[] = {
    { COMMAND_WHILE_FROZEN, "while-frozen" },
    { COMMAND_NO_SUCCESS_REPLY, "no-success-reply" },
    { COMMAND_BLOCKING, "blocking" },
    { COMMAND_MUTATING, "mutating" },
    { COMMAND_ROOT_EQUIVALENT, "root-equivalent" },
    { COMMAND_BARRIER, "barrier" },
    { COMMAND_DELIMITED, "delimited" },
};

static const FlagName class_names[] = {
    { COMMAND_SESSION, "session" },   { COMMAND_READS, "reads" },
    { COMMAND_QUIESCE, "quiesce" },   { COMMAND_SHUTDOWN, "shutdown" },
    { COMMAND_SUSPEND, "suspend" },   { COMMAND_TIME, "time" },
    { COMMAND_HOTPLUG, "hotplug" },   { COMMAND_EXEC, "exec" },
    { COMMAND_FILES, "files" },       { COMMAND_ACCOUNTS, "accounts" },
};

static void json_member(GString *out, const char *name, const char *value)
{
    if (!value)
        return;
    if (out->str[out->len - 1] != '{')
        g_string_append(out, ", ");
    g_string_append_printf(out, "\"%s\": ", name);
    json_append_string(out, value);
}

static void json_type(GString *out, const Type *type);

static void json_rules(GString *out, guint rules)
{
    gboolean first = TRUE;

    g_string_append(out, ", \"rules\": [");
    for (int i = 0; i < N_RULES; i++) {
        if (!(rules & RULE_BIT(i)))
            continue;
        g_string_append_printf(out, "%s\"%s\"", first ? "" : ", ", rule_table[i].key);
        first = FALSE;
    }
    g_string_append_c(out, ']');
}

static void json_fields(GString *out, const Type *type)
{
    g_string_append(out, ", \"members\": [");
    for (const Field *field = type->fields; field->name; field++) {
        g_string_append(out, field == type->fields ? "{" : ", {");
        json_member(out, "name", field->name);
        json_member(out, "doc", field->doc);
        json_member(out, "default", field->fallback);
        json_member(out, "since", field->since);
        g_string_append_printf(out, ", \"optional\": %s, \"secret\": %s, \"type\": ",
                               field->flags & FIELD_OPTIONAL ? "true" : "false",
                               field->flags & FIELD_SECRET ? "true" : "false");
        json_type(out, field->type);
        if (field->rules)
            json_rules(out, field->rules);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void json_type(GString *out, const Type *type)
{
    g_string_append_c(out, '{');
    json_member(out, "kind", type->kind == TYPE_ALTERNATE ? "alternate" : type_expected_name(type));
    json_member(out, "name", type->name);
    if (type->values) {
        g_string_append(out, ", \"values\": [");
        for (int i = 0; type->values[i]; i++) {
            g_string_append(out, i ? ", " : "");
            json_append_string(out, type->values[i]);
        }
        g_string_append_c(out, ']');
    }
    if (type->item) {
        g_string_append(out, ", \"item\": ");
        json_type(out, type->item);
    }
    if (type->fields)
        json_fields(out, type);
    g_string_append_c(out, '}');
}

/* The string items of a list, to which @flags among @names belong. */
static void json_flags(GString *out, const FlagName *names, gsize n, guint flags)
{
    gboolean first = TRUE;

    for (gsize i = 0; i < n; i++) {
        if (!(flags & names[i].flag))
            continue;
        g_string_append_printf(out, "%s\"%s\"", first ? "" : ", ", names[i].name);
        first = FALSE;
    }
}

static gboolean in_profile(const Command *command, const Profile *profile)
{
    return (command->flags & profile->classes) != 0;
}

static void json_profiles(GString *out, const Command *command)
{
    gboolean first = TRUE;

    for (const Profile *profile = policy_profiles; profile->name; profile++) {
        if (!in_profile(command, profile))
            continue;
        g_string_append_printf(out, "%s\"%s\"", first ? "" : ", ", profile->name);
        first = FALSE;
    }
}

static void json_command(GString *out, const Command *command)
{
    g_string_append_c(out, '{');
    json_member(out, "name", command->name);
    json_member(out, "since", command->since);
    json_member(out, "doc", command->doc);
    g_string_append(out, ", \"flags\": [");
    json_flags(out, flag_names, G_N_ELEMENTS(flag_names), command->flags);
    g_string_append(out, "], \"classes\": [");
    json_flags(out, class_names, G_N_ELEMENTS(class_names), command->flags);
    g_string_append(out, "], \"profiles\": [");
    json_profiles(out, command);
    g_string_append_c(out, ']');
    if (command->args) {
        g_string_append(out, ", \"arguments\": ");
        json_type(out, command->args);
    }
    if (command->returns) {
        g_string_append(out, ", \"returns\": ");
        json_type(out, command->returns);
    }
    g_string_append_c(out, '}');
}

static void json_event(GString *out, const Event *event)
{
    g_string_append_c(out, '{');
    json_member(out, "event", event->name);
    json_member(out, "since", event->since);
    json_member(out, "doc", event->doc);
    g_string_append(out, ", \"data\": ");
    json_type(out, event->data);
    g_string_append_c(out, '}');
}

static char *describe_json(const CommandSet *commands)
{
    GString *out = g_string_new("[");
    const CommandEntry *entry;
    const EventEntry *event;

    for (gsize i = 0; (entry = command_set_at(commands, i)); i++) {
        g_string_append(out, i ? ",\n " : "");
        json_command(out, entry->command);
    }
    for (gsize i = 0; (event = command_set_event_at(commands, i)); i++) {
        g_string_append(out, ",\n ");
        json_event(out, event->event);
    }
    g_string_append(out, "]\n");
    return g_string_free(out, FALSE);
}

/* "[str]", "int", "GuestUser": how the manual writes a type. */
static char *type_label(const Type *type)
{
    g_autofree char *item = NULL;

    if (type->kind != TYPE_LIST)
        return g_strdup(type->name ? type->name : type_expected_name(type));
    item = type_label(type->item);
    return g_strdup_printf("[%s]", item);
}

static void rst_fields(GString *out, const Type *type, int depth)
{
    while (type->kind == TYPE_LIST)
        type = type->item;
    for (const Field *field = type->fields; field && field->name; field++) {
        g_autofree char *label = type_label(field->type);

        g_string_append_printf(out, "%*s- ``%s``%s (%s): %s", depth * 2, "", field->name,
                               field->flags & FIELD_OPTIONAL ? ", optional" : "", label,
                               field->doc ? field->doc : "");
        if (field->fallback)
            g_string_append_printf(out, " (default %s)", field->fallback);
        if (field->since)
            g_string_append_printf(out, "; since %s", field->since);
        for (int i = 0; i < N_RULES; i++)
            if (field->rules & RULE_BIT(i))
                g_string_append_printf(out, "; subject to ``%s``", rule_table[i].key);
        g_string_append(out, "\n");
        rst_fields(out, field->type, depth + 1);
    }
}

static void rst_head(GString *out, const char *name, const char *doc, const char *since)
{
    gsize len = g_utf8_strlen(name, -1);

    g_string_append_printf(out, "%s\n", name);
    for (gsize i = 0; i < len; i++)
        g_string_append_c(out, '~');
    g_string_append_printf(out, "\n\n%s. Since %s.\n\n", doc, since);
}

static void rst_profiles(GString *out, const Command *command)
{
    g_string_append(out, "In the profiles:");
    for (const Profile *profile = policy_profiles; profile->name; profile++)
        if (in_profile(command, profile))
            g_string_append_printf(out, "%s %s", profile == policy_profiles ? "" : ",",
                                   profile->name);
    g_string_append(out, ".\n\n");
}

static void rst_command(GString *out, const Command *command)
{
    rst_head(out, command->name, command->doc, command->since);
    rst_profiles(out, command);
    if (command->args) {
        g_string_append(out, "Arguments:\n\n");
        rst_fields(out, command->args, 0);
        g_string_append(out, "\n");
    }
    if (command->returns) {
        g_autofree char *label = type_label(command->returns);

        g_string_append_printf(out, "Returns %s:\n\n", label);
        rst_fields(out, command->returns, 0);
        g_string_append(out, "\n");
    }
}

static void rst_event(GString *out, const Event *event)
{
    rst_head(out, event->name, event->doc, event->since);
    g_string_append(out, "An event. Its data:\n\n");
    rst_fields(out, event->data, 0);
    g_string_append(out, "\n");
}

static char *describe_rst(const CommandSet *commands)
{
    GString *out = g_string_new(NULL);
    const CommandEntry *entry;
    const EventEntry *event;

    for (gsize i = 0; (entry = command_set_at(commands, i)); i++)
        rst_command(out, entry->command);
    for (gsize i = 0; (event = command_set_event_at(commands, i)); i++)
        rst_event(out, event->event);
    return g_string_free(out, FALSE);
}

static char *describe_completion(const CommandSet *commands)
{
    GString *out = g_string_new(NULL);
    g_autofree char *options = options_completion_words();
    const CommandEntry *entry;

    g_string_append(out, options);
    for (gsize i = 0; (entry = command_set_at(commands, i)); i++)
        g_string_append_printf(out, "%s\n", entry->command->name);
    return g_string_free(out, FALSE);
}

char *describe_flags(const Command *command)
{
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(flag_names); i++)
        if (command->flags & flag_names[i].flag)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", flag_names[i].name);
    return g_string_free(out, FALSE);
}

char *describe_commands(const CommandSet *commands, const char *format, GError **error)
{
    if (g_str_equal(format, "json"))
        return describe_json(commands);
    if (g_str_equal(format, "rst"))
        return describe_rst(commands);
    if (g_str_equal(format, "completion"))
        return describe_completion(commands);
    if (g_str_equal(format, "man"))
        return describe_man(commands);
    /* Used by the build for the manual pages. */
    if (g_str_equal(format, "man-options"))
        return options_man();
    if (g_str_equal(format, "man-keys"))
        return options_man_keys();
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "unknown schema format %s; use json, rst, man or completion", format);
    return NULL;
}
