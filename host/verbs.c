/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/verb.h"

/* The one list of verbs, in the order of the help. */

extern const Verb verb_info, verb_ping, verb_raw;

const Verb *const verbs[] = {
    &verb_info,
    &verb_ping,
    &verb_raw,
    NULL,
};
