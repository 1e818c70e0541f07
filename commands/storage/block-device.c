/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/storage/block-device.h"

#include <libudev.h>
#include <unistd.h>

#include "commands/parse/lines.h"

#define UDEV_DATABASE "/run/udev/data"

typedef struct udev_device UdevDevice;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UdevDevice, udev_device_unref)

struct BlockDevices {
    const Sysroot *sysroot;
    Arena *arena;
    struct udev *udev; /* NULL: read the files instead */
};

BlockDevices *block_devices_new(const Sysroot *sysroot, Arena *arena)
{
    BlockDevices *devices = g_new0(BlockDevices, 1);

    devices->sysroot = sysroot;
    devices->arena = arena;
    if (sysroot_is_real(sysroot) && access(UDEV_DATABASE, F_OK) == 0)
        devices->udev = udev_new();
    return devices;
}

void block_devices_free(BlockDevices *devices)
{
    if (!devices)
        return;
    udev_unref(devices->udev);
    g_free(devices);
}

const Sysroot *block_devices_sysroot(const BlockDevices *devices)
{
    return devices->sysroot;
}

Arena *block_devices_arena(const BlockDevices *devices)
{
    return devices->arena;
}

/* A copy of @text in the arena; NULL for an empty property. */
static const char *keep(BlockDevices *devices, const char *text)
{
    return text && *text ? arena_strdup(devices->arena, text) : NULL;
}

static void ask_udev(BlockDevices *devices, const char *syspath, BlockProperties *properties)
{
    g_autoptr(UdevDevice) device = udev_device_new_from_syspath(devices->udev, syspath);

    if (!device)
        return;
    properties->node = keep(devices, udev_device_get_devnode(device));
    properties->serial = keep(devices, udev_device_get_property_value(device, "ID_SERIAL"));
    properties->dm_name = keep(devices, udev_device_get_property_value(device, "DM_NAME"));
}

/* Reads udev's file for the block device "254:1", if it exists. */
static void read_database(BlockDevices *devices, const char *major, const char *minor,
                          BlockProperties *properties)
{
    g_autofree char *path = g_strdup_printf(UDEV_DATABASE "/b%s:%s", major, minor);
    g_autofree char *text = NULL;
    gsize len;

    if (!sysroot_read(devices->sysroot, path, &text, &len))
        return;
    properties->serial = keep(devices, property_find(text, len, "E:ID_SERIAL=", devices->arena));
    properties->dm_name = keep(devices, property_find(text, len, "E:DM_NAME=", devices->arena));
}

static void read_files(BlockDevices *devices, const char *syspath, BlockProperties *properties)
{
    g_autofree char *path = g_strconcat(syspath, "/uevent", NULL);
    g_autofree char *text = NULL;
    const char *name, *major, *minor;
    gsize len;

    if (!sysroot_read(devices->sysroot, path, &text, &len))
        return;
    name = property_find(text, len, "DEVNAME=", devices->arena);
    major = property_find(text, len, "MAJOR=", devices->arena);
    minor = property_find(text, len, "MINOR=", devices->arena);
    if (name)
        properties->node = arena_printf(devices->arena, "/dev/%s", name);
    if (major && minor)
        read_database(devices, major, minor, properties);
}

void block_properties(BlockDevices *devices, const char *syspath, BlockProperties *properties)
{
    *properties = (BlockProperties){ NULL };
    if (devices->udev)
        ask_udev(devices, syspath, properties);
    else
        read_files(devices, syspath, properties);
}
