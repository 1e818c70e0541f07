/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libvirt/virterror.h>

#include "host/base/qcow2-header.h"
#include "host/vm/libvirt/domain.h"
#include "lib/errors.h"

/* A domain's disks, from its description, its block devices and its checkpoints. */

static int call_describe(LibvirtCall *call)
{
    call->string = virDomainGetXMLDesc(call->domain, 0);
    return call->string ? 0 : -1;
}

DomainXml *libvirt_describe(Vm *vm, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_describe, deadline, error);

    return call ? domain_xml_read(call->string, error) : NULL;
}

/* A file's path; other kinds of image have none that guestctl could use. */
static char *path_of(const DomainImage *image)
{
    return image && g_strcmp0(image->type, "file") == 0 ? g_strdup(image->path) : NULL;
}

/* As a text that names it; the caller's. */
static char *image_of(const DomainImage *image)
{
    if (!image || (!image->path && !image->name))
        return NULL;
    return image->path ? g_strdup(image->path)
                       : g_strdup_printf("%s:%s", image->protocol ? image->protocol : image->type,
                                         image->name);
}

/* libvirt does not report it. 0: it cannot be read here, such as of another host's image. */
static guint qcow2_version(const char *path)
{
    g_auto(Qcow2Header) header = { 0 };

    return qcow2_header_read(path, &header, NULL) ? header.version : 0;
}

static Disk *disk_of(const DomainDisk *row)
{
    const DomainImage *below = row->image ? row->image->backing : NULL;
    Disk *disk = disk_new();

    disk->name = g_strdup(row->name);
    disk->path = path_of(row->image);
    if (disk->path && row->image && g_strcmp0(row->image->format, "qcow2") == 0)
        disk->qcow2_version = qcow2_version(disk->path);
    disk->image = image_of(row->image);
    disk->format = g_strdup(row->image && row->image->format ? row->image->format : "raw");
    disk->serial = g_strdup(row->serial);
    disk->shared = row->shareable;
    disk->transient = row->transient;
    disk->read_only = !domain_disk_is_writable(row);
    for (const DomainImage *image = row->image; image; image = image->backing) {
        disk->at_most = disk->at_most || g_strcmp0(image->type, "file") != 0;
        disk->encrypted = disk->encrypted || image->encrypted;
        disk->depth += image != row->image;
    }
    disk->backing = path_of(below);
    disk->backing_format = g_strdup(below ? below->format : NULL);
    return disk;
}

static int call_block_info(LibvirtCall *call)
{
    return virDomainGetBlockInfo(call->domain, call->text, &call->info.block, 0);
}

static gboolean read_size(Vm *vm, Disk *disk, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_block_info, deadline, error);
    const virDomainBlockInfo *info;

    if (!call)
        return FALSE;
    call->text = g_strdup(disk->name);
    if (!libvirt_call_run(call, NULL, deadline, error))
        return FALSE;
    info = &call->info.block;
    disk->size = (gint64)info->capacity;
    disk->allocated = (gint64)MIN(info->capacity,
                                  MAX(info->allocation,
                                      disk_keeps_bitmaps(disk) ? info->physical : 0));
    /* libvirt's allocation is 0, or the highest offset that this QEMU has written. */
    if (disk->at_most)
        disk->allocated = disk->depth == 0 && info->physical > 0
                              ? (gint64)MIN(info->capacity, info->physical)
                              : disk->size;
    return TRUE;
}

int libvirt_each_checkpoint(virDomainPtr domain, const char *prefix, LibvirtCheckpointFunc act,
                            gpointer data)
{
    virDomainCheckpointPtr *list = NULL;
    int n = virDomainListAllCheckpoints(domain, &list, 0), result = n;

    for (int i = 0; i < n; i++) {
        if (result >= 0 && g_str_has_prefix(virDomainCheckpointGetName(list[i]), prefix))
            result = act(list[i], data);
        virDomainCheckpointFree(list[i]);
    }
    free(list);
    return result;
}

/* A checkpoint, as libvirt describes it. */
typedef struct {
    char *name, *xml;
    gboolean sized; /* with the size of each bitmap, which only those that are whole have */
} Checkpoint;

static void checkpoint_free(gpointer data)
{
    Checkpoint *checkpoint = data;

    g_free(checkpoint->name);
    free(checkpoint->xml);
    g_free(checkpoint);
}

static int take_checkpoint(virDomainCheckpointPtr source, gpointer data)
{
    const unsigned int plain = VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN;
    Checkpoint *checkpoint = g_new0(Checkpoint, 1);

    checkpoint->name = g_strdup(virDomainCheckpointGetName(source));
    checkpoint->xml = virDomainCheckpointGetXMLDesc(source, plain | VIR_DOMAIN_CHECKPOINT_XML_SIZE);
    checkpoint->sized = checkpoint->xml != NULL;
    if (!checkpoint->xml)
        checkpoint->xml = virDomainCheckpointGetXMLDesc(source, plain);
    g_ptr_array_add(data, checkpoint);
    return 0;
}

static int call_checkpoints(LibvirtCall *call)
{
    return libvirt_each_checkpoint(call->domain, "", take_checkpoint, call->data);
}

/* libvirt keeps a checkpoint as a bitmap of each of its disks. */
static void add_bitmaps(GPtrArray *disks, const Checkpoint *checkpoint)
{
    g_autoptr(GPtrArray) rows =
        checkpoint->xml ? domain_xml_read_checkpoint(checkpoint->xml, NULL) : NULL;

    for (guint i = 0; rows && i < rows->len; i++) {
        const DomainCheckpointDisk *row = rows->pdata[i];
        Disk *disk = disks_find(disks, row->name);

        if (disk)
            disk_add_bitmap(disk, checkpoint->name, MAX(row->size, 0),
                            checkpoint->sized && row->size >= 0);
    }
}

static gboolean read_checkpoints(Vm *vm, GPtrArray *disks, const Deadline *deadline,
                                 GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_checkpoints, deadline, error);
    const GPtrArray *list;

    if (!call)
        return FALSE;
    call->data = g_ptr_array_new_with_free_func(checkpoint_free);
    call->free_data = (GDestroyNotify)g_ptr_array_unref;
    if (!libvirt_call_run(call, NULL, deadline, error))
        return FALSE;
    list = call->data;
    for (guint i = 0; i < list->len; i++)
        add_bitmaps(disks, list->pdata[i]);
    return TRUE;
}

static int call_snapshots(LibvirtCall *call)
{
    call->value = virDomainSnapshotNum(call->domain, VIR_DOMAIN_SNAPSHOT_LIST_INTERNAL);
    return call->value;
}

/* libvirt keeps the parts of an internal snapshot in all images that can have them. */
static void read_snapshots(Vm *vm, GPtrArray *disks, const Deadline *deadline)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_snapshots, deadline, NULL);

    for (guint i = 0; call && i < disks->len; i++) {
        Disk *disk = disks->pdata[i];

        if (!disk->read_only && disk_keeps_bitmaps(disk))
            disk->snapshots = (guint)call->value;
    }
}

GPtrArray *libvirt_disks(Vm *vm, guint details, const Deadline *deadline, GError **error)
{
    g_autoptr(DomainXml) domain = libvirt_describe(vm, deadline, error);
    g_autoptr(GPtrArray) disks = disks_new();

    if (!domain)
        return NULL;
    for (guint i = 0; i < domain->disks->len; i++)
        g_ptr_array_add(disks, disk_of(domain->disks->pdata[i]));
    for (guint i = 0; (details & DISK_SIZES) && i < disks->len; i++) {
        Disk *disk = disks->pdata[i];

        if (!disk->read_only && !read_size(vm, disk, deadline, error))
            return NULL;
    }
    if ((details & DISK_BITMAPS) && !read_checkpoints(vm, disks, deadline, error))
        return NULL;
    if (details & DISK_BITMAPS)
        read_snapshots(vm, disks, deadline);
    return g_steal_pointer(&disks);
}
