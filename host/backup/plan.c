/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"
#include "host/backup/set-check.h"
#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/table.h"
#include "lib/errors.h"

/* Room of a qcow2 file besides data: headers, and tables for what is written meanwhile. */
#define OVERHEAD_BYTES (1 << 20)

char *backup_bitmap(const Backup *backup, const ChainPoint *point)
{
    return g_strconcat(backup->prefix, point->id, NULL);
}

static gboolean check_disk(const Disk *disk, const ChainDisk *before, const char *bitmap_name,
                           GError **error)
{
    const DiskBitmap *bitmap = disk_bitmap(disk, bitmap_name);

    if (!before)
        return set_error(error, "disk %s is new", disk->name);
    if (disk->size != before->virtual_size)
        return set_error(error, "disk %s has another size", disk->name);
    if (!bitmap)
        return set_error(error, "disk %s has no bitmap of the last backup; %s", disk->name,
                         disk_keeps_bitmaps(disk) ? "its image was replaced, or QEMU was killed"
                                                  : "its format keeps none when QEMU exits");
    return bitmap->usable ||
           set_error(error, "the bitmap of disk %s is not reliable; QEMU was killed, or another "
                            "program uses it", disk->name);
}

/* Whether the newest point can be the parent of the next one. */
static gboolean check_parent(const Backup *backup, const ChainPoint *parent, GError **error)
{
    g_autofree char *bitmap = NULL;

    if (!parent)
        return set_error(error, "no backup in %s", backup->chain->dir);
    bitmap = backup_bitmap(backup, parent);
    for (guint i = 0; i < backup->disks->len; i++) {
        const Disk *disk = backup->disks->pdata[i];

        if (!check_disk(disk, chain_point_disk(parent, disk->name), bitmap, error))
            return FALSE;
    }
    if (parent->disks->len != backup->disks->len)
        return set_error(error, "the last backup has a disk that the VM no longer has");
    return chain_is_there(backup->chain, parent, error);
}

static gboolean choose_level(Backup *backup, BackupLevel level, GError **error)
{
    ChainPoint *newest = chain_newest(backup->chain);
    g_autoptr(GError) problem = NULL;

    if (level == LEVEL_FULL)
        return TRUE;
    if (check_parent(backup, newest, &problem)) {
        backup->parent = newest;
        return TRUE;
    }
    if (level == LEVEL_INCREMENTAL)
        return set_error(error, "cannot make an incremental backup: %s; use --level full or auto",
                         problem->message);
    backup->reason = newest ? g_strdup(problem->message) : NULL;
    return TRUE;
}

/*
 * Compressed clusters take more room in the copy than in the image. Only qemu-img can measure how
 * much, and only for an image on this machine.
 */
static void measure(const Backup *backup, Disk *disk)
{
    g_autoptr(JsonNode) told = NULL;
    GString *output = NULL;

    if (backup->parent || backup->compress || !disk_keeps_bitmaps(disk) || !disk->path)
        return;
    if (!tool_run((const char *const[]){ "qemu-img", "measure", "-U", "--output=json", "-f",
                                         "qcow2", "-O", "qcow2", disk->path, NULL },
                  backup->vm->context->cancel_fd, &output, NULL))
        return;
    told = json_from_string(output->str, NULL);
    g_string_free(output, TRUE);
    if (told && JSON_NODE_HOLDS_OBJECT(told))
        disk->allocated = CLAMP(jsonu_int(json_node_get_object(told), "required", 0),
                                disk->allocated, disk->size);
}

static gint64 disk_bytes(const Backup *backup, guint index)
{
    const Disk *disk = backup->disks->pdata[index];
    g_autofree char *bitmap = backup->parent ? backup_bitmap(backup, backup->parent) : NULL;

    return bitmap ? disk_bitmap(disk, bitmap)->bytes : disk->allocated;
}

gint64 backup_bytes(const Backup *backup)
{
    gint64 sum = 0;

    for (guint i = 0; i < backup->disks->len; i++)
        sum += disk_bytes(backup, i);
    return sum;
}

/* Tables take 8 bytes for each cluster of 64 KiB, and counters 2. */
gint64 backup_room(const Backup *backup, guint index)
{
    gint64 bytes = disk_bytes(backup, index);

    return bytes + bytes / 1000 + OVERHEAD_BYTES;
}

static gboolean check_room(const Backup *backup, GError **error)
{
    gint64 need = 0, free_bytes;
    g_autofree char *need_text = NULL;
    g_autofree char *free_text = NULL;

    for (guint i = 0; i < backup->disks->len; i++)
        need += backup_room(backup, i);
    if (!tool_free_space(backup->chain->dir, &free_bytes, error))
        return FALSE;
    if (free_bytes >= need)
        return TRUE;
    need_text = size_text(need);
    free_text = size_text(free_bytes);
    return set_error(error, "%s has %s free, but up to %s are needed; free some space, for "
                            "example with \"backup prune\"",
                     backup->chain->dir, free_text, need_text);
}

/* Two disks of one name could not be told apart when they are restored. */
static gboolean add_disks(const Backup *backup, GError **error)
{
    for (guint i = 0; i < backup->disks->len; i++) {
        const Disk *disk = backup->disks->pdata[i];

        if (chain_point_disk(backup->point, disk->name))
            return set_error(error, "the VM has two disks called %s", disk->name);
        chain_point_add(backup->point, disk->name)->virtual_size = disk->size;
    }
    return TRUE;
}

/* What the backend needs to know of the plan. */
static void fill_copy(Backup *backup)
{
    DiskCopy *copy = &backup->copy;

    copy->prefix = backup->prefix;
    copy->dir = backup->chain->dir;
    copy->disks = backup->disks;
    copy->bitmap = backup_bitmap(backup, backup->point);
    copy->parent = backup->parent ? backup_bitmap(backup, backup->parent) : NULL;
    copy->compress = backup->compress;
    copy->rate = backup->rate;
    copy->files = g_new0(char *, backup->disks->len + 1);
    for (guint i = 0; i < backup->disks->len; i++) {
        const ChainDisk *disk = backup->point->disks->pdata[i];
        g_autofree char *final = chain_path(backup->chain, disk->file);

        copy->files[i] = g_strconcat(final, CHAIN_PARTIAL, NULL);
    }
}

gboolean backup_plan(Backup *backup, BackupLevel level, GError **error)
{
    Deadline deadline = vm_deadline(backup->vm, 0);

    vm_halted(backup->vm, &backup->copy.was_halted, &deadline, NULL);
    backup->disks = vm_disks(backup->vm, DISK_SIZES | DISK_BITMAPS, &deadline, error);
    if (!backup->disks)
        return FALSE;
    disks_keep_writable(backup->disks, TRUE);
    if (backup->disks->len == 0)
        return set_error(error, "the VM has no writable disk");
    if (!choose_level(backup, level, error))
        return FALSE;
    for (guint i = 0; i < backup->disks->len; i++)
        measure(backup, backup->disks->pdata[i]);
    if (!check_room(backup, error))
        return FALSE;
    backup->point = chain_point_new(backup->chain, backup->vm->name, backup->parent);
    backup->point->compressed = backup->compress;
    if (!add_disks(backup, error))
        return FALSE;
    fill_copy(backup);
    return TRUE;
}
