/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"

/* The fields of os-release(5); NULL if absent. */
typedef struct {
    const char *id;
    const char *name;
    const char *pretty_name;
    const char *version;
    const char *version_id;
    const char *variant;
    const char *variant_id;
} OsRelease;

/*
 * Parses the @len bytes of @text. Double-quoted values lose their quotes and
 * the backslash before $ ' " \ and `; single-quoted ones are taken literally;
 * others end at a blank or semicolon. Strings come from @arena.
 */
void os_release_parse(const char *text, gsize len, Arena *arena, OsRelease *release);
