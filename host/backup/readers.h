/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/set.h"

/*
 * Processes that read files of a set for longer than a moment, such as the keeper of an appliance.
 * They lock a byte of a file in the set's directory, whose offset is the number of their point; a lock
 * of fcntl(2), which tells its holder and ends with it. The set itself is not locked: new backups
 * change no file that is there.
 */

/*
 * Registers this process as a reader of @point and of all that it depends on, until *@fd is closed. A
 * directory that this process cannot write to has no readers' file then, and *@fd is -1. FALSE with
 * @error set. A process has at most one such descriptor, and calls none of the functions below.
 */
gboolean readers_join(const Chain *chain, const ChainPoint *point, int *fd, GError **error);

/*
 * Before files are removed or changed: TRUE if @point (NULL: no point) is not read. FALSE with @error
 * that names the reader and how to end it.
 */
gboolean readers_check(const Chain *chain, const ChainPoint *point, GError **error);
