/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "agent/options/options.h"

#include <getopt.h>
#include <string.h>

#include "agent/core/policy.h"
#include "agent/options/options-table.h"
#include "lib/errors.h"

/* getopt_long() returns this plus the row's index for each option. */
#define ROW_BASE 256

typedef struct {
    GString *letters;
    GArray *longs; /* of struct option */
} GetoptTables;

/* 0: none, 1: wanted, 2: may be left out, as getopt_long() counts. */
static int argument_kind(const Option *option)
{
    if (!option->argument)
        return no_argument;
    return *option->argument == '[' ? optional_argument : required_argument;
}

static void tables_init(GetoptTables *tables)
{
    tables->letters = g_string_new(NULL);
    tables->longs = g_array_new(TRUE, FALSE, sizeof(struct option));
    for (const Option *option = option_table; option->name; option++) {
        int kind = argument_kind(option);
        struct option row = { option->name, kind, NULL, ROW_BASE + (int)(option - option_table) };

        if (option->flags & OPTION_NO_SWITCH)
            continue;
        if (option->letter)
            g_string_append_printf(tables->letters, "%c%.*s", option->letter, kind, "::");
        g_array_append_val(tables->longs, row);
    }
}

static void tables_clear(GetoptTables *tables)
{
    g_string_free(tables->letters, TRUE);
    g_array_unref(tables->longs);
}

static const Option *row_of(int found)
{
    if (found >= ROW_BASE)
        return &option_table[found - ROW_BASE];
    for (const Option *option = option_table; option->name; option++)
        if (option->letter && option->letter == found)
            return option;
    return NULL;
}

/* Returns FALSE at the end; *@option is NULL for one that is unknown or wrong. */
static gboolean next_option(const GetoptTables *tables, int argc, char **argv,
                            const Option **option)
{
    int found = getopt_long(argc, argv, tables->letters->str,
                            (const struct option *)(void *)tables->longs->data, NULL);

    *option = row_of(found);
    return found != -1;
}

/* The configuration file must be known before any other option is applied. */
static char *find_config_option(const GetoptTables *tables, int argc, char **argv)
{
    char *path = NULL;
    const Option *option;

    opterr = 0;
    optind = 0;
    while (next_option(tables, argc, argv, &option))
        if (option && option->kind == OPTION_CONFIG) {
            g_free(path);
            path = g_strdup(optarg);
        }
    opterr = 1;
    optind = 0;
    return path;
}

static gboolean asks_for_help(const Option *option, const char *value)
{
    return option->kind == OPTION_LIST && (g_str_equal(value, "help") || g_str_equal(value, "?"));
}

/* Applies one option. Returns FALSE if the options after it are ignored. */
static gboolean take_option(const Option *option, Settings *settings, Invocation *invocation)
{
    if (asks_for_help(option, optarg ? optarg : "")) {
        invocation->action = ACTION_LIST_COMMANDS;
        return FALSE;
    }
    if (option->kind != OPTION_ACTION) {
        option_apply(option, optarg, settings);
        return TRUE;
    }
    invocation->action = option->action;
    if (option->action == ACTION_DUMP_SCHEMA) {
        g_free(invocation->dump_format);
        invocation->dump_format = g_strdup(optarg ? optarg : "json");
    }
    return option->action != ACTION_HELP && option->action != ACTION_VERSION;
}

static gboolean apply_command_line(const GetoptTables *tables, int argc, char **argv,
                                   Settings *settings, Invocation *invocation, GError **error)
{
    const Option *option;

    while (next_option(tables, argc, argv, &option)) {
        if (!option) {
            g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                        "Unknown option, try '%s --help' for more information.", argv[0]);
            return FALSE;
        }
        if (!take_option(option, settings, invocation))
            return TRUE;
    }
    return TRUE;
}

gboolean options_parse(int argc, char **argv, Settings *settings, Invocation *invocation,
                       GError **error)
{
    GetoptTables tables;
    gboolean must_exist, ok = TRUE;
    g_autofree char *given = NULL;
    g_autofree char *path = NULL;

    *invocation = (Invocation){ ACTION_RUN, NULL };
    settings->listen_fd = -1;
    options_set_numbers(settings);
    tables_init(&tables);
    given = find_config_option(&tables, argc, argv);
    path = config_find(given, &must_exist);
    if (path && (must_exist || g_file_test(path, G_FILE_TEST_EXISTS)))
        ok = config_load(path, settings, error);
    ok = ok && apply_command_line(&tables, argc, argv, settings, invocation, error) &&
         policy_check(settings, error);
    tables_clear(&tables);
    return ok;
}

static void set_default(char **member, const char *value)
{
    if (!*member)
        *member = g_strdup(value);
}

/* The directory of systemd's RuntimeDirectory=, otherwise that of qemu-ga. */
static const char *default_statedir(void)
{
    const char *runtime = g_getenv("RUNTIME_DIRECTORY");

    return runtime && g_path_is_absolute(runtime) && !strchr(runtime, ':') ? runtime
                                                                           : DEFAULT_STATEDIR;
}

gboolean options_complete(Settings *settings, GError **error)
{
    set_default(&settings->method, "virtio-serial");
    set_default(&settings->pidfile, DEFAULT_PIDFILE);
    set_default(&settings->statedir, default_statedir());
    if (g_str_equal(settings->method, "virtio-serial"))
        set_default(&settings->path, DEFAULT_VIRTIO_PATH);
    else if (g_str_equal(settings->method, "isa-serial"))
        set_default(&settings->path, DEFAULT_SERIAL_PATH);
    if (settings->path || settings->listen_fd >= 0)
        return TRUE;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "must specify a path for this channel");
    return FALSE;
}
