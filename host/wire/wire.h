/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"
#include "lib/framer.h"

/* A connected socket over which JSON messages go both ways. Not for several threads at once. */
typedef struct Wire Wire;

/*
 * Connects to @address:
 *
 *   PATH or unix:PATH       a unix socket
 *   vsock:CID:PORT          AF_VSOCK
 *   hybrid-vsock:PATH:PORT  a VM monitor's unix socket that is told "CONNECT PORT"
 *
 * Returns NULL with @error set: GUESTD_ERROR_UNREACHABLE without a listener.
 */
Wire *wire_open(const char *address, const Deadline *deadline, GError **error);
/* The same on the socket @fd, which is connected and is taken. */
Wire *wire_open_fd(int fd);
void wire_close(Wire *wire);

/* Sends @len bytes. Returns FALSE with @error set. */
gboolean wire_send(Wire *wire, const char *text, gsize len, const Deadline *deadline,
                   GError **error);

/*
 * Waits for the next message (or what is none) and puts it into @frame, whose data the
 * caller frees. Returns FALSE with @error set; GUESTD_ERROR_UNREACHABLE: the other end hung up.
 */
gboolean wire_receive(Wire *wire, Frame *frame, const Deadline *deadline, GError **error);

/* Whether @address has one of the forms of wire_open(). */
gboolean wire_address_check(const char *address, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wire, wire_close)
