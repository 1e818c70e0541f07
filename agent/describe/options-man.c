/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "agent/options/options-table.h"

#include <string.h>

#include "lib/roff.h"

/* " METHOD", "[=PATH]" */
static void append_argument(GString *out, const Option *option)
{
    const char *argument = option->argument;
    g_autofree char *word = NULL;

    if (!argument)
        return;
    if (*argument != '[') {
        g_string_append_c(out, ' ');
        roff_italic(out, argument);
        return;
    }
    word = g_strndup(argument + 2, strcspn(argument + 2, "]"));
    g_string_append(out, "[=");
    roff_italic(out, word);
    g_string_append_c(out, ']');
}

static void append_switch(GString *out, const Option *option)
{
    g_autofree char *name = g_strdup_printf("--%s", option->name);

    if (option->letter) {
        char letter[] = { '-', option->letter, '\0' };

        roff_bold(out, letter);
        g_string_append(out, ", ");
    }
    roff_bold(out, name);
    append_argument(out, option);
}

char *options_man(void)
{
    GString *out = g_string_new(NULL);

    for (const Option *option = option_table; option->name; option++) {
        if (option->flags & (OPTION_HIDDEN | OPTION_NO_SWITCH))
            continue;
        g_string_append(out, ".TP\n");
        append_switch(out, option);
        g_string_append_c(out, '\n');
        roff_sentence(out, option->doc);
        if (option->flags & OPTION_NO_KEY)
            continue;
        g_string_append(out, "Key: ");
        roff_bold(out, option_key(option));
        g_string_append(out, ".\n");
    }
    return g_string_free(out, FALSE);
}

static void append_kind(GString *out, const Option *option)
{
    switch (option->kind) {
    case OPTION_BOOL:
        g_string_append(out, "Boolean: \\fBtrue\\fR or \\fBfalse\\fR, the default.\n");
        break;
    case OPTION_NUMBER:
        g_string_append_printf(out, "An integer from 0 to %d.\n", OPTION_NUMBER_MAX);
        break;
    case OPTION_LIST:
        g_string_append(out, "A comma-separated list; empty by default.\n");
        break;
    default:
        g_string_append(out, "A string.\n");
        break;
    }
}

char *options_man_keys(void)
{
    GString *out = g_string_new(NULL);

    for (const Option *option = option_table; option->name; option++) {
        if (option->flags & (OPTION_HIDDEN | OPTION_NO_KEY))
            continue;
        g_string_append(out, ".TP\n");
        roff_bold(out, option_key(option));
        g_string_append_c(out, '\n');
        roff_sentence(out, option->doc);
        append_kind(out, option);
        if (option->flags & OPTION_NO_SWITCH)
            continue;
        g_string_append(out, "On the command line: ");
        append_switch(out, option);
        g_string_append(out, ".\n");
    }
    return g_string_free(out, FALSE);
}
