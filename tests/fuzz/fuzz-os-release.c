/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "commands/parse/os-release.h"

/* No value is longer than the file, and what has quotes comes without them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *text = g_memdup2(data, size);
    OsRelease release;

    os_release_parse(text, size, arena, &release);
    for (gsize i = 0; i < sizeof release / sizeof(char *); i++) {
        const char *value = ((const char *const *)(const void *)&release)[i];

        CLAIM(!value || strlen(value) < size);
        CLAIM(!value || !strchr(value, '\n'));
    }
    return 0;
}
