/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"
#include "host/backup/forget.h"
#include "host/vm/off.h"
#include "lib/errors.h"

/* Backups of VMs that are off. */

/* The disks as the set knows them: those of the newest point, and what it left out. */
static GPtrArray *disks_of_set(const Chain *chain)
{
    const ChainPoint *newest = chain_newest(chain);
    GPtrArray *disks = disks_new();
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; newest && i < newest->disks->len; i++)
        g_ptr_array_add(names, ((const ChainDisk *)newest->disks->pdata[i])->name);
    for (char **name = newest ? newest->left_out : NULL; name && *name; name++)
        g_ptr_array_add(names, *name);
    for (guint i = 0; i < names->len; i++) {
        const ChainPoint *point = chain_latest(chain, names->pdata[i]);
        const ChainDisk *before = point ? chain_point_disk(point, names->pdata[i]) : NULL;
        Disk *disk;

        if (!before)
            continue;
        disk = disk_new();
        disk->name = g_strdup(before->name);
        disk->image = g_strdup(before->image);
        disk->path = before->image && *before->image == '/' ? g_strdup(before->image) : NULL;
        disk->serial = g_strdup(before->serial);
        disk->format = g_strdup(before->format);
        g_ptr_array_add(disks, disk);
    }
    return disks;
}

static GPtrArray *disks_of_options(const Vm *vm, GError **error)
{
    const GPtrArray *images = vm->context->images;
    g_autoptr(GPtrArray) disks = disks_new();

    for (guint i = 0; i < images->len; i++) {
        Disk *disk = vm->backend->off->image(images->pdata[i], error);

        if (!disk)
            return NULL;
        g_ptr_array_add(disks, disk);
    }
    return g_steal_pointer(&disks);
}

/* An image whose format an older guestctl did not record. */
static gboolean check_formats(const GPtrArray *disks, GError **error)
{
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];

        if (disk->path && !disk->format)
            return set_error(error, "the VM is off, and the last backup does not record the format "
                                    "of disk %s; give it with --image %s=%s,format=FORMAT, or start "
                                    "the VM", disk->name, disk->name, disk->path);
    }
    return TRUE;
}

/*
 * libvirt describes a domain that is off; of a bare QEMU only what others have noted is known, such as
 * @chain (NULL: none).
 */
static GPtrArray *known_disks(Vm *vm, const Chain *chain, const Deadline *deadline, GError **error)
{
    g_autoptr(GPtrArray) disks = NULL;

    if (!vm->backend->off->image)
        return vm_disks(vm, 0, deadline, error);
    if (vm->context->images)
        return disks_of_options(vm, error);
    disks = chain ? disks_of_set(chain) : disks_new();
    if (disks->len == 0) {
        set_error(error, "the VM is off: nothing listens on its monitor's socket, and no backup "
                         "names its images; give each with --image NAME=FILE, with the name that "
                         "QEMU has for the disk, or start the VM");
        return NULL;
    }
    return check_formats(disks, error) ? g_steal_pointer(&disks) : NULL;
}

/* As off_open(). */
static Vm *open_disks(Vm *vm, const Chain *chain, const GPtrArray *only, const GPtrArray *except,
                      GError **error)
{
    Deadline deadline = vm_deadline(vm, 0);
    GPtrArray *disks;

    if (!backend_offers(vm->backend, vm->backend->off != NULL, "backup of a VM that is off", error))
        return NULL;
    disks = known_disks(vm, chain, &deadline, error);
    return disks ? off_open(vm, disks, only, except, vm->context->dry_run, &deadline, error) : NULL;
}

gboolean backup_use_off(Backup *backup, GError **error)
{
    Deadline deadline = vm_deadline(backup->vm, 0);
    const OffOps *ops = backup->vm->backend->off;

    backup->off = open_disks(backup->vm, backup->chain, backup->only, backup->except, error);
    if (!backup->off)
        return FALSE;
    backup->force = ops->force ? ops->force(backup->vm, &deadline) : NULL;
    backup->vm = backup->off;
    backup->ops = backup->vm->backend->backup;
    return TRUE;
}

/* A QEMU that was killed has not written the bitmap of the last backup, or only its beginning. */
static gboolean bitmap_is_lost(const Backup *backup, const Disk *disk)
{
    const ChainPoint *point = chain_latest(backup->chain, disk->name);
    const ChainDisk *before = point ? chain_point_disk(point, disk->name) : NULL;
    const DiskBitmap *bitmap;

    if (!before || !before->bitmap || !disk_keeps_bitmaps(disk) ||
        !image_id_equal(&before->id, &disk->id))
        return FALSE;
    bitmap = disk_bitmap(disk, before->bitmap);
    return !bitmap || !bitmap->usable;
}

char *backup_force(const Backup *backup)
{
    for (guint i = 0; i < backup->disks->len && !backup->force; i++) {
        const Disk *disk = backup->disks->pdata[i];

        if (bitmap_is_lost(backup, disk))
            return g_strdup_printf("shut off, and the bitmap of disk %s is lost, as after a kill of "
                                   "QEMU", disk->name);
    }
    return g_strdup(backup->force);
}

/* Of libvirt, the records that are left. */
static gboolean forget_records(Vm *vm, Vm *off, const Chain *chain, GError **error)
{
    static const char *const none[] = { NULL };
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GPtrArray) disks = vm_disks(off, 0, &deadline, error);
    g_autoptr(GPtrArray) marks =
        disks ? vm->backend->backup->marks(vm, &deadline, error) : NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) names = NULL;

    if (!marks)
        return FALSE;
    for (guint i = 0; i < disks->len; i++)
        if (((const Disk *)disks->pdata[i])->node)
            g_strv_builder_add(builder, ((const Disk *)disks->pdata[i])->name);
    names = g_strv_builder_end(builder);
    for (guint i = 0; i < marks->len; i++) {
        const char *name = ((const BackupMark *)marks->pdata[i])->name;

        if (forget_is_ours(name, chain ? chain->name : NULL) &&
            !vm->backend->off->forget_bitmaps(vm, name, none, names, &deadline, error))
            return FALSE;
    }
    return TRUE;
}

gboolean backup_forget_off(Vm *vm, const Chain *chain, Reporter *reporter, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(Vm) off = open_disks(vm, chain, NULL, NULL, &problem);
    const char *set = chain ? chain->name : NULL;

    /* libvirt's records can go without the images. */
    if (!off && vm->backend->off && !vm->backend->off->image) {
        reporter_warn(reporter, "cannot remove the bitmaps from the images: %s", problem->message);
        return forget_marks(vm, set, reporter, error);
    }
    if (!off)
        g_propagate_error(error, g_steal_pointer(&problem));
    return off && forget_marks(off, set, reporter, error) &&
           (vm->context->dry_run || !vm->backend->off->forget_bitmaps ||
            forget_records(vm, off, chain, error));
}
