/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/completion.h"

#include <string.h>

#include "host/cli/options.h"
#include "host/cli/verb.h"

/* How the value of an option is completed: words, FILES or ANY; the caller owns it. */
static char *values_of(const VerbOption *option)
{
    static const char *const files[] = { "DIR", "FILE", "SOCKET", "PATH", "IMAGE", NULL };
    const char *value = option->value;
    g_autofree char *choices = NULL;

    value += *value == '[' ? strspn(value, "[=") : 0;
    choices = g_strdelimit(g_strndup(value, strcspn(value, "]")), "|", ' ');
    if (strchr(choices, ' '))
        return g_steal_pointer(&choices);
    return g_strdup(g_strv_contains(files, choices) ? "FILES" : "ANY");
}

/* A line of the table: verb, option, how its value is completed. */
static void print_option(const char *verb, const char *name, const VerbOption *option, FILE *to)
{
    g_autofree char *values = option->value ? values_of(option) : NULL;

    fprintf(to, "        '%s %s') ", verb, name);
    if (values)
        fprintf(to, "values='%s' ", values);
    fprintf(to, ";;\n");
}

static void print_name(const char *name, FILE *to)
{
    fprintf(to, " --%s", name);
}

/* Assigns the names of the verbs with one of @flags, or of all for 0, to a shell variable. */
static void print_verb_names(const char *variable, guint flags, FILE *to)
{
    fprintf(to, "    %s='", variable);
    for (const Verb *const *verb = verbs; *verb; verb++)
        if (!flags || ((*verb)->flags & flags))
            fprintf(to, "%s%s", verb == verbs ? "" : " ", (*verb)->name);
    fprintf(to, "'\n");
}

static void print_verbs(FILE *to)
{
    fprintf(to, "_guestctl_verbs() {\n");
    print_verb_names("all", 0, to);
    print_verb_names("alone", VERB_NO_VM | VERB_ALL_BY_DEFAULT, to);
    fprintf(to, "}\n\n");
}

static void print_options(FILE *to)
{
    fprintf(to, "_guestctl_options() {\n    case $1 in\n");
    for (const Verb *const *verb = verbs; *verb; verb++) {
        fprintf(to, "        %s) options='", (*verb)->name);
        for (const GlobalOption *option = options_global; option->option.name; option++)
            if (option->anywhere)
                print_name(option->option.name, to);
        for (const VerbOption *option = (*verb)->options; option && option->name; option++)
            print_name(option->name, to);
        fprintf(to, "' ;;\n");
    }
    fprintf(to, "        *) options='");
    for (const GlobalOption *option = options_global; option->option.name; option++)
        print_name(option->option.name, to);
    fprintf(to, "' ;;\n    esac\n}\n\n");
}

static void print_global(const GlobalOption *option, FILE *to)
{
    g_autofree char *name = g_strconcat("--", option->option.name, NULL);
    const char letter[] = { '-', option->letter, '\0' };

    print_option("", name, &option->option, to);
    if (option->letter)
        print_option("", letter, &option->option, to);
}

static void print_values(FILE *to)
{
    fprintf(to, "_guestctl_values() {\n    values=\n    case \"$1 $2\" in\n");
    for (const GlobalOption *option = options_global; option->option.name; option++)
        print_global(option, to);
    for (const Verb *const *verb = verbs; *verb; verb++)
        for (const VerbOption *option = (*verb)->options; option && option->name; option++) {
            g_autofree char *name = g_strconcat("--", option->name, NULL);

            print_option((*verb)->name, name, option, to);
        }
    fprintf(to, "    esac\n}\n\n");
}

/* Options whose value can only stand after a "=". */
static void print_optional(FILE *to)
{
    fprintf(to, "_guestctl_optional() {\n    case \"$1 $2\" in\n");
    for (const Verb *const *verb = verbs; *verb; verb++)
        for (const VerbOption *option = (*verb)->options; option && option->name; option++)
            if (option->value && *option->value == '[')
                fprintf(to, "        '%s --%s') return 0 ;;\n", (*verb)->name, option->name);
    fprintf(to, "        *) return 1 ;;\n    esac\n}\n");
}

void completion_print(FILE *to)
{
    print_verbs(to);
    print_options(to);
    print_values(to);
    print_optional(to);
}
