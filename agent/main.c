/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/core/agent.h"
#include "agent/core/daemon.h"
#include "agent/core/self-test.h"
#include "agent/describe/describe.h"
#include "agent/options/options.h"
#include "commands/registry.h"
#include "lib/errors.h"
#include "lib/numbers.h"

/* From this size on, memory goes back to the system the moment it is freed. */
#define OWN_MAPPING_BYTES (256 * 1024)

/* Threads share these: with one for each, a burst of workers would leave its heaps behind. */
#define MOST_ARENAS 2

static int print_text(char *text)
{
    g_autofree char *owned = text;

    fputs(owned, stdout);
    return EXIT_SUCCESS;
}

static int list_commands(const CommandSet *commands)
{
    const CommandEntry *entry;

    for (gsize i = 0; (entry = command_set_at(commands, i)); i++)
        puts(entry->command->name);
    return EXIT_SUCCESS;
}

static int serve(const Settings *settings, Log *log)
{
    g_autoptr(GError) error = NULL;
    Agent *agent = agent_new(settings, command_families, log, &error);
    int status;

    if (!agent) {
        g_critical("%s", error->message);
        return EXIT_FAILURE;
    }
    status = agent_run(agent);
    if (!agent_free(agent)) {
        /* Settings are used by threads, too. What hosts have written to files still goes out. */
        log_stop(log);
        exit(status);
    }
    return status;
}

static int act(const Invocation *invocation, const Settings *settings, Log *log, GError **error)
{
    g_autoptr(CommandSet) commands = command_set_new(command_families);

    switch (invocation->action) {
    case ACTION_DUMP_CONF:
        return print_text(options_dump(settings));
    case ACTION_LIST_COMMANDS:
        return list_commands(commands);
    case ACTION_SELF_TEST:
        return self_test(settings, commands) ? EXIT_SUCCESS : EXIT_FAILURE;
    case ACTION_DUMP_SCHEMA: {
        char *text = describe_commands(commands, invocation->dump_format, error);

        return text ? print_text(text) : EXIT_FAILURE;
    }
    default:
        return serve(settings, log);
    }
}

/* Which actions need to know the channel. */
static gboolean wants_channel(Action action)
{
    return action == ACTION_RUN || action == ACTION_DUMP_CONF || action == ACTION_SELF_TEST;
}

static gboolean adopt_socket(Settings *settings, GError **error)
{
    const char *method = NULL;

    if (!activated_socket(&settings->listen_fd, &method, error))
        return FALSE;
    if (!method)
        return TRUE;
    g_free(settings->method);
    settings->method = g_strdup(method);
    g_clear_pointer(&settings->path, g_free);
    return TRUE;
}

/* What was wrong on the command line is said to its user, the rest is logged. */
static void report(const char *program, const GError *error)
{
    if (g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_USAGE))
        fprintf(stderr, "%s: %s\n", program, error->message);
    else
        g_critical("%s", error->message);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Settings settings = { 0 };
    Invocation invocation;
    Log *log = log_start();
    int status = EXIT_FAILURE;

    numbers_prepare();
    mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
    mallopt(M_ARENA_MAX, MOST_ARENAS);
    if (!options_parse(argc, argv, &settings, &invocation, &error) ||
        (wants_channel(invocation.action) &&
         !(adopt_socket(&settings, &error) && options_complete(&settings, &error))))
        status = EXIT_FAILURE;
    else if (invocation.action == ACTION_HELP)
        status = print_text(options_help(argv[0]));
    else if (invocation.action == ACTION_VERSION)
        status = printf("QEMU Guest Agent %s\n%s\n", QEMU_LEVEL, PACKAGE_STRING) < 0;
    else
        status = act(&invocation, &settings, log, &error);
    if (error)
        report(argv[0], error);
    settings_clear(&settings);
    g_free(invocation.dump_format);
    log_stop(log);
    return status;
}
