/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Cuts a byte stream into top-level JSON messages. It knows tokens and nesting
 * but no grammar, does no I/O and never fails: what cannot be part of JSON
 * becomes a frame of kind FRAME_ERROR, in its place in the stream.
 */
typedef struct Framer Framer;

/* Limits of QEMU's agent; a message beyond them is answered with an error. */
#define FRAMER_MAX_TOKEN_BYTES (64u * 1024 * 1024)
#define FRAMER_MAX_TOKENS (2u * 1024 * 1024)
#define FRAMER_MAX_DEPTH 1024
/* Blanks count for no token, but they must not grow a message for ever. */
#define FRAMER_MAX_RAW_BYTES (2u * FRAMER_MAX_TOKEN_BYTES)
/* How much of an unfinished token an error text quotes. */
#define FRAMER_MAX_QUOTE 1024

typedef enum {
    FRAME_NONE,    /* all input consumed, the message continues */
    FRAME_MESSAGE, /* @data holds one complete message */
    FRAME_ERROR,   /* @data holds the error's text, not necessarily UTF-8 */
} FrameKind;

typedef struct {
    FrameKind kind;
    char *data; /* NUL-terminated, from g_malloc(): the receiver's to free */
    gsize len;  /* without the NUL */
} Frame;

Framer *framer_new(void);
void framer_free(Framer *framer);

/*
 * Consumes bytes from @data up to the end of the next frame and returns how
 * many; to be called again with the rest until it is empty. @frame says what
 * was found. May return 0 with a frame (a number ends before the byte after it).
 */
gsize framer_push(Framer *framer, const char *data, gsize len, Frame *frame);

/* Forgets a half-received message, as when its sender is gone. */
void framer_reset(Framer *framer);

/* Bytes held for the message under way. */
gsize framer_pending(const Framer *framer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Framer, framer_free)
