/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/*
 * What comes through the appliance's port for data: a token of the reader's, so that it can drop what
 * an earlier reader left, then frames in the byte order of the host, which is the appliance's.
 */
#define STREAM_TOKEN 32
#define STREAM_PIECE (4 << 20)

enum {
    STREAM_DATA = 1, /* a: offset, b: length, at most STREAM_PIECE; so many bytes follow */
    STREAM_END,      /* a: size of the file, b: 0, or a number of errno(3): the content is not whole */
    STREAM_ENTRY,    /* a: length of a record that follows; of a regular file, data and end come next */
    STREAM_FINISH,   /* of a tree */
};

typedef struct {
    int64_t kind, a, b;
} StreamFrame;

/* In the appliance: the port, and the process that sends. */
#define PORT_FILE "/dev/data"
#define SENDER_FILE "/dev/state/sender"
