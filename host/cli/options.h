/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/context.h"
#include "host/cli/verb.h"

/* What stands before the verb, and which verb it is. The strings are those of argv. */
typedef struct {
    Context context;
    const char *spec;        /* the VMs, or NULL */
    const Verb *verb;        /* NULL: none was given */
    const char *const *rest; /* the verb's part */
    gboolean help;
    gboolean version;
} CommandLine;

/* The global options, for help; ends with a nameless one. */
extern const VerbOption global_options[];

/* Returns FALSE with GUESTD_ERROR_USAGE in @error. @argv without the program's name. */
gboolean command_line_parse(const char *const *argv, CommandLine *line, GError **error);
