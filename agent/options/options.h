/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/settings.h"

/* The action that the command line requests. */
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
 * Reads the command line and the configuration file into @settings, which must be zeroed, and fills
 * the defaults that do not depend on the channel. Returns FALSE with @error set.
 */
gboolean options_parse(int argc, char **argv, Settings *settings, Invocation *invocation,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Fills the defaults that depend on the channel and checks that a path is
 * there where one is needed. Returns FALSE with @error set.
 */
gboolean options_complete(Settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void settings_clear(Settings *settings);

/* The texts of --help and --dump-conf, to be freed. */
char *options_help(const char *program);
char *options_dump(const Settings *settings);

/* The words that shell completion offers, one a line; to be freed. */
char *options_completion_words(void);

/* The options of guestd(8) and the keys of guestd.conf(5), as paragraphs of a manual page. */
char *options_man(void);
char *options_man_keys(void);
