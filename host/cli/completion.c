/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/completion.h"

#include <string.h>

#include "host/cli/options.h"
#include "host/cli/verb.h"

/* Each line of the table: verb, option, how its value is completed. */
static void print_option(const char *verb, const VerbOption *option, FILE *to)
{
    static const char *const files[] = { "DIR", "FILE", "SOCKET", "PATH", "IMAGE", NULL };
    const char *value = option->value;
    gboolean optional = value && *value == '[';
    g_autofree char *choices = NULL;

    if (!value) {
        fprintf(to, "        '%s --%s') ;;\n", verb, option->name);
        return;
    }
    value += optional ? strspn(value, "[=") : 0;
    choices = g_strdelimit(g_strndup(value, strcspn(value, "]")), "|", ' ');
    if (strchr(choices, ' '))
        fprintf(to, "        '%s --%s') values='%s' ;;\n", verb, option->name, choices);
    else
        fprintf(to, "        '%s --%s') values=%s ;;\n", verb, option->name,
                g_strv_contains(files, choices) ? "FILES" : "ANY");
}

static void print_names(const VerbOption *options, gboolean with_value, FILE *to)
{
    const char *space = "";

    for (const VerbOption *option = options; option && option->name; option++) {
        gboolean optional = option->value && *option->value == '[';

        if (with_value && (!option->value || optional))
            continue;
        fprintf(to, "%s--%s", space, option->name);
        space = " ";
    }
}

/* A shell variable with the names of the verbs that have one of @flags; 0: of all. */
static void print_verbs(const char *variable, guint flags, FILE *to)
{
    const char *space = "";

    fprintf(to, "    local %s='", variable);
    for (const Verb *const *verb = verbs; *verb; verb++) {
        if (flags && !((*verb)->flags & flags))
            continue;
        fprintf(to, "%s%s", space, (*verb)->name);
        space = " ";
    }
    fprintf(to, "'\n");
}

/* _guestctl_options VERB: the options; sets "options". */
static void print_option_lists(FILE *to)
{
    fprintf(to, "_guestctl_options() {\n    case $1 in\n");
    for (const Verb *const *verb = verbs; *verb; verb++) {
        fprintf(to, "        %s) options='--help --json --dry-run --verbose", (*verb)->name);
        if ((*verb)->options)
            fputc(' ', to);
        print_names((*verb)->options, FALSE, to);
        fprintf(to, "' ;;\n");
    }
    fprintf(to, "        *) options='");
    print_names(global_options, FALSE, to);
    fprintf(to, "' ;;\n    esac\n}\n\n");
}

/* _guestctl_values VERB OPTION: sets "values": words, FILES, ANY, or nothing for a flag. */
static void print_value_lists(FILE *to)
{
    fprintf(to, "_guestctl_values() {\n    values=\n    case \"$1 $2\" in\n");
    for (const VerbOption *option = global_options; option->name; option++)
        print_option("", option, to);
    fprintf(to, "        ' -c') values=ANY ;;\n");
    for (const Verb *const *verb = verbs; *verb; verb++)
        for (const VerbOption *option = (*verb)->options; option && option->name; option++)
            print_option((*verb)->name, option, to);
    fprintf(to, "    esac\n}\n\n");
}

static const char names_function[] =
    "# The names of the VMs, behind those of a list that are there already.\n"
    "_guestctl_vms() {\n"
    "    local before=\n"
    "    case $cur in *,*) before=${cur%,*}, ;; esac\n"
    "    local names\n"
    "    names=$(\"${words[0]}\" \"${from[@]}\" list --names 2>/dev/null)\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY+=($(compgen -P \"$before\" -W \"$names\" -- \"${cur##*,}\"))\n"
    "}\n\n";

/*
 * Walks over the words before the cursor. bash splits words at "=" and ":", so that an
 * option's value may be a word of its own behind a "=".
 */
static const char main_function[] =
    "    local -a words=(\"${COMP_WORDS[@]:0:COMP_CWORD+1}\") from=()\n"
    "    local cur=${words[COMP_CWORD]} verb= vm= named= option= options values word i\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${words[i]}\n"
    "        case $word in\n"
    "            --) [ -z \"$verb\" ] || { _guestctl_files; return; } ;;\n"
    "            =) ;;\n"
    "            -*)\n"
    "                _guestctl_values \"$verb\" \"$word\"\n"
    "                option=$word\n"
    "                [ -n \"$verb\" ] || case $word in --agent|--qmp|--all|--match) named=y ;; esac\n"
    "                if [ -n \"$values\" ] && ! _guestctl_optional \"$verb\" \"$word\"; then\n"
    "                    [ \"${words[i+1]}\" != = ] || ((i++))\n"
    "                    ((i + 1 < COMP_CWORD)) || { _guestctl_value; return; }\n"
    "                    ((i++))\n"
    "                    case $word in -c|--connect) from=(-c \"${words[i]}\") ;; esac\n"
    "                fi ;;\n"
    "            *)\n"
    "                if [ -n \"$verb\" ]; then continue; fi\n"
    "                case \" $all \" in *\" $word \"*)\n"
    "                    if [ -n \"$vm$named\" ] || [[ \" $alone \" == *\" $word \"* ]]; then\n"
    "                        verb=$word; continue; fi ;;\n"
    "                esac\n"
    "                vm=$word ;;\n"
    "        esac\n"
    "    done\n"
    "    if [[ $cur == -* ]]; then\n"
    "        _guestctl_options \"$verb\"\n"
    "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
    "    elif [ \"${words[COMP_CWORD-1]}\" = = ] || [ \"$cur\" = = ]; then\n"
    "        [ \"$cur\" != = ] || cur=\n"
    "        _guestctl_values \"$verb\" \"$option\"; _guestctl_value\n"
    "    elif [ -n \"$verb\" ]; then\n"
    "        _guestctl_files\n"
    "    elif [ -n \"$vm$named\" ]; then\n"
    "        COMPREPLY=($(compgen -W \"$all\" -- \"$cur\"))\n"
    "    else\n"
    "        COMPREPLY=($(compgen -W \"$alone\" -- \"$cur\"))\n"
    "        _guestctl_vms\n"
    "    fi\n"
    "}\n\n"
    "complete -F _guestctl guestctl\n";

static const char value_functions[] =
    "_guestctl_files() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "}\n\n"
    "# What $values says of the value under the cursor.\n"
    "_guestctl_value() {\n"
    "    [ \"$cur\" != = ] || cur=\n"
    "    case $values in\n"
    "        FILES) _guestctl_files ;;\n"
    "        ANY|'') COMPREPLY=() ;;\n"
    "        *) COMPREPLY=($(compgen -W \"$values\" -- \"$cur\")) ;;\n"
    "    esac\n"
    "}\n\n";

/* Options whose value can only stand behind a "=". */
static void print_optional_values(FILE *to)
{
    fprintf(to, "_guestctl_optional() {\n    case \"$1 $2\" in\n        '' ");
    for (const Verb *const *verb = verbs; *verb; verb++)
        for (const VerbOption *option = (*verb)->options; option && option->name; option++)
            if (option->value && *option->value == '[')
                fprintf(to, "| '%s --%s' ", (*verb)->name, option->name);
    fprintf(to, ") return 0 ;;\n        *) return 1 ;;\n    esac\n}\n\n");
}

void completion_print(FILE *to)
{
    fprintf(to, "# bash completion for guestctl; made by guestctl --completion\n"
                "# SPDX-License-Identifier: LGPL-2.1-or-later\n\n");
    print_option_lists(to);
    print_value_lists(to);
    print_optional_values(to);
    fputs(value_functions, to);
    fputs(names_function, to);
    fprintf(to, "_guestctl() {\n");
    print_verbs("all", 0, to);
    print_verbs("alone", VERB_NO_VM | VERB_ALL_BY_DEFAULT, to);
    fputs(main_function, to);
}
