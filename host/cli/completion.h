/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* Writes a script for bash that completes guestctl's command lines, made of the tables. */
void completion_print(FILE *to);
