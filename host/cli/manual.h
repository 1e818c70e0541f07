/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

/* The options and the verbs as sections of guestctl(1), for the build. */
void manual_print(FILE *to);
