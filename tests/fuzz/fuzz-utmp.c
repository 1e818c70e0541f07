/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <utmpx.h>

#include "commands/parse/utmp.h"

/* Each user is listed once, and there are no more of them than records. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *records = g_memdup2(data, size);
    List users = { NULL };

    utmp_parse(records, size, &users, arena);
    CLAIM(users.len <= size / sizeof(struct utmpx));
    for (gsize i = 0; i < users.len; i++)
        for (gsize k = 0; k < i; k++)
            CLAIM(strcmp(list_at(&users, LoggedIn, i)->user,
                         list_at(&users, LoggedIn, k)->user) != 0);
    return 0;
}
