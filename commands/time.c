/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/qmp/command.h"

#define NS_PER_US 1000

static gboolean get_time_run(Call *call, GError **error)
{
    (void)error;
    *(gint64 *)call->result = g_get_real_time() * NS_PER_US;
    return TRUE;
}

static const Command guest_get_time = {
    .name = "guest-get-time",
    .rank = 4,
    .since = "1.5",
    .doc = "Tell the guest's wall clock, in nanoseconds since the epoch",
    .returns = &type_int,
    .run = get_time_run,
};

const Family family_time = {
    .name = "time",
    .commands = (const Command *const[]){ &guest_get_time, NULL },
};
