/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/registry.h"

extern const Family family_session, family_identity, family_stats, family_time;

const Family *const command_families[] = {
    &family_session,
    &family_identity,
    &family_stats,
    &family_time,
    NULL,
};
