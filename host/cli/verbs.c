/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/verb.h"

/* The one list of verbs, in the order of the help. */

extern const Verb verb_addr, verb_backup, verb_cp, verb_disks, verb_doctor, verb_exec, verb_exporter, verb_files, verb_freeze, verb_fsinfo,
    verb_info, verb_keys, verb_list, verb_metrics, verb_passwd, verb_pause, verb_ping, verb_raw, verb_reboot, verb_reset,
    verb_restore, verb_resume, verb_route, verb_shutdown, verb_snapshot,
    verb_start, verb_suspend, verb_time, verb_thaw, verb_trim, verb_users, verb_vcpus;

const Verb *const verbs[] = {
    &verb_list,
    &verb_info,
    &verb_ping,
    &verb_raw,
    &verb_exec,
    &verb_cp,
    &verb_fsinfo,
    &verb_disks,
    &verb_addr,
    &verb_route,
    &verb_users,
    &verb_vcpus,
    &verb_metrics,
    &verb_freeze,
    &verb_thaw,
    &verb_trim,
    &verb_snapshot,
    &verb_time,
    &verb_passwd,
    &verb_keys,
    &verb_shutdown,
    &verb_reboot,
    &verb_suspend,
    &verb_pause,
    &verb_resume,
    &verb_reset,
    &verb_start,
    &verb_backup,
    &verb_restore,
    &verb_files,
    &verb_doctor,
    &verb_exporter,
    NULL,
};
