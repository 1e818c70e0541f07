/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/registry.h"

extern const Family family_disks, family_fsinfo, family_fstrim;
extern const Family family_power;
extern const Family family_fsfreeze, family_session, family_identity, family_stats, family_time;

const Family *const command_families[] = {
    &family_session,
    &family_fsfreeze,
    &family_identity,
    &family_stats,
    &family_time,
    &family_power,
    &family_fsinfo,
    &family_disks,
    &family_fstrim,
    NULL,
};
