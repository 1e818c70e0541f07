/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/plan.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "commands/freeze/loop-devices.h"

/* Devices are stacked three or four deep in practice; this depth means a loop in sysfs. */
#define MAX_STACKING 32

typedef struct {
    const Sysroot *sysroot;
    const SysOps *ops;
    const List *mounts;
    GHashTable *by_device;  /* dev_t -> index + 1 */
    GHashTable *by_mount_point; /* const char * -> index + 1 */
    GPtrArray *btrfs_points; /* mount points of btrfs, NULL-terminated, ... */
    GArray *btrfs_mounts;    /* ... and the index + 1 of the mount of each */
    GArray *edges; /* of FreezeEdge */
    gboolean unreadable;
    gboolean loops_hang; /* a query missed its deadline, so no other is made */
} Graph;

/* Reads the device number in a sysfs "dev" file. */
static gboolean read_device(const Sysroot *sysroot, const char *path, dev_t *device)
{
    g_autofree char *text = NULL;
    unsigned major, minor;

    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote the numbers */
    if (!sysroot_read(sysroot, path, &text, NULL) || sscanf(text, "%u:%u", &major, &minor) != 2)
        return FALSE;
    *device = makedev(major, minor);
    return TRUE;
}

/* The mount that @path is on, plus one: its mount point is the longest prefix. 0: none. */
static gsize mount_of_path(const Graph *graph, const char *path)
{
    g_autofree char *prefix = g_strdup(path);
    gpointer found = NULL;

    while (!(found = g_hash_table_lookup(graph->by_mount_point, prefix)) && prefix[1]) {
        char *slash = strrchr(prefix, '/');

        if (!slash)
            break;
        slash[slash == prefix] = '\0';
    }
    return GPOINTER_TO_SIZE(found);
}

static void note_carrier(Graph *graph, gsize carrier, gsize rider)
{
    FreezeEdge edge = { carrier - 1, rider };

    if (carrier && edge.carrier != rider)
        g_array_append_val(graph->edges, edge);
}

static void descend(Graph *graph, dev_t device, gsize rider, int depth);

/* Queries the loop device that is @dir in sysfs. */
static gboolean ask_loop(Graph *graph, const char *dir, LoopBacking *backing)
{
    g_autofree char *link = sysroot_readlink(graph->sysroot, dir);
    g_autofree char *name = link ? g_path_get_basename(link) : NULL;
    g_autofree char *dev = name ? g_strconcat("/dev/", name, NULL) : NULL;
    g_autofree char *node = dev ? sysroot_path(graph->sysroot, dev) : NULL;

    return node && !graph->loops_hang &&
           loop_backing_read(graph->ops, node, (const char *const *)graph->btrfs_points->pdata,
                             backing, &graph->loops_hang);
}

/*
 * The mount that the file of a loop device is on, plus one. The file's path tells only where it
 * was: it may have been replaced or unmounted lazily, or name another file in this namespace.
 */
static gsize mount_of_file(Graph *graph, const char *dir, const char *file)
{
    LoopBacking backing;
    gpointer found;

    if (!ask_loop(graph, dir, &backing))
        return mount_of_path(graph, file);
    if (backing.point >= 0)
        return g_array_index(graph->btrfs_mounts, gsize, backing.point);
    found = g_hash_table_lookup(graph->by_device, &backing.device);
    /* An unknown anonymous number may belong to a btrfs subvolume that is not mounted. */
    return found || major(backing.device) ? GPOINTER_TO_SIZE(found) : mount_of_path(graph, file);
}

/* A loop device is on the filesystem of its backing file. */
static void follow_loop(Graph *graph, const char *dir, gsize rider)
{
    g_autofree char *path = g_strconcat(dir, "/loop/backing_file", NULL);
    g_autofree char *file = NULL;

    if (sysroot_read(graph->sysroot, path, &file, NULL))
        note_carrier(graph, mount_of_file(graph, dir, g_strchomp(file)), rider);
}

/* dm and md devices are on their slaves. */
static void follow_slaves(Graph *graph, const char *dir, gsize rider, int depth)
{
    g_autofree char *path = g_strconcat(dir, "/slaves", NULL);
    g_auto(GStrv) names = sysroot_list_dir(graph->sysroot, path, DT_UNKNOWN);

    for (char **name = names; name && *name; name++) {
        g_autofree char *dev = g_strconcat(path, "/", *name, "/dev", NULL);
        dev_t device;

        if (read_device(graph->sysroot, dev, &device))
            descend(graph, device, rider, depth + 1);
        else
            graph->unreadable = TRUE;
    }
}

/* A partition is on its disk, which may itself be a loop device. */
static void follow_disk(Graph *graph, const char *dir, gsize rider, int depth)
{
    g_autofree char *partition = g_strconcat(dir, "/partition", NULL);
    g_autofree char *dev = g_strconcat(dir, "/../dev", NULL);
    g_autofree char *number = NULL;
    dev_t device;

    if (sysroot_read(graph->sysroot, partition, &number, NULL) &&
        read_device(graph->sysroot, dev, &device))
        descend(graph, device, rider, depth + 1);
}

/* Descends from @device, which @rider is on, to the filesystems that carry it. */
static void descend(Graph *graph, dev_t device, gsize rider, int depth)
{
    g_autofree char *dir =
        g_strdup_printf("/sys/dev/block/%u:%u", major(device), minor(device));

    if (depth > MAX_STACKING) {
        graph->unreadable = TRUE;
        return;
    }
    /*
     * A filesystem on a device that another one uses directly is impossible, and would be
     * harmless.
     */
    if (depth > 0)
        note_carrier(graph,
                     GPOINTER_TO_SIZE(g_hash_table_lookup(graph->by_device, &device)), rider);
    follow_loop(graph, dir, rider);
    follow_slaves(graph, dir, rider, depth);
    follow_disk(graph, dir, rider, depth);
}

/* A btrfs may have more devices than the one that it is mounted from. */
static void descend_btrfs(Graph *graph, const char *uuid_dir, dev_t device, gsize rider)
{
    g_autofree char *path = g_strconcat(uuid_dir, "/devices", NULL);
    g_auto(GStrv) names = sysroot_list_dir(graph->sysroot, path, DT_UNKNOWN);
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(dev_t));
    gboolean ours = FALSE;

    for (char **name = names; name && *name; name++) {
        g_autofree char *dev = g_strconcat(path, "/", *name, "/dev", NULL);
        dev_t member;

        if (!read_device(graph->sysroot, dev, &member))
            continue;
        ours = ours || member == device;
        g_array_append_val(devices, member);
    }
    for (guint i = 0; ours && i < devices->len; i++)
        descend(graph, g_array_index(devices, dev_t, i), rider, 0);
}

static gboolean is_known(const Graph *graph, dev_t device)
{
    g_autofree char *path =
        g_strdup_printf("/sys/dev/block/%u:%u/dev", major(device), minor(device));
    dev_t same;

    return read_device(graph->sysroot, path, &same);
}

static void add_mount(Graph *graph, gsize index)
{
    const Mount *mount = list_at(graph->mounts, Mount, index);
    g_auto(GStrv) filesystems = NULL;

    if (!is_known(graph, mount->device))
        graph->unreadable = TRUE;
    descend(graph, mount->device, index, 0);
    if (!g_str_equal(mount->type, "btrfs"))
        return;
    filesystems = sysroot_list_dir(graph->sysroot, "/sys/fs/btrfs", DT_UNKNOWN);
    for (char **name = filesystems; name && *name; name++) {
        g_autofree char *dir = g_strconcat("/sys/fs/btrfs/", *name, NULL);

        descend_btrfs(graph, dir, mount->device, index);
    }
}

static void index_point(Graph *graph, const Mount *mount, const char *point, gsize index)
{
    gsize value = index + 1;

    g_hash_table_insert(graph->by_mount_point, (char *)point, GSIZE_TO_POINTER(value));
    if (!g_str_equal(mount->type, "btrfs"))
        return;
    g_ptr_array_add(graph->btrfs_points, (char *)point);
    g_array_append_val(graph->btrfs_mounts, value);
}

static void index_mounts(Graph *graph)
{
    for (gsize i = 0; i < graph->mounts->len; i++) {
        Mount *mount = list_at(graph->mounts, Mount, i);
        gint64 *key = g_new(gint64, 1);

        *key = (gint64)mount->device;
        g_hash_table_insert(graph->by_device, key, GSIZE_TO_POINTER(i + 1));
        index_point(graph, mount, mount->mount_point, i);
        for (gsize j = 0; j < mount->other_mount_points.len; j++)
            index_point(graph, mount, *list_at(&mount->other_mount_points, char *, j), i);
    }
    g_ptr_array_add(graph->btrfs_points, NULL);
}

static gint compare_riders(gconstpointer a, gconstpointer b)
{
    const FreezeEdge *first = a, *second = b;

    return first->rider < second->rider ? -1 : first->rider > second->rider;
}

/* The index of the first edge of @rider or a later one, in edges sorted by rider. */
static guint first_edge(const GArray *edges, gsize rider)
{
    guint low = 0, high = edges->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(edges, FreezeEdge, middle).rider < rider)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

gboolean freeze_levels(GArray *edges, gsize n, Arena *arena, FreezePlan *plan)
{
    g_autofree gsize *unplaced = g_new0(gsize, n + 1); /* riders that are not ordered yet */
    g_autofree gsize *queue = g_new(gsize, n + 1);
    gsize head = 0, tail = 0;

    plan->levels = arena_alloc(arena, n * sizeof *plan->levels);
    plan->n_levels = n > 0;
    g_array_sort(edges, compare_riders);
    for (guint i = 0; i < edges->len; i++)
        unplaced[g_array_index(edges, FreezeEdge, i).carrier]++;
    for (gsize i = 0; i < n; i++)
        if (unplaced[i] == 0)
            queue[tail++] = i;
    while (head < tail) {
        gsize rider = queue[head++];

        for (guint i = first_edge(edges, rider); i < edges->len; i++) {
            const FreezeEdge *edge = &g_array_index(edges, FreezeEdge, i);

            if (edge->rider != rider)
                break;
            plan->levels[edge->carrier] =
                MAX(plan->levels[edge->carrier], plan->levels[rider] + 1);
            plan->n_levels = MAX(plan->n_levels, plan->levels[edge->carrier] + 1);
            if (--unplaced[edge->carrier] == 0)
                queue[tail++] = edge->carrier;
        }
    }
    return tail == n;
}

/* The last mounted first, each on its own. */
static void fall_back(gsize n, Arena *arena, FreezePlan *plan)
{
    plan->levels = arena_alloc(arena, n * sizeof *plan->levels);
    plan->n_levels = (guint)n;
    plan->is_fallback = TRUE;
    for (gsize i = 0; i < n; i++)
        plan->levels[i] = (guint)(n - 1 - i);
}

void freeze_plan(const Sysroot *sysroot, const SysOps *ops, const List *mounts, Arena *arena,
                 FreezePlan *plan)
{
    Graph graph = {
        .sysroot = sysroot,
        .ops = ops,
        .mounts = mounts,
        .by_device = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .by_mount_point = g_hash_table_new(g_str_hash, g_str_equal),
        .btrfs_points = g_ptr_array_new(),
        .btrfs_mounts = g_array_new(FALSE, FALSE, sizeof(gsize)),
        .edges = g_array_new(FALSE, FALSE, sizeof(FreezeEdge)),
    };

    *plan = (FreezePlan){ NULL };
    index_mounts(&graph);
    for (gsize i = 0; i < mounts->len; i++)
        add_mount(&graph, i);
    if (graph.unreadable || !freeze_levels(graph.edges, mounts->len, arena, plan))
        fall_back(mounts->len, arena, plan);
    g_hash_table_unref(graph.by_device);
    g_hash_table_unref(graph.by_mount_point);
    g_ptr_array_unref(graph.btrfs_points);
    g_array_unref(graph.btrfs_mounts);
    g_array_unref(graph.edges);
}
