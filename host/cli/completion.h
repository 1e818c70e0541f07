/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/*
 * Writes the tables of verbs and options as functions of bash, which the build puts into
 * packaging/completion/completion.bash.in.
 */
void completion_print(FILE *to);
