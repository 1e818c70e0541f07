/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/set-check.h"

#include <string.h>

#include <glib/gstdio.h>

#include "host/base/image-tool.h"
#include "lib/errors.h"

GPtrArray *chain_line(const Chain *chain, const ChainPoint *point, GError **error)
{
    g_autoptr(GPtrArray) line = g_ptr_array_new();

    for (;;) {
        const char *parent = point->parent;

        g_ptr_array_insert(line, 0, (gpointer)point);
        if (!parent)
            return g_steal_pointer(&line);
        point = chain_find(chain, parent);
        /* Parents are older, so a circle is as bad as a gap. */
        if (!point || point->number >= ((ChainPoint *)line->pdata[0])->number) {
            set_error(error, "its chain is broken: the manifest %s.json is missing", parent);
            return NULL;
        }
    }
}

static gboolean is_there(const Chain *chain, const ChainDisk *disk, GError **error)
{
    g_autofree char *path = chain_path(chain, disk->file);
    GStatBuf info;

    if (g_stat(path, &info) < 0)
        return set_error(error, "the file %s is missing", disk->file);
    if (info.st_size != disk->size)
        return set_error(error, "the file %s was altered: it has %" G_GINT64_FORMAT
                                " bytes instead of %" G_GINT64_FORMAT,
                         disk->file, (gint64)info.st_size, disk->size);
    return TRUE;
}

gboolean chain_is_there(const Chain *chain, const ChainPoint *point, GError **error)
{
    g_autoptr(GPtrArray) line = chain_line(chain, point, error);

    for (guint i = 0; line && i < line->len; i++) {
        const ChainPoint *each = line->pdata[i];

        for (guint k = 0; k < each->disks->len; k++)
            if (!is_there(chain, each->disks->pdata[k], error))
                return FALSE;
    }
    return line != NULL;
}

gboolean chain_check_file(const Chain *chain, const ChainDisk *disk, int cancel_fd, GError **error)
{
    g_autofree char *path = chain_path(chain, disk->file);
    g_autofree char *sum = NULL;

    if (!is_there(chain, disk, error))
        return FALSE;
    sum = tool_sha256(path, cancel_fd, error);
    if (!sum)
        return FALSE;
    return g_str_equal(sum, disk->sha256) ||
           set_error(error, "the file %s was altered: its checksum is not the one in the manifest",
                     disk->file);
}

GPtrArray *chain_surplus(const Chain *chain, guint keep, GError **error)
{
    g_autoptr(GHashTable) needed = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) surplus = g_ptr_array_new();
    guint n = chain->points->len;

    for (guint i = n - MIN(n, keep); i < n; i++) {
        const ChainPoint *point = chain->points->pdata[i];
        g_autoptr(GPtrArray) line = chain_line(chain, point, error);

        if (!line) {
            g_prefix_error(error, "%s: ", point->id);
            return NULL;
        }
        for (guint k = 0; k < line->len; k++)
            g_hash_table_add(needed, line->pdata[k]);
    }
    /* A child goes before its parent, so that an interruption leaves no child alone. */
    for (guint i = n; i-- > 0;)
        if (!g_hash_table_contains(needed, chain->points->pdata[i]))
            g_ptr_array_add(surplus, chain->points->pdata[i]);
    return g_steal_pointer(&surplus);
}

static gboolean is_named(const Chain *chain, const char *file)
{
    for (guint i = 0; i < chain->points->len; i++) {
        const ChainPoint *point = chain->points->pdata[i];

        for (guint k = 0; k < point->disks->len; k++)
            if (g_str_equal(((const ChainDisk *)point->disks->pdata[k])->file, file))
                return TRUE;
    }
    return FALSE;
}

GPtrArray *chain_strays(const Chain *chain)
{
    GPtrArray *strays = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(chain->dir, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (strspn(name, G_CSET_DIGITS) == 8 && name[8] == 'T' &&
            g_str_has_suffix(name, ".qcow2") && !is_named(chain, name))
            g_ptr_array_add(strays, g_strdup(name));
    return strays;
}
