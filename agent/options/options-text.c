/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "agent/options/options-table.h"

#define GROUP "general"
/* Where the help's second column starts. */
#define HELP_COLUMN 28

static char *spelling(const Option *option)
{
    const char *argument = option->argument ? option->argument : "";
    const char *space = *argument && *argument != '[' ? " " : "";

    if (!option->letter)
        return g_strdup_printf("    --%s%s%s", option->name, space, argument);
    return g_strdup_printf("-%c, --%s%s%s", option->letter, option->name, space, argument);
}

char *options_help(const char *program)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "Usage: %s [-m METHOD -p PATH] [OPTION]...\n"
                           "Serve the host of this virtual machine over its guest agent channel.\n\n",
                           program);
    for (const Option *option = option_table; option->name; option++) {
        g_autofree char *name = spelling(option);

        if (option->flags & (OPTION_HIDDEN | OPTION_NO_SWITCH))
            continue;
        g_string_append_printf(out, "  %-*s %s\n", HELP_COLUMN, name, option->doc);
    }
    g_string_append(out, "\nMore keys for the configuration file's [" GROUP "] group:\n");
    for (const Option *option = option_table; option->name; option++)
        if ((option->flags & OPTION_NO_SWITCH) && !(option->flags & OPTION_HIDDEN))
            g_string_append_printf(out, "  %-*s %s\n", HELP_COLUMN, option->name, option->doc);
    g_string_append(out, "\nTry: guestd --self-test\n");
    return g_string_free(out, FALSE);
}

static void dump_list(GKeyFile *file, const char *key, const GPtrArray *list)
{
    GString *joined = g_string_new(NULL);

    for (guint i = 0; list && i < list->len; i++)
        g_string_append_printf(joined, "%s%s", i ? "," : "", (char *)list->pdata[i]);
    g_key_file_set_string(file, GROUP, key, joined->str);
    g_string_free(joined, TRUE);
}

static void dump_option(GKeyFile *file, const Option *option, const Settings *settings)
{
    const char *key = option_key(option);

    switch (option->kind) {
    case OPTION_BOOL:
        if ((option->flags & OPTION_DUMP_ALWAYS) || *option_member(option, settings, gboolean))
            g_key_file_set_boolean(file, GROUP, key, *option_member(option, settings, gboolean));
        break;
    case OPTION_STRING:
    case OPTION_HOOK:
        if (*option_member(option, settings, char *))
            g_key_file_set_string(file, GROUP, key, *option_member(option, settings, char *));
        break;
    case OPTION_NUMBER:
        if (*option_member(option, settings, gint64) != option->number)
            g_key_file_set_int64(file, GROUP, key, *option_member(option, settings, gint64));
        break;
    case OPTION_LIST:
        if ((option->flags & OPTION_DUMP_ALWAYS) || *option_member(option, settings, GPtrArray *))
            dump_list(file, key, *option_member(option, settings, GPtrArray *));
        break;
    default:
        break;
    }
}

char *options_dump(const Settings *settings)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    for (const Option *option = option_table; option->name; option++)
        if (!(option->flags & (OPTION_NO_KEY | OPTION_HIDDEN)))
            dump_option(file, option, settings);
    return g_key_file_to_data(file, NULL, NULL);
}

char *options_completion_words(void)
{
    GString *out = g_string_new(NULL);

    for (const Option *option = option_table; option->name; option++) {
        if (option->flags & (OPTION_HIDDEN | OPTION_NO_SWITCH))
            continue;
        g_string_append_printf(out, "--%s\n", option->name);
        if (option->letter)
            g_string_append_printf(out, "-%c\n", option->letter);
    }
    return g_string_free(out, FALSE);
}
