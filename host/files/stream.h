/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/progress.h"
#include "host/vm/vm.h"

/*
 * Reads the file @path of the appliance through its socket @data, which is several times faster than
 * the agent's commands, and writes it to @fd. If @sparse, @fd is an empty regular file and holes stay
 * holes. @total: the size, for @progress (NULL: none). @done: bytes of the file that passed. FALSE
 * with @error set; @fd then has a part of it.
 */
gboolean stream_file(Vm *vm, const char *data, const char *path, int fd, gboolean sparse,
                     gint64 total, Progress *progress, gint64 *done, GError **error);
