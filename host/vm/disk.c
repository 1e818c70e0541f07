/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/disk.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/errors.h"

/* Names of overlays' nodes: "gs", 8 digits of seconds, 2 of a number, "-", the disk's name. */
#define NODE_PREFIX "gs"
#define NODE_PREFIX_LEN 13
#define MAX_NODE_NAME 31
#define HEX_DIGITS "0123456789abcdef"
/* Where QEMU has the devices that were given an id. */
#define PERIPHERAL "/machine/peripheral/"
#define NODE_CHARS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-"

static void bitmap_free(gpointer data)
{
    DiskBitmap *bitmap = data;

    g_free(bitmap->name);
    g_free(bitmap);
}

Disk *disk_new(void)
{
    Disk *disk = g_new0(Disk, 1);

    disk->bitmaps = g_ptr_array_new_with_free_func(bitmap_free);
    return disk;
}

Disk *disk_copy(const Disk *disk)
{
    Disk *copy = disk_new();
    GPtrArray *bitmaps = copy->bitmaps;

    *copy = *disk;
    copy->bitmaps = bitmaps;
    copy->name = g_strdup(disk->name);
    copy->node = g_strdup(disk->node);
    copy->path = g_strdup(disk->path);
    copy->image = g_strdup(disk->image);
    copy->twin = g_strdup(disk->twin);
    copy->format = g_strdup(disk->format);
    copy->serial = g_strdup(disk->serial);
    copy->backing = g_strdup(disk->backing);
    copy->backing_format = g_strdup(disk->backing_format);
    return copy;
}

void disk_free(gpointer data)
{
    Disk *disk = data;

    if (!disk)
        return;
    g_free(disk->name);
    g_free(disk->node);
    g_free(disk->path);
    g_free(disk->image);
    g_free(disk->twin);
    g_free(disk->format);
    g_free(disk->serial);
    g_free(disk->backing);
    g_free(disk->backing_format);
    g_ptr_array_unref(disk->bitmaps);
    g_free(disk);
}

GPtrArray *disks_new(void)
{
    return g_ptr_array_new_with_free_func(disk_free);
}

/* The id in what QEMU calls a device: ID, or PERIPHERAL ID and a path below it. The caller's. */
static char *device_id(const char *qdev)
{
    gboolean named = qdev && g_str_has_prefix(qdev, PERIPHERAL);
    const char *id = named ? qdev + strlen(PERIPHERAL) : qdev;

    return id && *id && *id != '/' ? g_strndup(id, strcspn(id, "/")) : NULL;
}

static gboolean is_overlay_node(const char *node)
{
    return g_str_has_prefix(node, NODE_PREFIX) && strlen(node) > NODE_PREFIX_LEN &&
           node[NODE_PREFIX_LEN - 1] == '-' &&
           strspn(node + strlen(NODE_PREFIX), HEX_DIGITS) ==
               NODE_PREFIX_LEN - strlen(NODE_PREFIX) - 1;
}

char *disk_name(const char *drive, const char *qdev, const char *node)
{
    char *id;

    if (drive && *drive)
        return g_strdup(drive);
    id = device_id(qdev);
    return id ? id : g_strdup(is_overlay_node(node) ? node + NODE_PREFIX_LEN : node);
}

char *disk_overlay_node(const char *name, gint64 seconds, guint number)
{
    char *node = g_strdup_printf(NODE_PREFIX "%08x%02x-%s", (guint)seconds, number & 0xff, name);

    if (strlen(node) > MAX_NODE_NAME)
        node[MAX_NODE_NAME] = '\0';
    return g_strcanon(node, NODE_CHARS, '_');
}

void disk_add_bitmap(Disk *disk, const char *name, gint64 bytes, gboolean usable)
{
    DiskBitmap *bitmap = g_new0(DiskBitmap, 1);

    bitmap->name = g_strdup(name);
    bitmap->bytes = bytes;
    bitmap->usable = usable;
    g_ptr_array_add(disk->bitmaps, bitmap);
}

const DiskBitmap *disk_bitmap(const Disk *disk, const char *name)
{
    for (guint i = 0; i < disk->bitmaps->len; i++) {
        const DiskBitmap *bitmap = disk->bitmaps->pdata[i];

        if (g_str_equal(bitmap->name, name))
            return bitmap;
    }
    return NULL;
}

gboolean disk_keeps_bitmaps(const Disk *disk)
{
    return g_strcmp0(disk->format, "qcow2") == 0;
}

gboolean image_id_equal(const ImageId *a, const ImageId *b)
{
    return a->inode && a->device == b->device && a->inode == b->inode && a->born == b->born;
}

static void look_at(Disk *disk)
{
    struct statx info;

    /* Nothing that hangs or is mounted automatically is waited for. */
    if (!disk->path || statx(AT_FDCWD, disk->path, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                             STATX_INO | STATX_TYPE | STATX_BTIME, &info) < 0)
        return;
    if (S_ISBLK(info.stx_mode)) {
        disk->id = (ImageId){ .inode = makedev(info.stx_rdev_major, info.stx_rdev_minor) };
        return;
    }
    disk->id = (ImageId){ .device = makedev(info.stx_dev_major, info.stx_dev_minor),
                          .inode = info.stx_ino };
    if (info.stx_mask & STATX_BTIME)
        disk->id.born = info.stx_btime.tv_sec * 1000000000L + info.stx_btime.tv_nsec;
}

static gboolean share_image(const Disk *a, const Disk *b)
{
    return image_id_equal(&a->id, &b->id) || (a->image && g_strcmp0(a->image, b->image) == 0);
}

void disks_look(GPtrArray *disks)
{
    g_ptr_array_foreach(disks, (GFunc)(void (*)(void))look_at, NULL);
    for (guint i = 0; i < disks->len; i++) {
        Disk *disk = disks->pdata[i];

        for (guint k = 0; k < disks->len && !disk->twin; k++) {
            const Disk *other = disks->pdata[k];

            if (other != disk && share_image(disk, other))
                disk->twin = g_strdup(other->name);
        }
    }
}

Disk *disks_find(const GPtrArray *disks, const char *name)
{
    for (guint i = 0; i < disks->len; i++) {
        Disk *disk = disks->pdata[i];

        if (g_str_equal(disk->name, name))
            return disk;
    }
    return NULL;
}

void disks_keep_writable(GPtrArray *disks, gboolean firmware)
{
    for (guint i = disks->len; i-- > 0;) {
        const Disk *disk = disks->pdata[i];

        if (disk->read_only || (disk->firmware && !firmware))
            g_ptr_array_remove_index(disks, i);
    }
}

static gboolean check_names(const GPtrArray *disks, const GPtrArray *names, GError **error)
{
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *all = disks_names(disks);

        if (!disks_find(disks, names->pdata[i]))
            return set_error(error, "no writable disk '%s'; available: %s",
                             (const char *)names->pdata[i], all);
    }
    return TRUE;
}

static gboolean is_named(const Disk *disk, const GPtrArray *names)
{
    return names && g_ptr_array_find_with_equal_func((GPtrArray *)names, disk->name, g_str_equal,
                                                     NULL);
}

gboolean disks_choose(GPtrArray *disks, const GPtrArray *only, const GPtrArray *except,
                      GError **error)
{
    if (!check_names(disks, only, error) || !check_names(disks, except, error))
        return FALSE;
    for (guint i = disks->len; i-- > 0;) {
        const Disk *disk = disks->pdata[i];

        if ((only && !is_named(disk, only)) || is_named(disk, except))
            g_ptr_array_remove_index(disks, i);
    }
    return TRUE;
}

char *disks_names(const GPtrArray *disks)
{
    GString *names = g_string_new(disks->len ? NULL : "none");

    for (guint i = 0; i < disks->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               ((const Disk *)disks->pdata[i])->name);
    return g_string_free(names, FALSE);
}
