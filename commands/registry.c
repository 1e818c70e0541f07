/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/registry.h"

extern const Family family_event_addresses, family_event_shutdown, family_event_space;
extern const Family family_events, family_password, family_ssh;
extern const Family family_disks, family_exec, family_file, family_fsinfo, family_fstrim;
extern const Family family_network;
extern const Family family_hotplug, family_memory, family_metrics, family_power, family_vcpus;
extern const Family family_fsfreeze, family_session, family_identity, family_stats, family_time;

const Family *const command_families[] = {
    &family_session,
    &family_event_shutdown, /* emits an event in stop(), before that of others may wait */
    &family_fsfreeze,
    &family_identity,
    &family_stats,
    &family_time,
    &family_power,
    &family_fsinfo,
    &family_disks,
    &family_fstrim,
    &family_exec,
    &family_file,
    &family_network,
    &family_events,
    &family_event_addresses,
    &family_event_space,
    &family_password,
    &family_ssh,
    &family_vcpus,
    &family_memory,
    &family_hotplug,
    &family_metrics,
    NULL,
};
