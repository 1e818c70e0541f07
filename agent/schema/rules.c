/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/rules.h"

#include "lib/errors.h"

const RuleInfo rule_table[N_RULES] = {
    [RULE_PROGRAMS] = { "exec-allow", COMMAND_EXEC, FALSE },
    [RULE_PROGRAM_USERS] = { "exec-users", COMMAND_EXEC, TRUE },
    [RULE_READ] = { "file-read-allow", COMMAND_FILES, FALSE },
    [RULE_WRITE] = { "file-write-allow", COMMAND_FILES, FALSE },
    [RULE_PASSWORD_USERS] = { "password-users", COMMAND_ACCOUNTS, TRUE },
    [RULE_KEY_USERS] = { "ssh-users", COMMAND_ACCOUNTS, TRUE },
};

gboolean rule_refuse(Rule rule, GError **error, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN, "%s is not allowed by %s", what,
                rule_table[rule].key);
    return FALSE;
}
