/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/verb.h"

/* The one list of verbs, in the order of the help. */

extern const Verb verb_addr, verb_disks, verb_freeze, verb_fsinfo, verb_info, verb_ping, verb_raw,
    verb_route, verb_thaw, verb_trim, verb_users, verb_vcpus;

const Verb *const verbs[] = {
    &verb_info,
    &verb_ping,
    &verb_raw,
    &verb_fsinfo,
    &verb_disks,
    &verb_addr,
    &verb_route,
    &verb_users,
    &verb_vcpus,
    &verb_freeze,
    &verb_thaw,
    &verb_trim,
    NULL,
};
