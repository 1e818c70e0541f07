/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "host/cli/verb.h"

/* The help of @verb, or, with NULL, of guestctl. */
void help_print(const Verb *verb, FILE *to);
