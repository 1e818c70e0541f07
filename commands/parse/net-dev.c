/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/net-dev.h"

#include <string.h>

#include "commands/parse/lines.h"

/* Columns after the name: eight for each direction, of which the first four are used. */
enum {
    RX_BYTES,
    RX_PACKETS,
    RX_ERRS,
    RX_DROPPED,
    TX_BYTES = 8,
    TX_PACKETS,
    TX_ERRS,
    TX_DROPPED,
    COLUMNS,
};

/*
 * Takes "  eth0: 12 3 ...", in old kernels "eth0:12 3". The two lines of the heading have no
 * colon.
 */
static gboolean take_name(Piece *line, Piece *name)
{
    const char *colon = memchr(line->start, ':', line->len);
    Piece before = { line->start, colon ? (gsize)(colon - line->start) : 0 };
    Piece more;

    if (!next_word(&before, name) || next_word(&before, &more))
        return FALSE;
    line->len -= (gsize)(colon + 1 - line->start);
    line->start = colon + 1;
    return TRUE;
}

static void take_line(Piece *line, List *interfaces, Arena *arena)
{
    guint64 columns[COLUMNS];
    InterfaceCounters *counters;
    Piece name, word;

    if (!take_name(line, &name))
        return;
    for (gsize i = 0; i < COLUMNS; i++)
        if (!next_word(line, &word) || !piece_to_uint64(&word, &columns[i]))
            return;
    counters = list_append(interfaces, arena, sizeof *counters);
    *counters = (InterfaceCounters){
        .name = arena_strndup(arena, name.start, name.len),
        .rx_bytes = columns[RX_BYTES],
        .rx_packets = columns[RX_PACKETS],
        .rx_errs = columns[RX_ERRS],
        .rx_dropped = columns[RX_DROPPED],
        .tx_bytes = columns[TX_BYTES],
        .tx_packets = columns[TX_PACKETS],
        .tx_errs = columns[TX_ERRS],
        .tx_dropped = columns[TX_DROPPED],
    };
}

void net_dev_parse(const char *text, gsize len, List *interfaces, Arena *arena)
{
    Piece rest = { text, len };
    Piece line;

    while (next_line(&rest, &line))
        take_line(&line, interfaces, arena);
}
