/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/options/options.h"

/* The one table of options and configuration keys, shared by the files options*.c. */

typedef enum {
    OPTION_BOOL,
    OPTION_STRING,
    OPTION_HOOK, /* a string with a default of its own when given bare */
    OPTION_NUMBER, /* a whole number, gint64 */
    OPTION_LIST, /* comma separated; "help" lists the commands */
    OPTION_CONFIG,
    OPTION_IGNORED,
    OPTION_ACTION,
} OptionKind;

typedef enum {
    OPTION_DUMP_ALWAYS = 1 << 0, /* else only when set */
    OPTION_NO_KEY = 1 << 1,      /* not for configuration files */
    OPTION_NO_SWITCH = 1 << 2,   /* only for configuration files */
    OPTION_HIDDEN = 1 << 3,      /* taken, but not told of, nor dumped */
    OPTION_STRIP = 1 << 4, /* blanks around the words of a list are nothing; qemu-ga keeps them */
} OptionFlags;

typedef struct {
    char letter; /* 0: none */
    const char *name;
    const char *key; /* in the file, where it is not @name */
    OptionKind kind;
    gsize offset; /* in Settings */
    guint flags;
    Action action;
    const char *argument; /* its placeholder; "[=X]" if it may be left out */
    const char *doc;
    gint64 number; /* default of a number */
    const char *now; /* of a key that has another name by now */
} Option;

/* The largest number that a key takes. */
#define OPTION_NUMBER_MAX G_MAXINT32

/* Ends with a nameless row. In the order of --dump-conf. */
extern const Option option_table[];

const char *option_key(const Option *option);

/* The member of @settings that @option sets. */
#define option_member(option, settings, T) ((T *)(void *)((char *)(settings) + (option)->offset))

/* Sets what @value says; NULL for an option given bare. @from_file as opposed to the command line. */
void option_apply(const Option *option, const char *value, Settings *settings);

/* Sets every number to its default, before anything else is read. */
void options_set_numbers(Settings *settings);

/*
 * Reads configuration file @path into @settings; unknown keys are logged as
 * warnings. Returns FALSE with @error set if it cannot be read or is wrong.
 */
gboolean config_load(const char *path, Settings *settings, GError **error);

/*
 * The file to read: @given if not NULL, else $QGA_CONF, else the first of the
 * standard ones that exists, else NULL. *@must_exist is set if it was named by
 * hand. The caller frees it.
 */
char *config_find(const char *given, gboolean *must_exist);
