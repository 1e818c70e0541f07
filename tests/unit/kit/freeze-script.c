/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/freeze-script.h"

#include <errno.h>

#include "tests/unit/kit/kit.h"

#define FIRST_FD 1000
#define N_CALLS 4
#define PATIENCE_US (KIT_DEADLINE_S * G_USEC_PER_SEC)

typedef struct {
    gboolean frozen;
    int fail[N_CALLS];
    gboolean hangs[N_CALLS];
    guint slow_times[N_CALLS];
    gint64 slow_us[N_CALLS];
    guint begun[N_CALLS];
    gboolean is_placed;
    dev_t device;
    guint64 mount_id;
} Filesystem;

/* One test at a time, but many threads of it. */
static GMutex lock;
static GCond changed;
static GHashTable *filesystems; /* path -> Filesystem */
static GPtrArray *descriptors;  /* path of each, from FIRST_FD; NULL when closed */
static GString *history;
static guint under_way;

static Filesystem *find(const char *path)
{
    Filesystem *found;

    if (!filesystems)
        filesystems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    found = g_hash_table_lookup(filesystems, path);
    if (!found) {
        found = g_new0(Filesystem, 1);
        g_hash_table_insert(filesystems, g_strdup(path), found);
    }
    return found;
}

static void tell(void)
{
    g_cond_broadcast(&changed);
}

void script_reset(void)
{
    g_mutex_lock(&lock);
    g_assert_cmpuint(under_way, ==, 0);
    g_clear_pointer(&filesystems, g_hash_table_unref);
    if (descriptors)
        g_ptr_array_unref(descriptors);
    descriptors = g_ptr_array_new_with_free_func(g_free);
    if (history)
        g_string_free(history, TRUE);
    history = g_string_new(NULL);
    g_mutex_unlock(&lock);
}

void script_fail(ScriptCall call, const char *path, int errnum)
{
    g_mutex_lock(&lock);
    find(path)->fail[call] = errnum;
    g_mutex_unlock(&lock);
}

static void set_hang(ScriptCall call, const char *path, gboolean hangs)
{
    g_mutex_lock(&lock);
    find(path)->hangs[call] = hangs;
    tell();
    g_mutex_unlock(&lock);
}

void script_hang(ScriptCall call, const char *path)
{
    set_hang(call, path, TRUE);
}

void script_release(ScriptCall call, const char *path)
{
    set_hang(call, path, FALSE);
}

void script_slow(ScriptCall call, const char *path, guint times, gint64 us)
{
    g_mutex_lock(&lock);
    find(path)->slow_times[call] = times;
    find(path)->slow_us[call] = us;
    g_mutex_unlock(&lock);
}

void script_place(const char *path, dev_t device, guint64 mount_id)
{
    Filesystem *filesystem;

    g_mutex_lock(&lock);
    filesystem = find(path);
    filesystem->is_placed = TRUE;
    filesystem->device = device;
    filesystem->mount_id = mount_id;
    g_mutex_unlock(&lock);
}

void script_freeze_foreign(const char *path)
{
    g_mutex_lock(&lock);
    find(path)->frozen = TRUE;
    g_mutex_unlock(&lock);
}

void script_await(ScriptCall call, const char *path, guint times)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    g_mutex_lock(&lock);
    while (find(path)->begun[call] < times)
        if (!g_cond_wait_until(&changed, &lock, until))
            g_error("in vain: call %d on %s", call, path);
    g_mutex_unlock(&lock);
}

/* Under the lock. */
static guint count_frozen(void)
{
    GHashTableIter iter;
    gpointer filesystem;
    guint n = 0;

    if (!filesystems)
        return 0;
    g_hash_table_iter_init(&iter, filesystems);
    while (g_hash_table_iter_next(&iter, NULL, &filesystem))
        n += ((Filesystem *)filesystem)->frozen;
    return n;
}

static guint count_open(void)
{
    guint n = 0;

    for (guint i = 0; i < descriptors->len; i++)
        n += descriptors->pdata[i] != NULL;
    return n;
}

void script_await_rest(void)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    g_mutex_lock(&lock);
    while (under_way || count_frozen() || count_open())
        if (!g_cond_wait_until(&changed, &lock, until))
            g_error("left: %u calls, %u frozen, %u open", under_way, count_frozen(), count_open());
    g_mutex_unlock(&lock);
}

gboolean script_is_frozen(const char *path)
{
    gboolean frozen;

    g_mutex_lock(&lock);
    frozen = find(path)->frozen;
    g_mutex_unlock(&lock);
    return frozen;
}

guint script_count_frozen(void)
{
    guint n;

    g_mutex_lock(&lock);
    n = count_frozen();
    g_mutex_unlock(&lock);
    return n;
}

guint script_count_open(void)
{
    guint n;

    g_mutex_lock(&lock);
    n = count_open();
    g_mutex_unlock(&lock);
    return n;
}

guint script_count(ScriptCall call, const char *path)
{
    guint n;

    g_mutex_lock(&lock);
    n = find(path)->begun[call];
    g_mutex_unlock(&lock);
    return n;
}

char *script_log(void)
{
    char *text;

    g_mutex_lock(&lock);
    text = g_strdup(history->str);
    g_mutex_unlock(&lock);
    return text;
}

/* ---- the calls themselves */

/* Under the lock, which is let go while the call takes its time. Returns errno to fail with. */
static int act_out(ScriptCall call, Filesystem *filesystem)
{
    gint64 us = 0;

    if (filesystem->slow_times[call] > 0) {
        filesystem->slow_times[call]--;
        us = filesystem->slow_us[call];
    }
    filesystem->begun[call]++;
    under_way++;
    tell();
    while (filesystem->hangs[call])
        g_cond_wait(&changed, &lock);
    if (us) {
        g_mutex_unlock(&lock);
        g_usleep((gulong)us);
        g_mutex_lock(&lock);
    }
    under_way--;
    tell();
    return filesystem->fail[call];
}

static const char *path_of(int fd)
{
    guint index = (guint)(fd - FIRST_FD);

    if (fd < FIRST_FD || index >= descriptors->len || !descriptors->pdata[index])
        g_error("descriptor %d is not open", fd);
    return descriptors->pdata[index];
}

static int finish(int errnum, int result)
{
    g_mutex_unlock(&lock);
    errno = errnum;
    return errnum ? -1 : result;
}

static int script_open(const char *path)
{
    int failure, fd = -1;

    g_mutex_lock(&lock);
    failure = act_out(SCRIPT_OPEN, find(path));
    if (!failure) {
        fd = FIRST_FD + (int)descriptors->len;
        g_ptr_array_add(descriptors, g_strdup(path));
    }
    return finish(failure, fd);
}

static int script_close(int fd)
{
    g_mutex_lock(&lock);
    path_of(fd);
    g_clear_pointer(&descriptors->pdata[fd - FIRST_FD], g_free);
    tell();
    return finish(0, 0);
}

static int script_identify(int fd, dev_t *device, uint64_t *mount_id)
{
    const Filesystem *filesystem;

    g_mutex_lock(&lock);
    filesystem = find(path_of(fd));
    *device = filesystem->device;
    *mount_id = filesystem->mount_id;
    return finish(filesystem->is_placed ? 0 : ENOSYS, 0);
}

/* The kernel holds the file while a call on it lasts, so its close is allowed meanwhile. */
static int script_syncfs(int fd)
{
    g_mutex_lock(&lock);
    return finish(act_out(SCRIPT_SYNC, find(path_of(fd))), 0);
}

static int change(ScriptCall call, int fd, gboolean frozen, const char *verb, int already)
{
    g_autofree char *path = NULL;
    Filesystem *filesystem;
    int failure;

    g_mutex_lock(&lock);
    path = g_strdup(path_of(fd));
    filesystem = find(path);
    failure = act_out(call, filesystem);
    if (!failure && filesystem->frozen == frozen)
        failure = already;
    if (!failure) {
        filesystem->frozen = frozen;
        g_string_append_printf(history, "%s %s\n", verb, path);
        tell();
    }
    return finish(failure, 0);
}

static int script_freeze(int fd)
{
    return change(SCRIPT_FREEZE, fd, TRUE, "freeze", EBUSY);
}

static int script_thaw(int fd)
{
    return change(SCRIPT_THAW, fd, FALSE, "thaw", EINVAL);
}

const SysOps script_ops = {
    .open_mount = script_open,
    .close = script_close,
    .identify = script_identify,
    .freeze = script_freeze,
    .thaw = script_thaw,
    .syncfs = script_syncfs,
};
