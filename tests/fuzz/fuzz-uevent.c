/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "commands/parse/uevent.h"

/* What was understood is what the kernel would have said, letter by letter. */
static void check(const char *message, gsize len, const Uevent *event)
{
    g_autofree char *wanted = g_strdup_printf(
        "%s@/devices/system/%s%" G_GUINT64_FORMAT, event->added ? "add" : "remove",
        event->device.kind == PLUGGABLE_CPU ? "cpu/cpu" : "memory/memory", event->device.number);

    CLAIM(event->device.kind < PLUGGABLE_N_KINDS);
    CLAIM(strnlen(message, len) == strlen(wanted));
    CLAIM(memcmp(message, wanted, strlen(wanted)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *message = g_memdup2(data, size);
    g_autofree char *name = g_strndup((const char *)data, size);
    Uevent event;
    guint64 number;

    if (size > 0 && uevent_parse(message, size, &event))
        check(message, size, &event);
    if (pluggable_number(name, "memory", &number)) {
        g_autofree char *wanted = g_strdup_printf("memory%" G_GUINT64_FORMAT, number);

        CLAIM(strcmp(name, wanted) == 0);
    }
    return 0;
}
