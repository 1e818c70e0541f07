/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"
#include "host/backup/set-check.h"
#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/table.h"
#include "lib/errors.h"

/* Room of a qcow2 file besides data: headers, and tables for what is written meanwhile. */
#define OVERHEAD_BYTES (1 << 20)

char *backup_bitmap(const Backup *backup, const ChainPoint *point, const ChainDisk *disk)
{
    /* In manifests of the first format, no disk has one. */
    return disk->bitmap ? g_strdup(disk->bitmap) : g_strconcat(backup->prefix, point->id, NULL);
}

/* Of an image that cannot be looked at, only the place is known. */
static gboolean is_same_file(const Disk *disk, const ChainDisk *before)
{
    return image_id_equal(&disk->id, &before->id) ||
           (!disk->id.inode && !before->id.inode && g_strcmp0(disk->image, before->image) == 0);
}

/* Where the image is that a text of QEMU or libvirt describes, for messages. */
static const char *image_text(const char *image)
{
    return image ? image : "an unknown image";
}

/*
 * The bitmap must be recording, whole, and in the image. libvirt lists those of its checkpoints
 * whether an image has them or not, and tells only of whole ones how much they mark.
 */
static gboolean check_bitmap(const Disk *disk, const DiskBitmap *bitmap, GError **error)
{
    if (!bitmap)
        return set_error(error, "disk %s has no bitmap of the last backup; %s", disk->name,
                         disk_keeps_bitmaps(disk) ? "its image was replaced, or QEMU was killed"
                                                  : "its format keeps none when QEMU exits");
    return bitmap->usable ||
           set_error(error, "the bitmap of disk %s is not reliable; QEMU was killed, another "
                            "program uses it, or the image was replaced", disk->name);
}

/*
 * Whether @disk is what it was at the last backup. @mark, a bitmap that no other disk ever had,
 * moves with its image. Without one (NULL), it has to be the same file.
 */
static gboolean check_image(const Disk *disk, const ChainDisk *before, const char *mark,
                            GError **error)
{
    const DiskBitmap *bitmap = mark ? disk_bitmap(disk, mark) : NULL;

    if (!before->image)
        return set_error(error, "the last backup does not record which image disk %s had",
                         disk->name);
    if (disk->serial && before->serial && !g_str_equal(disk->serial, before->serial))
        return set_error(error, "disk %s has the serial %s instead of %s", disk->name, disk->serial,
                         before->serial);
    if (mark ? bitmap && bitmap->usable : is_same_file(disk, before))
        return TRUE;
    if (g_strcmp0(disk->image, before->image) != 0)
        return set_error(error, "disk %s has another image than at the last backup: %s instead of "
                                "%s", disk->name, image_text(disk->image), before->image);
    if (!is_same_file(disk, before))
        return set_error(error, "the image of disk %s was replaced: %s is another file than at the "
                                "last backup", disk->name, disk->image);
    return check_bitmap(disk, bitmap, error);
}

/*
 * Whether a bitmap of the disk marks every write to its image: all go through the node that has it,
 * and the image can keep it.
 */
static gboolean check_writers(const Disk *disk, GError **error)
{
    if (disk->qcow2_version == 2)
        return set_error(error, "the image of disk %s is a qcow2 of version 2 (compat 0.10), which "
                                "keeps no bitmaps; while the VM is off, \"qemu-img amend -f qcow2 -o "
                                "compat=1.1 IMAGE\" converts it", disk->name);
    if (disk->twin)
        return set_error(error, "disks %s and %s have the same image", disk->name, disk->twin);
    return !disk->shared || set_error(error, "other VMs may write to the image of disk %s",
                                      disk->name);
}

/* Whether @disk can be copied from the newest point that has it on, which is @parent. */
static gboolean check_parent(const Backup *backup, const Disk *disk, const ChainPoint *parent,
                             GError **error)
{
    const ChainDisk *before = parent ? chain_point_disk(parent, disk->name) : NULL;
    g_autofree char *name = before ? backup_bitmap(backup, parent, before) : NULL;
    const DiskBitmap *bitmap = name ? disk_bitmap(disk, name) : NULL;

    if (!chain_newest(backup->chain))
        return set_error(error, "no backup in %s", backup->chain->dir);
    if (!before)
        return set_error(error, "disk %s is new", disk->name);
    if (disk->size != before->virtual_size)
        return set_error(error, "disk %s has another size", disk->name);
    return check_writers(disk, error) &&
           check_image(disk, before, backup->ops->own_bitmaps ? name : before->tag, error) &&
           check_bitmap(disk, bitmap, error) &&
           chain_disk_is_there(backup->chain, parent, disk->name, error);
}

/* Whether the chain of the disk called @name is to grow on. */
static gboolean check_length(const Backup *backup, const ChainPoint *parent, const char *name,
                             GError **error)
{
    g_autoptr(GPtrArray) files = NULL;

    if (!backup->max_chain)
        return TRUE;
    files = chain_files(backup->chain, parent, name, error);
    if (!files)
        return FALSE;
    return files->len < backup->max_chain ||
           set_error(error, "the chain of disk %s has %u member%s; --max-chain", name, files->len,
                     files->len == 1 ? "" : "s");
}

/* Sets what @disk of the new point is based on, or why it is on nothing. */
static gboolean choose_level(Backup *backup, guint index, BackupLevel level, GError **error)
{
    const Disk *disk = backup->disks->pdata[index];
    ChainDisk *planned = backup->point->disks->pdata[index];
    const ChainPoint *parent = chain_latest(backup->chain, disk->name);
    g_autoptr(GError) problem = NULL;

    if (level == LEVEL_FULL)
        return TRUE;
    if (check_parent(backup, disk, parent, &problem) && parent &&
        (level != LEVEL_AUTO || check_length(backup, parent, disk->name, &problem))) {
        planned->parent = g_strdup(parent->id);
        planned->tag = g_strdup(chain_point_disk(parent, disk->name)->tag);
        backup->copy.parents[index] = backup_bitmap(backup, parent,
                                                    chain_point_disk(parent, disk->name));
        return TRUE;
    }
    if (level == LEVEL_INCREMENTAL)
        return set_error(error, "cannot make an incremental backup: %s; use --level full or auto",
                         problem->message);
    if (chain_newest(backup->chain))
        planned->reason = g_strdup(problem->message);
    return TRUE;
}

/* An image gets its tag with its first bitmap. */
static void choose_tag(const Backup *backup, guint index)
{
    ChainDisk *planned = backup->point->disks->pdata[index];

    if (backup->ops->own_bitmaps || !planned->bitmap || planned->tag)
        return;
    planned->tag = g_strdup_printf("%stag-%08x", backup->prefix, g_random_int());
    backup->copy.tags[index] = g_strdup(planned->tag);
}

static gboolean choose_levels(Backup *backup, BackupLevel level, GError **error)
{
    const ChainPoint *newest = NULL;

    for (guint i = 0; i < backup->disks->len; i++) {
        const ChainDisk *planned = backup->point->disks->pdata[i];
        const ChainPoint *parent;

        if (!choose_level(backup, i, level, error))
            return FALSE;
        choose_tag(backup, i);
        parent = planned->parent ? chain_find(backup->chain, planned->parent) : NULL;
        if (parent && (!newest || parent->number > newest->number))
            newest = parent;
    }
    backup->point->parent = newest ? g_strdup(newest->id) : NULL;
    return TRUE;
}

/* A disk whose bitmap would miss writes has none, so that nothing is based on it. */
static char *choose_bitmap(const Backup *backup, const Disk *disk)
{
    if (!check_writers(disk, NULL) ||
        ((!backup->ops->own_bitmaps || backup->ops->kept_only) && !disk_keeps_bitmaps(disk)))
        return NULL;
    return backup->ops->own_bitmaps
               ? g_strdup_printf("%s-%08x", backup->copy.point, g_random_int())
               : g_strdup(backup->copy.point);
}

/*
 * Compressed clusters take more room in the copy than in the image, and a device holds as much as it
 * is large. Only qemu-img can measure how much, and only for an image on this machine.
 */
static void measure(const Backup *backup, guint index)
{
    Disk *disk = backup->disks->pdata[index];
    Deadline deadline = deadline_in(TOOL_MEASURE_MS, backup->vm->context->cancel_fd);
    const char *path = disk->path ? disk->path : disk->image;
    g_autoptr(JsonNode) told = NULL;
    GString *output = NULL;

    if (backup->copy.parents[index] || backup->compress || !disk_keeps_bitmaps(disk) || !path ||
        *path != '/' || disk->encrypted)
        return;
    if (!tool_run((const char *const[]){ "qemu-img", "measure", "-U", "--output=json", "-f",
                                         "qcow2", "-O", "qcow2", path, NULL },
                  &deadline, &output, NULL))
        return;
    told = json_from_string(output->str, NULL);
    g_string_free(output, TRUE);
    if (told && JSON_NODE_HOLDS_OBJECT(told))
        disk->allocated = CLAMP(jsonu_int(json_node_get_object(told), "required", disk->size),
                                disk->at_most ? 0 : disk->allocated, disk->size);
}

static gint64 disk_bytes(const Backup *backup, guint index)
{
    const Disk *disk = backup->disks->pdata[index];
    const char *parent = backup->copy.parents[index];

    return parent ? disk_bitmap(disk, parent)->bytes : disk->allocated;
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
static gboolean add_disks(Backup *backup, GError **error)
{
    for (guint i = 0; i < backup->disks->len; i++) {
        const Disk *disk = backup->disks->pdata[i];
        ChainDisk *planned;

        if (chain_point_disk(backup->point, disk->name))
            return set_error(error, "the VM has two disks called %s", disk->name);
        planned = chain_point_add(backup->point, disk->name);
        planned->virtual_size = disk->size;
        planned->image = g_strdup(disk->image);
        planned->id = disk->id;
        planned->serial = g_strdup(disk->serial);
        planned->format = g_strdup(disk->format);
        planned->bitmap = choose_bitmap(backup, disk);
    }
    return TRUE;
}

/* What the backend needs to know of the plan, but for the parents. */
static void fill_copy(Backup *backup)
{
    DiskCopy *copy = &backup->copy;

    copy->disks = backup->disks;
    copy->compress = backup->compress;
    copy->rate = backup->rate;
    for (guint i = 0; i < backup->disks->len; i++) {
        const ChainDisk *disk = backup->point->disks->pdata[i];
        g_autofree char *final = chain_path(backup->chain, disk->file);

        copy->files[i] = g_strconcat(final, CHAIN_PARTIAL, NULL);
        copy->bitmaps[i] = g_strdup(disk->bitmap);
    }
}

static gboolean plan_point(Backup *backup, BackupLevel level, const Deadline *deadline,
                           GError **error)
{
    guint n = backup->disks->len;

    backup->point = chain_point_new(backup->chain, backup->vm->name);
    backup->point->vm_uuid = vm_uuid(backup->vm, deadline);
    /* What cannot be asked is what it was. */
    if (!backup->point->vm_uuid && backup->off && chain_newest(backup->chain))
        backup->point->vm_uuid = g_strdup(chain_newest(backup->chain)->vm_uuid);
    backup->point->compressed = backup->compress;
    backup->copy.point = g_strconcat(backup->prefix, backup->point->id, NULL);
    backup->copy.files = g_new0(char *, n + 1);
    backup->copy.bitmaps = g_new0(char *, n + 1);
    backup->copy.parents = g_new0(char *, n + 1);
    backup->copy.tags = g_new0(char *, n + 1);
    if (!add_disks(backup, error) || !choose_levels(backup, level, error))
        return FALSE;
    fill_copy(backup);
    return TRUE;
}

/* What a transient disk holds is gone with the VM's end, so it is copied only if it is named. */
static gboolean choose_disks(Backup *backup, GError **error)
{
    GPtrArray *disks = backup->disks;

    if (!disks_choose(disks, backup->only, backup->except, error))
        return FALSE;
    for (guint i = disks->len; !backup->only && i-- > 0;)
        if (((const Disk *)disks->pdata[i])->transient)
            g_ptr_array_remove_index(disks, i);
    if (disks->len == 0)
        return set_error(error, "the VM has no writable disk that is not excluded");
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];

        if (disk->encrypted && !backup->plaintext)
            return set_error(error, "disk %s is encrypted, and its copy would not be; use "
                                    "--exclude %s, or --allow-plaintext", disk->name, disk->name);
    }
    return TRUE;
}

static char **names_of(const GPtrArray *disks)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < disks->len; i++)
        g_strv_builder_add(names, ((const Disk *)disks->pdata[i])->name);
    return g_strv_builder_end(names);
}

/* Those of @names that are none of @disks'; the caller's. */
static char **names_without(char **names, const GPtrArray *disks)
{
    g_autoptr(GStrvBuilder) left = g_strv_builder_new();

    for (; *names; names++)
        if (!disks_find(disks, *names))
            g_strv_builder_add(left, *names);
    return g_strv_builder_end(left);
}

gboolean backup_plan(Backup *backup, BackupLevel level, GError **error)
{
    Deadline deadline = vm_deadline(backup->vm, 0);
    g_auto(GStrv) all = NULL;

    vm_halted(backup->vm, &backup->copy.was_halted, &deadline, NULL);
    backup->disks = vm_disks(backup->vm, DISK_SIZES | DISK_BITMAPS, &deadline, error);
    if (!backup->disks)
        return FALSE;
    disks_keep_writable(backup->disks, TRUE);
    all = names_of(backup->disks);
    if (!choose_disks(backup, error) || !plan_point(backup, level, &deadline, error))
        return FALSE;
    backup->point->left_out = names_without(all, backup->disks);
    for (guint i = 0; i < backup->disks->len; i++)
        measure(backup, i);
    return check_room(backup, error);
}
