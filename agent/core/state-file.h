/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * qemu-ga's persistent state, <statedir>/qga.state: the number of the next file
 * handle, so that handles stay unique over restarts.
 */
#define STATE_FIRST_HANDLE 1000

typedef struct {
    char *path;
    gint64 fd_counter; /* under lock */
    GMutex lock;
} StateFile;

/*
 * Reads the state below @statedir, or creates it. Returns NULL with @error set
 * if that is impossible or the file is damaged.
 */
StateFile *state_file_open(const char *statedir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void state_file_free(StateFile *state);

/* Replaces the file as a whole. Returns FALSE with @error set. */
gboolean state_file_save(const StateFile *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Stores the next number in @handle once the file records it as used. Returns FALSE with QEMU's
 * text in @error if it cannot be written. From any thread.
 */
gboolean state_file_next(StateFile *state, gint64 *handle, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
