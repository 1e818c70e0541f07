/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/main-thread.h"
#include "agent/schema/command.h"
#include "commands/shared/fs-sizes.h"
#include "commands/shared/mounts.h"
#include "lib/errors.h"

/*
 * FILESYSTEM_ALMOST_FULL: the kernel does not report it, so the filesystems are checked at
 * intervals while a host is subscribed, on a thread, as one of them may hang.
 */

#define LOOK_INTERVAL_S 30
/* How far usage must fall below the threshold before it is reported again, in percentage points. */
#define HYSTERESIS 5

typedef struct {
    const Services *services;
    Patience *patience;
    GHashTable *full; /* set of mount points; of the checking thread while there is one */
    guint timer;      /* 0 while no host is subscribed */
    GThread *thread;
    gint looking;
    gboolean forget;  /* a new subscription: its host does not know of earlier events */
} Space;

typedef struct {
    const char *mountpoint;
    guint64 total;
    guint64 used;
    gint64 percent;
    gint64 threshold;
} AlmostFull;

static const Type almost_full = {
    .kind = TYPE_OBJECT,
    .name = "GuestdFilesystemAlmostFull",
    .size = sizeof(AlmostFull),
    .fields = (const Field[]){
        REQUIRED(AlmostFull, mountpoint, "mountpoint", &type_string,
                 .doc = "mount point, the first one"),
        REQUIRED(AlmostFull, total, "total-bytes", &type_uint64,
                 .doc = "size for users, without the space reserved for root"),
        REQUIRED(AlmostFull, used, "used-bytes", &type_uint64, .doc = "bytes in use"),
        REQUIRED(AlmostFull, percent, "used-percent", &type_int, .doc = "used-bytes in percent of "
                                                                        "total-bytes"),
        REQUIRED(AlmostFull, threshold, "threshold", &type_int,
                 .doc = "space-threshold of the configuration, percent"),
        FIELDS_END,
    },
};

static const Need space_needs[] = {
    { NEED_FILE, "/proc/self/mountinfo", NULL },
    NEEDS_END,
};

static const Event event_filesystem_almost_full = {
    .name = "FILESYSTEM_ALMOST_FULL",
    .since = "guestd 0.1",
    .doc = "A filesystem on a block device is used to the threshold or above, as found at the start of "
           "the subscription or later",
    .data = &almost_full,
    .needs = space_needs,
};

/* Fills in the usage of a filesystem; FALSE if it has no size. */
static gboolean measure(const struct statvfs *sizes, AlmostFull *result)
{
    guint64 used = sizes->f_blocks - sizes->f_bfree;
    guint64 total = used + sizes->f_bavail;

    if (total == 0)
        return FALSE;
    result->total = total * sizes->f_frsize;
    result->used = used * sizes->f_frsize;
    /* Rounded up, as by df(1). */
    result->percent = (gint64)(((double)used * 100 + (double)(total - 1)) / (double)total);
    return TRUE;
}

static void judge(Space *space, const char *mount_point, const struct statvfs *sizes)
{
    const Services *services = space->services;
    AlmostFull data = { .mountpoint = mount_point,
                        .threshold = services->settings->space_threshold };

    if (!measure(sizes, &data))
        return;
    if (data.percent < data.threshold - HYSTERESIS)
        g_hash_table_remove(space->full, mount_point);
    else if (data.percent >= data.threshold &&
             g_hash_table_add(space->full, g_strdup(mount_point)))
        services->emit(services->agent, &event_filesystem_almost_full, &data);
}

/* A read-only image is always full. */
static gboolean can_fill_up(const FsSizes *mount)
{
    return mount->known && !(mount->sizes.f_flag & ST_RDONLY);
}

static void look_at(Space *space, const List *mounts)
{
    g_autofree FsSizes *sizes = g_new0(FsSizes, mounts->len);

    for (gsize i = 0; i < mounts->len; i++)
        sizes[i].path = list_at(mounts, Mount, i)->mount_point;
    fs_sizes_read(space->patience, space->services->sysops, sizes, mounts->len);
    for (gsize i = 0; i < mounts->len; i++)
        if (can_fill_up(&sizes[i]))
            judge(space, sizes[i].path, &sizes[i].sizes);
}

/* Forgets filesystems that are not mounted any more. */
static void forget_unmounted(Space *space, const List *mounts)
{
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init(&iter, space->full);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        gboolean mounted = FALSE;

        for (gsize i = 0; i < mounts->len && !mounted; i++)
            mounted = g_str_equal(list_at(mounts, Mount, i)->mount_point, path);
        if (!mounted)
            g_hash_table_iter_remove(&iter);
    }
}

static gpointer look(gpointer data)
{
    Space *space = data;
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    List mounts = { NULL };

    if (mounts_read(space->services->sysroot, &mounts, arena, &error)) {
        forget_unmounted(space, &mounts);
        look_at(space, &mounts);
    } else {
        g_debug("events of space: %s", error->message);
    }
    g_atomic_int_set(&space->looking, FALSE);
    return NULL;
}

static gboolean on_timer(gpointer data)
{
    Space *space = data;

    if (g_atomic_int_get(&space->looking))
        return G_SOURCE_CONTINUE; /* a filesystem hangs, and the last check is not finished */
    g_clear_pointer(&space->thread, g_thread_join);
    if (space->forget)
        g_hash_table_remove_all(space->full);
    space->forget = FALSE;
    g_atomic_int_set(&space->looking, TRUE);
    space->thread = g_thread_try_new("space", look, space, NULL);
    if (!space->thread) /* the next interval may find one */
        g_atomic_int_set(&space->looking, FALSE);
    return G_SOURCE_CONTINUE;
}

static void space_listen(void *state, const Event *event, gboolean wanted)
{
    Space *space = state;

    (void)event;
    assert_main_thread();
    if (space->timer)
        g_source_remove(space->timer);
    space->timer = 0;
    if (!wanted || space->services->settings->space_threshold == 0)
        return;
    space->forget = TRUE;
    space->timer = g_timeout_add_seconds(LOOK_INTERVAL_S, on_timer, space);
    on_timer(space);
}

static void *space_init(const Services *services, GError **error)
{
    Space *space = g_new0(Space, 1);

    (void)error;
    space->services = services;
    space->patience = patience_new();
    space->full = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return space;
}

/* May wait for the check, which fs_sizes_read() limits to two seconds if a disk is dead. */
static void space_free(void *state)
{
    Space *space = state;

    space_listen(space, NULL, FALSE);
    g_clear_pointer(&space->thread, g_thread_join);
    patience_free(space->patience);
    g_hash_table_unref(space->full);
    g_free(space);
}

const Family family_event_space = {
    .name = "event-space",
    .commands = (const Command *const[]){ NULL },
    .events = (const Event *const[]){ &event_filesystem_almost_full, NULL },
    .init = space_init,
    .free = space_free,
    .listen = space_listen,
};
