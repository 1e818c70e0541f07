/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/policy.h"

#include "agent/schema/rules.h"
#include "lib/errors.h"

#define MONITOR (COMMAND_SESSION | COMMAND_READS)

/* The user if the argument is omitted: the agent's own. */
#define OWN_USER "root"

const Profile policy_profiles[] = {
    { "full", COMMAND_ANY_CLASS },
    { "backup", MONITOR | COMMAND_QUIESCE },
    { "monitor", MONITOR },
    { "confidential", COMMAND_SESSION | COMMAND_SHUTDOWN },
    { NULL, 0 },
};

const Profile *policy_profile(const Settings *settings)
{
    const Profile *profile = policy_profiles;

    if (settings->profile)
        while (profile->name && !g_str_equal(profile->name, settings->profile))
            profile++;
    return profile;
}

static gboolean lists(const GPtrArray *list, const char *name)
{
    for (guint i = 0; list && i < list->len; i++)
        if (g_str_equal(list->pdata[i], name))
            return TRUE;
    return FALSE;
}

gboolean policy_allows(const Settings *settings, const Command *command, gboolean frozen)
{
    /* Without a profile, a command without a class is served, too. */
    gboolean is_in = !settings->profile || (policy_profile(settings)->classes & command->flags);

    if (frozen)
        return (command->flags & COMMAND_WHILE_FROZEN) &&
               (is_in || (command->flags & COMMAND_QUIESCE));
    if (!is_in)
        return FALSE;
    if (settings->allow_rpcs && settings->allow_rpcs->len > 0 &&
        !lists(settings->allow_rpcs, command->name))
        return FALSE;
    return !lists(settings->block_rpcs, command->name);
}

static gboolean permits_user(const Settings *settings, Rule rule, const Field *field,
                             const void *args, GError **error)
{
    const char *user = field_present(field, args)
                           ? *(const char *const *)((const char *)args + field->offset)
                           : OWN_USER;

    return !settings->rules[rule] || lists(settings->rules[rule], user) ||
           rule_refuse(rule, error, "user '%s'", user);
}

gboolean policy_permits(const Settings *settings, const Command *command, const void *args,
                        GError **error)
{
    for (const Field *field = command->args ? command->args->fields : NULL; field && field->name;
         field++)
        for (int rule = 0; field->rules && rule < N_RULES; rule++)
            if ((field->rules & RULE_BIT(rule)) && rule_table[rule].users &&
                !permits_user(settings, (Rule)rule, field, args, error))
                return FALSE;
    return TRUE;
}

static gboolean has_parent(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    return g_strv_contains((const char *const *)parts, "..");
}

static gboolean check_rule(const GPtrArray *list, const RuleInfo *rule, GError **error)
{
    for (guint i = 0; list && i < list->len; i++) {
        const char *value = list->pdata[i];

        if (rule->users ? *value != '\0' : *value == '/' && !has_parent(value))
            continue;
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "%s: '%s' is not %s", rule->key, value,
                    rule->users ? "a valid user name" : "an absolute path without '..'");
        return FALSE;
    }
    return TRUE;
}

gboolean policy_check(const Settings *settings, GError **error)
{
    if (!policy_profile(settings)->name) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                    "unknown profile '%s'; use full, backup, monitor or confidential",
                    settings->profile);
        return FALSE;
    }
    for (int i = 0; i < N_RULES; i++)
        if (!check_rule(settings->rules[i], &rule_table[i], error))
            return FALSE;
    return TRUE;
}
