/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "lib/framer.h"

/* However the stream is cut into pushes, the frames are the same. */

#define PING "\n{\"execute\":\"guest-ping\"}"

static void frame_clear(gpointer data)
{
    g_free(((Frame *)data)->data);
}

static void push_all(Framer *framer, const char *data, gsize len, GArray *frames)
{
    while (len > 0) {
        Frame frame;
        gsize used = framer_push(framer, data, len, &frame);

        CLAIM(used <= len);
        CLAIM(used > 0 || frame.kind != FRAME_NONE);
        if (frame.kind != FRAME_NONE) {
            CLAIM(frame.data[frame.len] == '\0');
            CLAIM(frame.len > 0);
            g_array_append_val(frames, frame);
        } else {
            CLAIM(used == len);
        }
        data += used;
        len -= used;
    }
}

/* The lengths of the pushes; 0 stands for everything at once. */
static gsize next_piece(guint32 *seed, guint max)
{
    *seed = *seed * 1664525u + 1013904223u;
    return 1 + (*seed >> 16) % max;
}

/* Pushes copies of their own size, so that reading past the end of one is noticed. */
static GArray *frames_of(const char *data, gsize len, guint32 seed, guint max_piece)
{
    g_autoptr(Framer) framer = framer_new();
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(Frame));

    g_array_set_clear_func(frames, frame_clear);
    while (len > 0) {
        gsize wanted = max_piece ? next_piece(&seed, max_piece) : len;
        gsize n = MIN(len, wanted);
        g_autofree char *piece = g_malloc(n);

        memcpy(piece, data, n);
        push_all(framer, piece, n, frames);
        data += n;
        len -= n;
    }
    framer_reset(framer);
    CLAIM(framer_pending(framer) == 0);
    push_all(framer, PING, strlen(PING), frames);
    return frames;
}

static void compare(GArray *one, GArray *other)
{
    CLAIM(one->len == other->len);
    for (guint i = 0; i < one->len; i++) {
        const Frame *a = &g_array_index(one, Frame, i);
        const Frame *b = &g_array_index(other, Frame, i);

        CLAIM(a->kind == b->kind);
        CLAIM(a->len == b->len);
        CLAIM(memcmp(a->data, b->data, a->len) == 0);
    }
}

static void check_last(GArray *frames)
{
    const Frame *last = &g_array_index(frames, Frame, frames->len - 1);

    CLAIM(last->kind == FRAME_MESSAGE);
    CLAIM(strcmp(last->data, &PING[1]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *stream = (const char *)data + 2;
    g_autoptr(GArray) whole = NULL;
    g_autoptr(GArray) cut = NULL;
    g_autoptr(GArray) bytes = NULL;
    guint32 seed;

    if (size < 2)
        return 0;
    size -= 2;
    seed = (guint32)data[0] << 8 | data[1];
    whole = frames_of(stream, size, 0, 0);
    cut = frames_of(stream, size, seed, 1 + data[0] % 64);
    bytes = frames_of(stream, size, 0, 1);
    compare(whole, cut);
    compare(whole, bytes);
    check_last(whole);
    return 0;
}
