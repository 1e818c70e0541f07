/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "agent/schema/command.h"
#include "commands/shared/deadline-call.h"
#include "commands/shared/fs-sizes.h"
#include "commands/shared/mounts.h"
#include "commands/storage/disk-address.h"
#include "lib/errors.h"

typedef struct {
    const char *name;
    bool has_total;
    bool has_total_privileged;
    bool has_used;
    guint64 total;
    guint64 total_privileged;
    guint64 used;
    const char *mountpoint;
    List disk; /* of DiskAddress */
    const char *type;
} FilesystemInfo;

static const Type filesystem_info = {
    .kind = TYPE_OBJECT,
    .name = "GuestFilesystemInfo",
    .size = sizeof(FilesystemInfo),
    .fields = (const Field[]){
        REQUIRED(FilesystemInfo, name, "name", &type_string, .doc = "block device, without /dev"),
        OPTIONAL(FilesystemInfo, total, "total-bytes", &type_uint64,
                 .doc = "size for users, without the space reserved for root"),
        OPTIONAL(FilesystemInfo, total_privileged, "total-bytes-privileged", &type_uint64,
                 .doc = "size for root"),
        REQUIRED(FilesystemInfo, mountpoint, "mountpoint", &type_string,
                 .doc = "mount point, the first one"),
        REQUIRED(FilesystemInfo, disk,
                 "disk", &((const Type){ .kind = TYPE_LIST, .size = sizeof(List),
                                         .item = &disk_address_type }),
                 .doc = "the disks that it is on"),
        OPTIONAL(FilesystemInfo, used, "used-bytes", &type_uint64, .doc = "bytes in use"),
        REQUIRED(FilesystemInfo, type, "type", &type_string, .doc = "type of the filesystem"),
        FIELDS_END,
    },
};

static void set_sizes(FilesystemInfo *info, const struct statvfs *sizes)
{
    guint64 used = sizes->f_blocks - sizes->f_bfree;

    info->has_used = info->has_total = info->has_total_privileged = true;
    info->used = used * sizes->f_frsize;
    info->total = (used + sizes->f_bavail) * sizes->f_frsize;
    info->total_privileged = sizes->f_blocks * sizes->f_frsize;
}

/* Sets the sizes of @infos; a filesystem that does not respond lacks only its own. */
static void read_sizes(Patience *patience, const SysOps *sysops, List *infos)
{
    g_autofree FsSizes *sizes = g_new0(FsSizes, infos->len);

    for (gsize i = 0; i < infos->len; i++)
        sizes[i].path = list_at(infos, FilesystemInfo, i)->mountpoint;
    fs_sizes_read(patience, sysops, sizes, infos->len);
    for (gsize i = 0; i < infos->len; i++)
        if (sizes[i].known)
            set_sizes(list_at(infos, FilesystemInfo, i), &sizes[i].sizes);
}

/* Sets the name and the disks from sysfs. */
static gboolean set_device(BlockDevices *devices, dev_t device, FilesystemInfo *info,
                           GError **error)
{
    Arena *arena = block_devices_arena(devices);
    g_autofree char *number = g_strdup_printf("%u:%u", major(device), minor(device));
    g_autofree char *link = g_strconcat("/sys/dev/block/", number, NULL);
    g_autofree char *path = sysroot_realpath(block_devices_sysroot(devices), link);

    if (!path && errno != ENOENT)
        return set_errno_error(error, errno, "realpath(\"%s\")", link);
    if (!path) { /* as in a container */
        info->name = arena_strdup(arena, number);
        return TRUE;
    }
    info->name = arena_strdup(arena, strrchr(path, '/') + 1);
    return disk_addresses_collect(devices, path, &info->disk, error);
}

static gboolean get_fsinfo_run(Call *call, GError **error)
{
    g_autoptr(BlockDevices) devices = block_devices_new(call->services->sysroot, call->arena);
    List mounts = { NULL };

    if (!mounts_read(call->services->sysroot, &mounts, call->arena, error))
        return FALSE;
    for (gsize i = mounts.len; i-- > 0;) {
        const Mount *mount = list_at(&mounts, Mount, i);
        FilesystemInfo *info = list_append(call->result, call->arena, sizeof *info);

        info->mountpoint = mount->mount_point;
        info->type = mount->type;
        if (!set_device(devices, mount->device, info, error))
            return FALSE;
    }
    read_sizes(call->state, call->services->sysops, call->result);
    return TRUE;
}

static const Need fsinfo_needs[] = {
    { NEED_FILE, "/proc/self/mountinfo", NULL },
    { NEED_FILE, "/sys/dev/block", "device names and disks" },
    NEEDS_END,
};

static const Command guest_get_fsinfo = {
    .name = "guest-get-fsinfo",
    .rank = 26,
    .since = "2.2",
    .doc = "List the mounted filesystems with their sizes and disks, the last mounted first",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &filesystem_info },
    .needs = fsinfo_needs,
    .run = get_fsinfo_run,
};

static void *fsinfo_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return patience_new();
}

static void fsinfo_free(void *state)
{
    patience_free(state);
}

const Family family_fsinfo = {
    .name = "fsinfo",
    .commands = (const Command *const[]){ &guest_get_fsinfo, NULL },
    .init = fsinfo_init,
    .free = fsinfo_free,
};
