/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/self-test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/beneath.h"
#include "agent/base/safe-path.h"
#include "agent/core/policy.h"
#include "agent/schema/rules.h"
#include "channel/channel.h"
#include "lib/errors.h"

#define NAME_COLUMN 34

static gboolean need_met(const Need *need)
{
    g_autofree char *found = NULL;

    switch (need->kind) {
    case NEED_FILE:
        return access(need->what, R_OK) == 0;
    case NEED_PROGRAM:
        found = g_find_program_in_path(need->what);
        return found != NULL;
    case NEED_ROOT:
        return geteuid() == 0;
    }
    return FALSE;
}

static const char *need_noun(const Need *need)
{
    switch (need->kind) {
    case NEED_FILE:
        return "cannot read ";
    case NEED_PROGRAM:
        return "no program ";
    default:
        return "not root: ";
    }
}

/* Prints the line of @name. Returns FALSE if a need without an alternative is not met. */
static gboolean test_needs(const char *name, const Need *needs, gboolean enabled)
{
    g_autoptr(GString) partly = g_string_new(NULL);

    for (const Need *need = needs; need && need->what; need++) {
        if (need_met(need))
            continue;
        if (!need->without) {
            printf("%-*s absent: %s%s\n", NAME_COLUMN, name, need_noun(need), need->what);
            return FALSE;
        }
        g_string_append_printf(partly, "%s%s (%s%s)", partly->len ? ", " : "", need->without,
                               need_noun(need), need->what);
    }
    if (partly->len)
        printf("%-*s works, without %s\n", NAME_COLUMN, name, partly->str);
    else
        printf("%-*s works%s\n", NAME_COLUMN, name,
               enabled ? "" : " (disabled by configuration)");
    return TRUE;
}

static gboolean test_channel(const Settings *settings)
{
    g_autoptr(GError) error = NULL;
    ChannelConfig config = {
        .method = settings->method,
        .path = settings->path,
        .listen_fd = settings->listen_fd,
    };

    if (channel_probe(&config, &error)) {
        printf("%-*s works: %s %s\n", NAME_COLUMN, "channel", settings->method,
               settings->path ? settings->path : "");
        return TRUE;
    }
    printf("%-*s fails: %s\n", NAME_COLUMN, "channel", error->message);
    printf("  Add the channel to the virtual machine, or name another with --method and --path.\n");
    return FALSE;
}

/* Closes both descriptors. Returns whether @probe was open; keeps errno. */
static gboolean close_probe(int probe, int fd)
{
    int saved = errno;

    if (probe >= 0)
        close(probe);
    close(fd);
    errno = saved;
    return probe >= 0;
}

/* Whether @path, of a rule, leads to a file that only root can replace. */
static gboolean rule_works(Rule rule, const char *path, GError **error)
{
    struct stat info;
    g_autofree char *real = safe_path(path, &info, error);
    int fd;

    if (!real)
        return FALSE;
    if (rule == RULE_PROGRAMS)
        return !others_may_write(&info) ||
               set_error(error, "'%s' can be changed by users other than root", real);
    fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return set_errno_error(error, errno, "'%s'", real);
    if (close_probe(open_beneath(fd, ".", O_PATH, 0), fd))
        return TRUE;
    return set_errno_error(error, errno, "'%s': failed to open a path below it", real);
}

static gboolean test_rule(Rule rule, const char *path)
{
    g_autoptr(GError) error = NULL;

    /* The files that a glob will match are not known yet. */
    if (strpbrk(path, "*?[") || rule_works(rule, path, &error))
        return TRUE;
    printf("%-*s fails: %s\n", NAME_COLUMN, rule_table[rule].key, error->message);
    return FALSE;
}

/* Checks paths only; a user may be created later. */
static gboolean test_rules(const Settings *settings)
{
    gboolean ok = TRUE;

    for (Rule rule = 0; rule < N_RULES; rule++)
        for (guint i = 0; settings->rules[rule] && i < settings->rules[rule]->len; i++)
            ok = (rule_table[rule].users ||
                  test_rule(rule, settings->rules[rule]->pdata[i])) && ok;
    return ok;
}

gboolean self_test(const Settings *settings, const CommandSet *commands)
{
    gboolean ok = test_channel(settings);
    gboolean rules_ok = test_rules(settings);
    const CommandEntry *entry;
    const EventEntry *event;

    for (gsize i = 0; (entry = command_set_at(commands, i)); i++)
        ok = test_needs(entry->command->name, entry->command->needs,
                        policy_allows(settings, entry->command, FALSE)) && ok;
    for (gsize i = 0; (event = command_set_event_at(commands, i)); i++)
        ok = test_needs(event->event->name, event->event->needs, TRUE) && ok;
    return ok && rules_ok;
}
