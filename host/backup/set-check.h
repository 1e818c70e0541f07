/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/retention.h"
#include "host/backup/set.h"

/*
 * The point and what it depends on, the full backup first; the caller's array of ChainPoint.
 * NULL with @error set if the chain is broken.
 */
GPtrArray *chain_line(const Chain *chain, const ChainPoint *point, GError **error);

/*
 * The files of the disk called @name that @point's is read from, the full copy first; the
 * caller's array of ChainDisk. NULL with @error set if the chain is broken.
 */
GPtrArray *chain_files(const Chain *chain, const ChainPoint *point, const char *name,
                       GError **error);

/* Whether all files of the line are there and as long as they were; looks at no content. */
gboolean chain_is_there(const Chain *chain, const ChainPoint *point, GError **error);
/* The same of one disk. */
gboolean chain_disk_is_there(const Chain *chain, const ChainPoint *point, const char *name,
                             GError **error);

/*
 * Whether the file is there, as long as it was, and what it should be: an image of the right size on
 * the right backing file. Reads only its header. FALSE with @error that names it.
 */
gboolean chain_check_shape(const Chain *chain, const ChainDisk *disk, GError **error);

/*
 * Whether the file is the one that was written, and what it should be: an image of the right size on
 * the right backing file. FALSE with @error that names it.
 */
gboolean chain_check_file(const Chain *chain, const ChainDisk *disk, int cancel_fd, GError **error);

/*
 * Why each point of the chain stays by @rules, with the days of local time, and what those that stay
 * depend on: an array of texts, the caller's. NULL texts: may go.
 */
GPtrArray *chain_keep(const Chain *chain, const Retention *rules, GError **error);

/* Files of backups that no manifest names; the caller's array of names. */
GPtrArray *chain_strays(const Chain *chain);
