/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/help.h"

#include <string.h>

#include "host/cli/options.h"

#define COLUMN 26

static void print_option(const VerbOption *option, FILE *to)
{
    gboolean optional = option->value && *option->value == '[';
    g_autofree char *left =
        g_strdup_printf("  --%s%s%s", option->name, option->value && !optional ? " " : "",
                        option->value ? option->value : "");

    if (strlen(left) >= COLUMN)
        fprintf(to, "%s\n%*s%s\n", left, COLUMN, "", option->doc);
    else
        fprintf(to, "%-*s%s\n", COLUMN, left, option->doc);
}

static void print_options(const VerbOption *options, const char *title, FILE *to)
{
    if (!options || !options->name)
        return;
    fprintf(to, "\n%s:\n", title);
    for (const VerbOption *option = options; option->name; option++)
        print_option(option, to);
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
    print_options(verb->options, "Options", to);
}

void help_print(const Verb *verb, FILE *to)
{
    if (verb) {
        print_verb(verb, to);
        return;
    }
    fprintf(to, "guestctl [OPTION]… VM[,VM…] VERB [ARGUMENT]…\n\n"
                "Asks the agents of guests, shuts guests down, takes quiesced snapshots and backups.\n"
                "VM is a libvirt domain or a name in vms.ini; see also --agent.\n\nVerbs:\n");
    for (const Verb *const *row = verbs; *row; row++)
        fprintf(to, "  %-*s%s\n", COLUMN - 2, (*row)->name, (*row)->summary);
    print_options(global_options, "Options", to);
    fprintf(to, "\nMore on a verb: guestctl VERB --help\n");
}
