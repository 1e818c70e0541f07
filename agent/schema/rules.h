/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * The settings that restrict what arguments of commands may name. The table of a field names the
 * rules that apply to it.
 */
typedef struct {
    const char *key; /* in the configuration */
    guint class;     /* of the commands that have such arguments */
    gboolean users;  /* a list of names, which policy_permits() compares; else of paths */
} RuleInfo;

extern const RuleInfo rule_table[N_RULES];

/* Sets @error to "<what @format names> is not allowed by <rule>"; returns FALSE. */
gboolean rule_refuse(Rule rule, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
