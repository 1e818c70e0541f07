/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/uevent.h"

#include <string.h>

#include "commands/parse/lines.h"

#define ADDED "add@"
#define REMOVED "remove@"

static const char *const places[PLUGGABLE_N_KINDS] = {
    [PLUGGABLE_CPU] = "/devices/system/cpu/cpu",
    [PLUGGABLE_MEMORY] = "/devices/system/memory/memory",
};

static gboolean take(Piece *piece, const char *text)
{
    gsize len = strlen(text);

    if (piece->len < len || memcmp(piece->start, text, len) != 0)
        return FALSE;
    piece->start += len;
    piece->len -= len;
    return TRUE;
}

static gboolean take_number(const Piece *rest, guint64 *number)
{
    return (rest->len == 1 || (rest->len > 1 && *rest->start != '0')) &&
           piece_to_uint64(rest, number);
}

gboolean pluggable_number(const char *name, const char *prefix, guint64 *number)
{
    Piece rest = { name, strlen(name) };

    return take(&rest, prefix) && take_number(&rest, number);
}

/* Only the head of a message is used; the text after its NUL repeats it as variables. */
gboolean uevent_parse(const char *message, gsize len, Uevent *event)
{
    const char *end = memchr(message, '\0', len);
    Piece head = { message, end ? (gsize)(end - message) : len };

    event->added = take(&head, ADDED);
    if (!event->added && !take(&head, REMOVED))
        return FALSE;
    for (int kind = 0; kind < PLUGGABLE_N_KINDS; kind++) {
        Piece rest = head;

        event->device.kind = (PluggableKind)kind;
        if (take(&rest, places[kind]))
            return take_number(&rest, &event->device.number);
    }
    return FALSE;
}
