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
    OPTION_HIDDEN = 1 << 3,      /* accepted, but neither documented nor dumped */
    OPTION_STRIP = 1 << 4, /* blanks around the words of a list are removed; qemu-ga keeps them */
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
    const char *now; /* the present name of a renamed key */
} Option;

/* The largest number that a key takes. */
#define OPTION_NUMBER_MAX G_MAXINT32

/* Ends with a name of NULL. In the order of --dump-conf. */
extern const Option option_table[];

const char *option_key(const Option *option);

/* The member of @settings that @option sets. */
#define option_member(option, settings, T) ((T *)(void *)((char *)(settings) + (option)->offset))

/*
 * Applies @value, or NULL for an option without one. @from_file: a key of the file, not an option.
 */
void option_apply(const Option *option, const char *value, Settings *settings);

/* Sets every number to its default, before anything else is read. */
void options_set_numbers(Settings *settings);

/*
 * Reads the configuration file @path into @settings and warns about unknown keys. Returns FALSE
 * with @error set if the file cannot be read or a value is invalid.
 */
gboolean config_load(const char *path, Settings *settings, GError **error);

/*
 * The file to read: @given if not NULL, else $QGA_CONF, else the first of the
 * standard ones that exists, else NULL. *@must_exist is set if it was named by
 * hand. The caller frees it.
 */
char *config_find(const char *given, gboolean *must_exist);
