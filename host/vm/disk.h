/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A disk of a VM as all verbs see it. Each kind of VM fills it in one place; snapshot, backup
 * and doctor only read it.
 */

/* Marks what was written since some point: a dirty bitmap of QEMU, a checkpoint of libvirt. */
typedef struct {
    char *name;
    gint64 bytes;    /* that it marks as written */
    gboolean usable; /* records, is consistent, and no other program uses it */
} DiskBitmap;

/* Which file or block device an image is. All 0: it could not be looked at. */
typedef struct {
    guint64 device; /* of the file system; of a block device: 0 */
    guint64 inode;  /* of a block device: its number */
    gint64 born;    /* Unix nanoseconds; 0: the file system does not record it */
} ImageId;

typedef struct {
    char *name;     /* the user's name for it, from disk_name() or libvirt's target */
    char *node;     /* QEMU's node that the guest writes to; NULL with libvirt */
    char *path;     /* its image, an absolute path; NULL: not a file, or not known */
    char *image;    /* where its image is, in the words of QEMU or libvirt; NULL: not known */
    ImageId id;     /* of the file or block device @path, from disks_look() */
    char *twin;     /* name of another disk of the VM over the same image; NULL: none */
    char *format;   /* of the image, such as "qcow2"; NULL: not known */
    gint64 size;      /* bytes that the guest sees; 0: not asked for */
    gint64 allocated; /* bytes stored in the image and those below it; 0: not asked for */
    gboolean at_most; /* @allocated is but a limit: a device does not know what of it is in use */
    char *serial;     /* NULL: none, or not known */
    gboolean encrypted; /* the image or one below it */
    gboolean shared;    /* other VMs may write to it */
    gboolean transient; /* writes are dropped when the VM stops */
    gboolean read_only; /* the guest cannot write to it */
    gboolean firmware;  /* holds the firmware's variables */
    guint qcow2_version;  /* 2 or 3; 0: another format, or not known */
    guint depth;          /* images below its own */
    char *backing;        /* path of the image below; NULL: none, or not a file */
    char *backing_format; /* NULL: not known */
    GPtrArray *bitmaps;   /* of DiskBitmap; empty if they were not asked for */
    guint snapshots;      /* internal ones in its image; 0 if bitmaps were not asked for */
} Disk;

/* What a list of disks is to have besides names and images, as flags. */
enum {
    DISK_SIZES = 1 << 0,
    DISK_BITMAPS = 1 << 1,
};

Disk *disk_new(void);
/* Without its bitmaps. */
Disk *disk_copy(const Disk *disk);
void disk_free(gpointer disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disk, disk_free)

/* A new array that frees its Disks. */
GPtrArray *disks_new(void);

/*
 * The name of a disk of QEMU: the id of its drive, else that of its device, else the name of
 * its node. @drive and @qdev are "device" and "qdev" of query-block; both may be NULL or empty.
 * A snapshot by guestctl changes the node but not the name. The caller's.
 */
char *disk_name(const char *drive, const char *qdev, const char *node);

/*
 * The name of the node of the overlay that a snapshot puts on the disk @name: "gs", @seconds in
 * hex, @number, and the disk's name, which disk_name() finds again. Names of nodes have at most 31
 * characters (BDRV_NODE_NAME_MAX in QEMU's include/block/block-common.h). The caller's.
 */
char *disk_overlay_node(const char *name, gint64 seconds, guint number);

/* Adds a bitmap to what is known of @disk. */
void disk_add_bitmap(Disk *disk, const char *name, gint64 bytes, gboolean usable);

/* The bitmap called @name; NULL: @disk has none. */
const DiskBitmap *disk_bitmap(const Disk *disk, const char *name);

/* Whether bitmaps outlive QEMU in its format. */
gboolean disk_keeps_bitmaps(const Disk *disk);

/*
 * Fills in @id and @twin of all @disks. Paths are looked at on this host, without opening them.
 * The birth time is that of statx() (Linux 4.11).
 */
void disks_look(GPtrArray *disks);

/* Whether both were looked at and are one file or block device. */
gboolean image_id_equal(const ImageId *a, const ImageId *b);

/* The disk called @name; NULL: there is none. */
Disk *disks_find(const GPtrArray *disks, const char *name);

/* Removes the disks that the guest cannot write to, and firmware unless @firmware. */
void disks_keep_writable(GPtrArray *disks, gboolean firmware);

/*
 * Leaves only the disks named in @only and none named in @except; both arrays of strings, or NULL:
 * no such choice. FALSE with @error set if one of the names is none of @disks'.
 */
gboolean disks_choose(GPtrArray *disks, const GPtrArray *only, const GPtrArray *except,
                      GError **error);

/* Their names, separated by ", ", or "none"; the caller's. */
char *disks_names(const GPtrArray *disks);
