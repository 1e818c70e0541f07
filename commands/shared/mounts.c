/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/shared/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/errors.h"

#define MOUNTINFO "/proc/self/mountinfo"
#define MOUNTS "/proc/self/mounts"

/* The major device number of anonymous superblocks (tmpfs, nfs, overlay, btrfs). */
#define MAJOR_ANONYMOUS 0

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FILE, fclose)
typedef struct libmnt_table MountTable;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MountTable, mnt_unref_table)

typedef struct {
    const Sysroot *sysroot;
    Arena *arena;
    List *mounts;
    GHashTable *index_of; /* device number -> index of its Mount plus one */
} Reader;

/* The kind of a mount's source. */
typedef enum {
    SOURCE_OTHER,
    SOURCE_DEVICE,
    SOURCE_DIRECTORY,
} SourceKind;

/* For a missing node, such as "/dev/vda1" in a small /dev: sysfs has its number ("254:1"). */
static gboolean device_from_sysfs(const Sysroot *sysroot, const char *source, dev_t *device)
{
    const char *name = g_str_has_prefix(source, "/dev/") ? source + strlen("/dev/") : NULL;
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;
    unsigned major, minor;

    if (!name || strchr(name, '/'))
        return FALSE;
    path = g_strdup_printf("/sys/class/block/%s/dev", name);
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote the numbers */
    if (!sysroot_read(sysroot, path, &text, NULL) || sscanf(text, "%u:%u", &major, &minor) != 2)
        return FALSE;
    *device = makedev(major, minor);
    return TRUE;
}

/* Examines the path @source; *@device is set only for SOURCE_DEVICE. */
static SourceKind look_at_source(const Sysroot *sysroot, const char *source, dev_t *device)
{
    struct stat st;
    int fd;

    if (!source || source[0] != '/')
        return SOURCE_OTHER;
    fd = sysroot_open(sysroot, source, O_PATH);
    if (fd < 0)
        return errno == ENOENT && device_from_sysfs(sysroot, source, device) ? SOURCE_DEVICE
                                                                            : SOURCE_OTHER;
    if (fstat(fd, &st) < 0)
        st.st_mode = 0;
    close(fd);
    if (S_ISDIR(st.st_mode))
        return SOURCE_DIRECTORY;
    if (!S_ISBLK(st.st_mode))
        return SOURCE_OTHER;
    *device = st.st_rdev;
    return SOURCE_DEVICE;
}

/* The kernel's device numbers have 32 bits (linux/kdev_t.h), so they fit a hash key. */
static gpointer device_key(dev_t device)
{
    return GUINT_TO_POINTER(major(device) << 20 | minor(device));
}

static void add_id(Reader *reader, Mount *mount, struct libmnt_fs *fs)
{
    int id = mnt_fs_get_id(fs);

    if (id > 0)
        *(int *)list_append(&mount->mount_ids, reader->arena, sizeof id) = id;
}

static void add_mount(Reader *reader, struct libmnt_fs *fs, dev_t device)
{
    const char *target = mnt_fs_get_target(fs);
    gpointer key = device_key(device);
    guint known = GPOINTER_TO_UINT(g_hash_table_lookup(reader->index_of, key));
    Mount *mount;

    if (!target)
        return;
    target = arena_strdup(reader->arena, target);
    if (known) {
        mount = list_at(reader->mounts, Mount, known - 1);
        *(const char **)list_append(&mount->other_mount_points, reader->arena,
                                    sizeof target) = target;
        add_id(reader, mount, fs);
        return;
    }
    mount = list_append(reader->mounts, reader->arena, sizeof *mount);
    mount->device = device;
    mount->mount_point = target;
    mount->type = arena_strdup(reader->arena, mnt_fs_get_fstype(fs) ?: "");
    mount->source = arena_strdup(reader->arena, mnt_fs_get_source(fs) ?: "");
    add_id(reader, mount, fs);
    if (device)
        g_hash_table_insert(reader->index_of, key, GUINT_TO_POINTER((guint)reader->mounts->len));
}

/* Takes a line of mountinfo. For btrfs the device number is that of its source. */
static void take_mountinfo(Reader *reader, struct libmnt_fs *fs)
{
    dev_t device = mnt_fs_get_devno(fs);

    if (major(device) == MAJOR_ANONYMOUS &&
        (g_strcmp0(mnt_fs_get_fstype(fs), "btrfs") != 0 ||
         look_at_source(reader->sysroot, mnt_fs_get_source(fs), &device) != SOURCE_DEVICE))
        return;
    add_mount(reader, fs, device);
}

/* Takes a line of /proc/self/mounts, which has no device numbers. */
static void take_mounts(Reader *reader, struct libmnt_fs *fs)
{
    const char *source = mnt_fs_get_source(fs);
    const char *type = mnt_fs_get_fstype(fs);
    dev_t device = 0;

    if (!source || source[0] != '/' || g_strcmp0(type, "smbfs") == 0 ||
        g_strcmp0(type, "cifs") == 0 ||
        look_at_source(reader->sysroot, source, &device) == SOURCE_DIRECTORY)
        return;
    add_mount(reader, fs, device);
}

static gboolean parse(Reader *reader, FILE *file, const char *path,
                      void (*take)(Reader *, struct libmnt_fs *), GError **error)
{
    g_autoptr(MountTable) table = mnt_new_table();
    struct libmnt_iter *iter;
    struct libmnt_fs *fs;
    int result = mnt_table_parse_stream(table, file, path);

    if (result < 0)
        return set_errno_error(error, -result, "failed to read mtab file: '%s'", path);
    iter = mnt_new_iter(MNT_ITER_FORWARD);
    while (mnt_table_next_fs(table, iter, &fs) == 0)
        take(reader, fs);
    mnt_free_iter(iter);
    return TRUE;
}

static FILE *open_table(const Sysroot *sysroot, const char *path)
{
    int fd = sysroot_open(sysroot, path, O_RDONLY | O_NOCTTY);
    FILE *file;

    if (fd < 0)
        return NULL;
    file = fdopen(fd, "re");
    if (!file)
        close(fd);
    return file;
}

gboolean mounts_read(const Sysroot *sysroot, List *mounts, Arena *arena, GError **error)
{
    g_autoptr(GHashTable) index_of = g_hash_table_new(NULL, NULL);
    Reader reader = { sysroot, arena, mounts, index_of };
    g_autoptr(FILE) mountinfo = open_table(sysroot, MOUNTINFO);
    g_autoptr(FILE) mtab = NULL;

    if (mountinfo)
        return parse(&reader, mountinfo, MOUNTINFO, take_mountinfo, error);
    mtab = open_table(sysroot, MOUNTS);
    if (!mtab)
        return set_error(error, "failed to open mtab file: '%s'", MOUNTS);
    return parse(&reader, mtab, MOUNTS, take_mounts, error);
}
