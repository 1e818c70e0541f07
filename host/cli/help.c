/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/help.h"

#include <string.h>

#include "host/cli/options.h"

#define COLUMN 26

/* @letter: the short form; 0: none. */
static void print_option(const VerbOption *option, char letter, FILE *to)
{
    const char form[] = { '-', letter, ',', ' ', '\0' };
    gboolean optional = option->value && *option->value == '[';
    g_autofree char *left =
        g_strdup_printf("  %s--%s%s%s", letter ? form : "", option->name,
                        option->value && !optional ? " " : "", option->value ? option->value : "");

    if (strlen(left) >= COLUMN)
        fprintf(to, "%s\n%*s%s\n", left, COLUMN, "", option->doc);
    else
        fprintf(to, "%-*s%s\n", COLUMN, left, option->doc);
}

static void print_verb(const Verb *verb, FILE *to)
{
    const char *vm = verb->flags & VERB_ALL_BY_DEFAULT ? " [VM]"
                     : verb->flags & VERB_NO_VM        ? ""
                                                       : " VM";

    fprintf(to, "guestctl%s %s%s%s%s\n\n%s.\n", vm, verb->name,
            verb->options ? " [OPTION]…" : "", verb->usage ? " " : "",
            verb->usage ? verb->usage : "", verb->summary);
    if (verb->doc)
        fprintf(to, "\n%s\n", verb->doc);
    if (verb->options)
        fprintf(to, "\nOptions:\n");
    for (const VerbOption *option = verb->options; option && option->name; option++)
        print_option(option, 0, to);
}

void help_print(const Verb *verb, FILE *to)
{
    if (verb) {
        print_verb(verb, to);
        return;
    }
    fprintf(to, "guestctl [OPTION]… VM[,VM…] VERB [ARGUMENT]…\n\n"
                "Query guest agents, shut guests down, take quiesced snapshots and backups.\n"
                "VM is a libvirt domain or a name in vms.ini; see also --agent.\n\nVerbs:\n");
    for (const Verb *const *row = verbs; *row; row++)
        fprintf(to, "  %-*s%s\n", COLUMN - 2, (*row)->name, (*row)->summary);
    fprintf(to, "\nOptions:\n");
    for (const GlobalOption *option = options_global; option->option.name; option++)
        print_option(&option->option, option->letter, to);
    fprintf(to, "\nHelp on a verb: guestctl VERB --help\n");
}
