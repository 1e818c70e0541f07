/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/settings.h"

/* What the command line asks for. */
typedef enum {
    ACTION_RUN,
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_DUMP_CONF,
    ACTION_LIST_COMMANDS, /* -b help */
    ACTION_DUMP_SCHEMA,
    ACTION_SELF_TEST,
} Action;

typedef struct {
    Action action;
    char *dump_format; /* of ACTION_DUMP_SCHEMA */
} Invocation;

/*
 * Reads the command line and the configuration file into @settings, which must
 * be zeroed, and fills the defaults that the channel does not decide. Returns
 * FALSE with @error set: what is wrong and what to do.
 */
gboolean options_parse(int argc, char **argv, Settings *settings, Invocation *invocation,
                       GError **error);

/*
 * Fills the defaults that depend on the channel and checks that a path is
 * there where one is needed. Returns FALSE with @error set.
 */
gboolean options_complete(Settings *settings, GError **error);

void settings_clear(Settings *settings);

/* The texts of --help and --dump-conf, to be freed. */
char *options_help(const char *program);
char *options_dump(const Settings *settings);

/* The words that shell completion offers, one a line; to be freed. */
char *options_completion_words(void);

/* The options of guestd(8) and the keys of guestd.conf(5), as paragraphs of a manual page. */
char *options_man(void);
char *options_man_keys(void);
