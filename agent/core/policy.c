/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/policy.h"

static gboolean lists(const GPtrArray *list, const char *name)
{
    for (guint i = 0; list && i < list->len; i++)
        if (g_str_equal(list->pdata[i], name))
            return TRUE;
    return FALSE;
}

gboolean policy_allows(const Settings *settings, const Command *command, gboolean frozen)
{
    if (frozen)
        return (command->flags & COMMAND_WHILE_FROZEN) != 0;
    if (settings->allow_rpcs && settings->allow_rpcs->len > 0 &&
        !lists(settings->allow_rpcs, command->name))
        return FALSE;
    return !lists(settings->block_rpcs, command->name);
}
