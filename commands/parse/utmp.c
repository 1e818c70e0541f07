/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/utmp.h"

#include <string.h>
#include <utmpx.h>

void add_login(List *users, const char *user, gsize user_len, double time, Arena *arena)
{
    LoggedIn *entry;

    for (gsize i = 0; i < users->len; i++) {
        entry = list_at(users, LoggedIn, i);
        if (strlen(entry->user) == user_len && memcmp(entry->user, user, user_len) == 0) {
            entry->login_time = MIN(entry->login_time, time);
            return;
        }
    }
    entry = list_append(users, arena, sizeof *entry);
    entry->user = arena_strndup(arena, user, user_len);
    entry->login_time = time;
}

void utmp_parse(const char *data, gsize len, List *users, Arena *arena)
{
    struct utmpx record;

    for (; len >= sizeof record; data += sizeof record, len -= sizeof record) {
        memcpy(&record, data, sizeof record);
        if (record.ut_type == USER_PROCESS)
            add_login(users, record.ut_user, strnlen(record.ut_user, sizeof record.ut_user),
                      (double)record.ut_tv.tv_sec + (double)record.ut_tv.tv_usec / G_USEC_PER_SEC,
                      arena);
    }
}
