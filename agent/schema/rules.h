/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * The settings that restrict what arguments of commands may name. A field says in
 * its table which of them it is subject to.
 */
typedef struct {
    const char *key; /* in the configuration */
    guint class;     /* of the commands that have such arguments */
    gboolean users;  /* a list of names, which policy_permits() compares; else of paths */
} RuleInfo;

extern const RuleInfo rule_table[N_RULES];

/* Sets @error to say that @rule does not permit what @format tells; returns FALSE. */
gboolean rule_refuse(Rule rule, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
