/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/set-check.h"

#include <string.h>

#include <glib/gstdio.h>

#include "host/base/digest.h"
#include "host/base/qcow2-header.h"
#include "lib/errors.h"

/*
 * The parent of @disk of @point; NULL: it has none. Parents are older, so a circle is as bad as a
 * gap.
 */
static const ChainPoint *parent_of(const Chain *chain, const ChainPoint *point,
                                   const ChainDisk *disk, GError **error)
{
    const ChainPoint *parent = chain_find(chain, disk->parent);

    if (!parent || parent->number >= point->number)
        set_error(error, "its chain is broken: the manifest %s.json is missing", disk->parent);
    else if (!chain_point_disk(parent, disk->name))
        set_error(error, "its chain is broken: %s has no disk %s", parent->id, disk->name);
    else
        return parent;
    return NULL;
}

GPtrArray *chain_files(const Chain *chain, const ChainPoint *point, const char *name,
                       GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    ChainDisk *disk = chain_point_disk(point, name);

    if (!disk) {
        set_error(error, "%s has no disk %s", point->id, name);
        return NULL;
    }
    for (;;) {
        g_ptr_array_insert(files, 0, disk);
        if (!disk->parent)
            return g_steal_pointer(&files);
        point = parent_of(chain, point, disk, error);
        if (!point)
            return NULL;
        disk = chain_point_disk(point, name);
    }
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    gint64 left = (*(const ChainPoint *const *)a)->number;
    gint64 right = (*(const ChainPoint *const *)b)->number;

    return left < right ? -1 : left > right;
}

GPtrArray *chain_line(const Chain *chain, const ChainPoint *point, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) line = g_ptr_array_new();

    g_ptr_array_add(line, (gpointer)point);
    for (guint i = 0; i < line->len; i++) {
        const ChainPoint *each = line->pdata[i];

        for (guint k = 0; k < each->disks->len; k++) {
            const ChainDisk *disk = each->disks->pdata[k];
            const ChainPoint *parent;

            if (!disk->parent)
                continue;
            parent = parent_of(chain, each, disk, error);
            if (!parent)
                return NULL;
            if (g_hash_table_add(seen, (gpointer)parent))
                g_ptr_array_add(line, (gpointer)parent);
        }
    }
    g_ptr_array_sort(line, by_number);
    return g_steal_pointer(&line);
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

gboolean chain_disk_is_there(const Chain *chain, const ChainPoint *point, const char *name,
                             GError **error)
{
    g_autoptr(GPtrArray) files = chain_files(chain, point, name, error);

    for (guint i = 0; files && i < files->len; i++)
        if (!is_there(chain, files->pdata[i], error))
            return FALSE;
    return files != NULL;
}

gboolean chain_is_there(const Chain *chain, const ChainPoint *point, GError **error)
{
    for (guint i = 0; i < point->disks->len; i++)
        if (!chain_disk_is_there(chain, point, ((const ChainDisk *)point->disks->pdata[i])->name,
                                 error))
            return FALSE;
    return TRUE;
}

/*
 * Whether the file is an image of the right size upon the right backing file, without a file of data
 * besides.
 */
static gboolean check_header(const Chain *chain, const ChainDisk *disk, const char *path,
                             GError **error)
{
    g_auto(Qcow2Header) header = { 0 };
    const ChainPoint *parent = disk->parent ? chain_find(chain, disk->parent) : NULL;
    const ChainDisk *below = parent ? chain_point_disk(parent, disk->name) : NULL;

    if (disk->parent && !below)
        return set_error(error, "its chain is broken: the manifest %s.json is missing",
                         disk->parent);
    if (!qcow2_header_read(path, &header, error))
        return FALSE;
    if (g_strcmp0(header.backing, below ? below->file : NULL) != 0)
        return set_error(error, "the file %s has the backing file %s instead of %s", disk->file,
                         header.backing ? header.backing : "none", below ? below->file : "none");
    if (below && g_strcmp0(header.backing_format, "qcow2") != 0)
        return set_error(error, "the file %s takes its backing file for %s instead of qcow2",
                         disk->file, header.backing_format ? header.backing_format : "any format");
    if (header.external_data)
        return set_error(error, "the file %s has its data in another file", disk->file);
    if (header.virtual_size != disk->virtual_size)
        return set_error(error, "the file %s is of a disk of %" G_GINT64_FORMAT " bytes instead of "
                                "%" G_GINT64_FORMAT, disk->file, header.virtual_size,
                         disk->virtual_size);
    return TRUE;
}

gboolean chain_check_shape(const Chain *chain, const ChainDisk *disk, GError **error)
{
    g_autofree char *path = chain_path(chain, disk->file);

    return is_there(chain, disk, error) && check_header(chain, disk, path, error);
}

gboolean chain_check_file(const Chain *chain, const ChainDisk *disk, int cancel_fd, GError **error)
{
    g_autofree char *path = chain_path(chain, disk->file);
    g_autofree char *digests = NULL;
    gint64 range;

    if (!is_there(chain, disk, error))
        return FALSE;
    digests = digest_file(path, disk->range, cancel_fd, error);
    if (!digests)
        return FALSE;
    range = digest_difference(digests, disk->digests);
    if (range < 0)
        return check_header(chain, disk, path, error);
    if (!disk->range)
        return set_error(error, "the file %s was altered: its checksum is not the one in the "
                                "manifest", disk->file);
    return set_error(error, "the file %s was altered: the checksum of its bytes %" G_GINT64_FORMAT
                            " to %" G_GINT64_FORMAT " is not the one in the manifest", disk->file,
                     range * disk->range, MIN((range + 1) * disk->range, disk->size) - 1);
}

/* Of the point with this @index; @indices: point -> its index. */
static gboolean keep_parents(const Chain *chain, GHashTable *indices, GPtrArray *reasons,
                             guint index, GError **error)
{
    const ChainPoint *point = chain->points->pdata[index];

    for (guint i = 0; i < point->disks->len; i++) {
        const ChainDisk *disk = point->disks->pdata[i];
        const ChainPoint *parent = disk->parent ? parent_of(chain, point, disk, error) : NULL;
        guint at = GPOINTER_TO_UINT(g_hash_table_lookup(indices, parent));

        if (!disk->parent)
            continue;
        if (!parent) {
            g_prefix_error(error, "%s: ", point->id);
            return FALSE;
        }
        if (!reasons->pdata[at])
            reasons->pdata[at] = g_strdup_printf("%s depends on it", point->id);
    }
    return TRUE;
}

GPtrArray *chain_keep(const Chain *chain, const Retention *rules, GError **error)
{
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    guint n = chain->points->len;
    g_autofree gint64 *times = g_new(gint64, n + 1);
    g_autoptr(GPtrArray) reasons = NULL;
    g_autoptr(GHashTable) indices = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < n; i++) {
        times[i] = ((const ChainPoint *)chain->points->pdata[i])->time;
        g_hash_table_insert(indices, chain->points->pdata[i], GUINT_TO_POINTER(i));
    }
    reasons = retention_choose(rules, times, n, local);
    /* Parents are older, so that one pass from the newest on finds all that is needed. */
    for (guint i = n; i-- > 0;)
        if (reasons->pdata[i] && !keep_parents(chain, indices, reasons, i, error))
            return NULL;
    return g_steal_pointer(&reasons);
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
        if (chain_is_file_name(name) && !is_named(chain, name))
            g_ptr_array_add(strays, g_strdup(name));
    return strays;
}
