/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/manual.h"

#include <string.h>

#include "host/cli/options.h"
#include "host/cli/verb.h"
#include "lib/roff.h"

/* A capital word stands for something, all else is typed: "auto|full", "[=DIR]", ":PATH". */
static void append_placeholders(GString *out, const char *text)
{
    while (*text) {
        gsize capitals = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        gsize others = strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        gsize len = capitals ? capitals : others;
        g_autofree char *part = g_strndup(text, len);

        if (capitals)
            roff_italic(out, part);
        else
            roff_text(out, part);
        text += len;
    }
}

/* @letter: the short form; 0: none. */
static void append_option(GString *out, const VerbOption *option, char letter)
{
    g_autofree char *name = g_strdup_printf("--%s", option->name);
    const char form[] = { '-', letter, '\0' };

    g_string_append(out, ".TP\n");
    if (letter) {
        roff_bold(out, form);
        g_string_append(out, ", ");
    }
    roff_bold(out, name);
    if (option->value && *option->value != '[')
        g_string_append_c(out, ' ');
    if (option->value)
        append_placeholders(out, option->value);
    g_string_append_c(out, '\n');
    roff_sentence(out, option->doc);
}

/* As in its --help, but for the fonts. */
static void append_usage(GString *out, const Verb *verb)
{
    roff_bold(out, "guestctl");
    if (verb->flags & VERB_ALL_BY_DEFAULT)
        g_string_append(out, " [\\fIVM\\fR]");
    else if (!(verb->flags & VERB_NO_VM))
        g_string_append(out, " \\fIVM\\fR");
    g_string_append_c(out, ' ');
    roff_bold(out, verb->name);
    if (verb->options)
        g_string_append(out, " [\\fIOPTION\\fR]...");
    if (verb->usage) {
        g_string_append_c(out, ' ');
        append_placeholders(out, verb->usage);
    }
    g_string_append_c(out, '\n');
}

static void append_verb(GString *out, const Verb *verb)
{
    g_string_append(out, ".SS ");
    roff_text(out, verb->name);
    g_string_append_c(out, '\n');
    append_usage(out, verb);
    g_string_append(out, ".PP\n");
    roff_sentence(out, verb->summary);
    if (verb->flags & VERB_ONE_VM)
        g_string_append(out, "For one VM at a time.\n");
    if (verb->doc) {
        g_string_append(out, ".PP\n");
        roff_text(out, verb->doc);
        g_string_append_c(out, '\n');
    }
    for (const VerbOption *option = verb->options; option && option->name; option++)
        append_option(out, option, 0);
}

void manual_print(FILE *to)
{
    g_autoptr(GString) out = g_string_new(".SH OPTIONS\n");

    for (const GlobalOption *option = options_global; option->option.name; option++)
        append_option(out, &option->option, option->letter);
    g_string_append(out, ".SH VERBS\n");
    for (const Verb *const *verb = verbs; *verb; verb++)
        append_verb(out, *verb);
    fputs(out->str, to);
}
