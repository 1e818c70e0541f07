/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/context.h"
#include "host/cli/verb.h"

/* The command line up to the verb. The strings are those of argv. */
typedef struct {
    Context context;
    const char *spec;        /* the VMs, or NULL */
    const Verb *verb;        /* NULL: no verb was given */
    const char *const *rest; /* the words after the verb; the caller frees the array */
    gboolean help;
    gboolean version;
} CommandLine;

typedef enum {
    GLOBAL_TEXT,    /* sets a const char * */
    GLOBAL_TEXTS,   /* may be repeated: adds to a GPtrArray, NULL at first, which the caller frees */
    GLOBAL_FLAG,    /* sets a gboolean */
    GLOBAL_SECONDS, /* sets a gint64 of milliseconds */
} GlobalOptionKind;

/* A global option: parser, help, manual and completion follow from the row. */
typedef struct {
    VerbOption option;
    char letter; /* the short form; 0: none */
    GlobalOptionKind kind;
    gsize offset;      /* of the member of CommandLine that it sets */
    gboolean anywhere; /* may also stand after the verb */
} GlobalOption;

/* The global options in the order of the help; the last row has no name. */
extern const GlobalOption options_global[];

/*
 * Reads @argv, which is NULL-terminated and lacks the program's name. FALSE with
 * GUESTD_ERROR_USAGE in @error.
 */
gboolean options_read(const char *const *argv, CommandLine *line, GError **error);
