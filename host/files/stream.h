/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/progress.h"
#include "host/files/listing.h"

/*
 * Reads the file @path of the appliance through its socket @data, which is several times faster than
 * the agent's commands, and writes it to @fd. If @sparse, @fd is an empty regular file and holes stay
 * holes. @total: the size, for @progress (NULL: none). @done: bytes of the file that passed. FALSE
 * with @error set; @fd then has a part of it.
 */
gboolean stream_file(Vm *vm, const char *data, const char *path, int fd, gboolean sparse,
                     gint64 total, Progress *progress, gint64 *done, GError **error);

/* What takes a tree. Both return FALSE with @error set on failure, which ends the transfer. */
typedef struct {
    /* @entry's directory came before. Of a regular file @fd is to be opened for the content. */
    gboolean (*entry)(gpointer data, const Entry *entry, int *fd, GError **error);
    /* The content of @entry is in @fd, which the callee closes; also after a failure (not @ok). */
    gboolean (*content)(gpointer data, const Entry *entry, int fd, gboolean ok, GError **error);
} StreamTree;

/*
 * Reads the tree @path of the appliance as stream_file() does. The names of entries begin with @path, but
 * for slashes at its end. @done: bytes of contents.
 */
gboolean stream_tree(Vm *vm, const char *data, const char *path, const StreamTree *tree,
                     gpointer tree_data, gint64 *done, GError **error);
