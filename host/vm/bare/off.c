/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/off.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/qcow2-header.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

#define PROGRAM "qemu-storage-daemon"
/* The images are closed, and their bitmaps written. */
#define QUIT_MS 10000
/* After Ctrl-C, with which guestctl ends in 2 s. */
#define HURRY_MS 1000
/* Of names of the nodes of images; not that of the nodes that guestctl looks for to close them. */
#define NODE_PREFIX "image-"
#define MAX_DEPTH 200

typedef struct {
    Vm *base; /* not this one's */
    GSubprocess *process;
    GPtrArray *disks; /* of Disk; those that are open have a node */
    BackupOps ops;
    Backend backend;
} Off;

static Off *off_of(const Vm *vm)
{
    return bare_more(vm);
}

static void off_clear(Off *off)
{
    if (off->process)
        g_object_unref(off->process);
    g_ptr_array_unref(off->disks);
    g_free(off);
}

/* A program that hangs is left: it ends, and gives its locks back, when the storage answers. */
static void off_free(Vm *vm)
{
    Off *off = off_of(vm);
    int cancel_fd = vm->context->cancel_fd;
    Deadline now = deadline_in(0, cancel_fd), deadline = deadline_in(HURRY_MS, -1);
    g_autoptr(GError) cancelled = NULL;
    Qmp *qmp = bare_qmp(vm, &deadline, NULL);
    gint64 ms;

    deadline_poll(&now, -1, 0, &cancelled);
    ms = g_error_matches(cancelled, GUESTD_ERROR, GUESTD_ERROR_CANCELLED) ? HURRY_MS : QUIT_MS;
    if (!qmp || !qmp_do(qmp, "quit", NULL, &deadline, NULL))
        g_subprocess_send_signal(off->process, SIGTERM);
    tool_await(off->process, ms);
    bare_free(vm);
    off_clear(off);
}

static char *off_uuid(Vm *vm, const Deadline *deadline, GError **error)
{
    Vm *base = off_of(vm)->base;

    if (!backend_offers(base->backend, base->backend->uuid != NULL, "UUID", error))
        return NULL;
    return base->backend->uuid(base, deadline, error);
}

static JsonObject *find_node(JsonArray *rows, const char *name)
{
    for (guint i = 0; i < jsonu_count(rows); i++)
        if (g_strcmp0(jsonu_string(jsonu_item(rows, i), "node-name", NULL), name) == 0)
            return jsonu_item(rows, i);
    return NULL;
}

/* What the program knows of the image, and what only the VM's description has. */
static Disk *merge(const Disk *known, JsonObject *row)
{
    Disk *disk = bare_read_node(row);

    g_free(disk->name);
    g_free(disk->path);
    g_free(disk->image);
    disk->name = g_strdup(known->name);
    disk->path = g_strdup(known->path);
    disk->image = g_strdup(known->image);
    disk->serial = g_strdup(known->serial);
    disk->shared = known->shared;
    disk->transient = known->transient;
    disk->read_only = known->read_only;
    disk->firmware = known->firmware;
    return disk;
}

static GPtrArray *off_disks(Vm *vm, guint details, const Deadline *deadline, GError **error)
{
    const GPtrArray *known = off_of(vm)->disks;
    Qmp *qmp = bare_qmp(vm, deadline, error);
    g_autoptr(JsonNode) result =
        qmp ? qmp_call(qmp, "query-named-block-nodes", NULL, deadline, error) : NULL;
    JsonArray *rows = jsonu_node_array(result);
    GPtrArray *disks;

    (void)details;
    if (!result)
        return NULL;
    disks = disks_new();
    for (guint i = 0; i < known->len; i++) {
        const Disk *disk = known->pdata[i];
        JsonObject *row = disk->node ? find_node(rows, disk->node) : NULL;

        g_ptr_array_add(disks, row ? merge(disk, row) : disk_copy(disk));
    }
    return disks;
}

/* ---- Copies */

static const OffOps *ops_of(const Vm *vm)
{
    return off_of(vm)->base->backend->off;
}

/* Tells the VM's backend of a bitmap called @name that the disks will have for which @has is set. */
static gboolean note(Vm *vm, const DiskCopy *copy, const char *name, char **has,
                     const Deadline *deadline, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) disks = NULL;

    for (guint i = 0; i < copy->disks->len; i++)
        if (has[i])
            g_strv_builder_add(builder, ((const Disk *)copy->disks->pdata[i])->name);
    disks = g_strv_builder_end(builder);
    return !*disks || !ops_of(vm)->note_bitmap ||
           ops_of(vm)->note_bitmap(off_of(vm)->base, name, disks, deadline, error);
}

static gboolean add_tag(Vm *vm, const DiskCopy *copy, guint index, const Deadline *deadline,
                        GError **error)
{
    JsonObject *bitmap = jsonu_with("node", ((const Disk *)copy->disks->pdata[index])->node);
    g_autofree char **has = g_new0(char *, copy->disks->len);
    Qmp *qmp = bare_qmp(vm, deadline, error);

    json_object_set_string_member(bitmap, "name", copy->tags[index]);
    json_object_set_boolean_member(bitmap, "persistent", TRUE);
    has[index] = copy->tags[index];
    if (qmp && note(vm, copy, copy->tags[index], has, deadline, error))
        return qmp_do(qmp, "block-dirty-bitmap-add", bitmap, deadline, error);
    json_object_unref(bitmap);
    return FALSE;
}

static gboolean off_attach(Vm *vm, const DiskCopy *copy, guint index, const Deadline *deadline,
                           GError **error)
{
    return bare_backup.attach(vm, copy, index, deadline, error) &&
           (!copy->tags[index] || add_tag(vm, copy, index, deadline, error));
}

static gboolean off_begin(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error)
{
    return note(vm, copy, copy->point, copy->bitmaps, deadline, error) &&
           bare_backup.begin(vm, copy, deadline, error);
}

static gboolean off_forget(Vm *vm, const DiskCopy *copy, const char *const *keep,
                           const Deadline *deadline, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const Off *off = off_of(vm);
    g_auto(GStrv) disks = NULL;

    for (guint i = 0; i < off->disks->len; i++)
        if (((const Disk *)off->disks->pdata[i])->node)
            g_strv_builder_add(builder, ((const Disk *)off->disks->pdata[i])->name);
    disks = g_strv_builder_end(builder);
    return bare_backup.forget(vm, copy, keep, deadline, error) &&
           (!ops_of(vm)->forget_bitmaps ||
            ops_of(vm)->forget_bitmaps(off->base, copy->prefix, keep, disks, deadline, error));
}

static void fill_backend(Off *off)
{
    off->ops = bare_backup;
    off->ops.own_bitmaps = off->base->backend->off->own_bitmaps;
    off->ops.kept_only = TRUE;
    off->ops.attach = off_attach;
    off->ops.begin = off_begin;
    off->ops.forget = off_forget;
    off->ops.end_left = NULL; /* its jobs end with it */
    off->backend = (Backend){ .name = PROGRAM, .where = PROGRAM, .free = off_free,
                              .uuid = off_uuid, .disks = off_disks, .backup = &off->ops };
}

/* ---- Opening */

/*
 * QEMU guesses the format of a backing file that has none in the header, and a guest could have
 * written the header of another format into a raw one.
 */
static gboolean check_chain(const char *path, const char *format, GError **error)
{
    g_autofree char *image = g_strdup(path);

    for (guint depth = 0; g_strcmp0(format, "qcow2") == 0 && depth < MAX_DEPTH; depth++) {
        g_auto(Qcow2Header) header = { 0 };
        g_autofree char *dir = g_path_get_dirname(image);

        if (!qcow2_header_read(image, &header, error))
            return FALSE;
        if (!header.backing)
            return TRUE;
        if (!header.backing_format)
            return set_error(error, "%s does not record the format of its backing file; \"qemu-img "
                                    "rebase -u -b BACKING -F FORMAT IMAGE\" records it", image);
        if (g_strcmp0(header.backing_format, "qcow2") != 0 || strchr(header.backing, ':'))
            return TRUE;
        g_free(image);
        image = g_canonicalize_filename(header.backing, dir);
    }
    return TRUE;
}

static JsonObject *node_arguments(const Disk *disk, const char *path, gboolean device,
                                  gboolean look)
{
    JsonObject *arguments = jsonu_with("driver", disk->format);
    JsonObject *file = jsonu_with("driver", device ? "host_device" : "file");

    json_object_set_string_member(file, "filename", path);
    json_object_set_string_member(file, "locking", "on");
    json_object_set_string_member(arguments, "node-name", disk->node);
    json_object_set_boolean_member(arguments, "read-only", look);
    json_object_set_object_member(arguments, "file", file);
    return arguments;
}

/* FALSE */
static gboolean refuse_encrypted(const Disk *disk, GError **error)
{
    return set_error(error, "disk %s is encrypted, and guestctl can copy it only while the VM runs; "
                            "start the VM, or use --exclude %s", disk->name, disk->name);
}

static gboolean open_image(Qmp *qmp, const Disk *disk, gboolean look, const Deadline *deadline,
                           GError **error)
{
    const char *path = disk->path ? disk->path : disk->image;
    g_autoptr(GError) problem = NULL;
    struct stat info;
    const char *why;

    if (disk->encrypted)
        return refuse_encrypted(disk, error);
    if (!path || *path != '/' || !disk->format)
        return set_error(error, "the image of disk %s is not a file or device of this host, so it "
                                "can be copied only while the VM runs; start the VM, or use "
                                "--exclude %s", disk->name, disk->name);
    if (stat(path, &info) < 0)
        return set_errno_error(error, errno, "disk %s: %s", disk->name, path);
    if (!check_chain(path, disk->format, error)) {
        g_prefix_error(error, "disk %s: ", disk->name);
        return FALSE;
    }
    if (qmp_do(qmp, "blockdev-add",
               node_arguments(disk, path, S_ISBLK(info.st_mode), look), deadline, &problem))
        return TRUE;
    why = problem ? problem->message : "";
    if (strstr(why, "key-secret"))
        return refuse_encrypted(disk, error);
    g_propagate_prefixed_error(error, g_steal_pointer(&problem), "disk %s%s: ", disk->name,
                               strstr(why, " lock")
                                   ? ": another program has its image open, such as a QEMU that is "
                                     "starting or ending" : "");
    return FALSE;
}

static gboolean is_named(const GPtrArray *names, const char *name)
{
    return names && g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

/* What a backup of these disks would copy. */
static gboolean is_wanted(const Disk *disk, const GPtrArray *only, const GPtrArray *except)
{
    if (disk->read_only || is_named(except, disk->name))
        return FALSE;
    return only ? is_named(only, disk->name) : !disk->transient;
}

static gboolean open_images(Vm *vm, const GPtrArray *only, const GPtrArray *except, gboolean look,
                            const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    GPtrArray *disks = off_of(vm)->disks;

    for (guint i = 0; qmp && i < disks->len; i++) {
        Disk *disk = disks->pdata[i];

        g_clear_pointer(&disk->node, g_free);
        if (!is_wanted(disk, only, except))
            continue;
        disk->node = g_strdup_printf(NODE_PREFIX "%u", i);
        if (!open_image(qmp, disk, look, deadline, error))
            return FALSE;
    }
    return qmp != NULL;
}

/*
 * The program is reached by a pair of sockets. It also gets the VM's lock, so that the VM stays
 * locked until it has ended, even if guestctl is killed.
 */
static GSubprocess *start(int lock_fd, int *monitor, GError **error)
{
    static const char *const argv[] = {
        PROGRAM, "--chardev", "socket,id=monitor,fd=3", "--monitor", "chardev=monitor", NULL,
    };
    int pair[2], lock = lock_fd >= 0 ? fcntl(lock_fd, F_DUPFD_CLOEXEC, 0) : -1;
    GSubprocess *process;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        set_errno_error(error, errno, "socketpair");
        if (lock >= 0)
            close(lock);
        return NULL;
    }
    process = tool_start(argv, (const int[]){ pair[1], lock, -1 }, error);
    if (process)
        *monitor = pair[0];
    else
        close(pair[0]);
    return process;
}

/* Replaces @error of a failed dialogue by the reason of the program's end, if it has ended. */
static void add_last_words(GSubprocess *process, GError **error)
{
    g_autofree char *words = NULL;

    if (!tool_await(process, HURRY_MS)) {
        g_subprocess_force_exit(process);
        g_prefix_error(error, PROGRAM ": ");
        return;
    }
    words = tool_last_words(process);
    g_clear_error(error);
    set_error(error, PROGRAM ": %s", words);
}

Vm *off_open(Vm *vm, GPtrArray *disks, const GPtrArray *only, const GPtrArray *except,
             gboolean look, const Deadline *deadline, GError **error)
{
    Off *off = g_new0(Off, 1);
    g_autoptr(Vm) made = NULL;
    int monitor = -1;
    Qmp *qmp;

    off->base = vm;
    off->disks = disks;
    fill_backend(off);
    off->process = start(vm->lock_fd, &monitor, error);
    qmp = off->process ? qmp_open_fd(monitor, deadline, error) : NULL;
    if (!qmp) {
        if (off->process)
            add_last_words(off->process, error);
        off_clear(off);
        return NULL;
    }
    made = bare_new_on(&off->backend, vm->name, qmp, off, vm->context);
    return open_images(made, only, except, look, deadline, error) ? g_steal_pointer(&made) : NULL;
}
