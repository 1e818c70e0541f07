/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/unit/kit/freeze-script.h"

/* An engine on the machine of freeze-script.h, with mounts and a plan for it. */
typedef struct {
    Arena *arena;
    List mounts;
    FreezePlan plan;
    FreezeEngine *engine;
    FreezeLimits limits;
} Case;

/* Mount points by level: those of one level are in one word, with commas between. */
Case *case_new(const char *levels);

/* Also waits until nothing is frozen, open or under way any more. */
void case_free(Case *c);

/* Fails the test if anything cannot be opened. */
void case_open(Case *c);

/* Opens and freezes, which must succeed; returns how many. */
int case_freeze(Case *c);

const FreezeItem *case_item(Case *c, const char *path);
