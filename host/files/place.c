/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/deadline-call.h"
#include "lib/errors.h"

/* Shared with the thread that waits. */
typedef struct {
    int fd; /* -1: handed on */
} Wait;

/* A place that only this user can enter; the caller's. */
static char *runtime_dir(void)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");

    if (runtime && *runtime)
        return g_build_filename(runtime, "guestctl-files", NULL);
    return geteuid() == 0 ? g_strdup("/run/guestctl-files")
                          : g_build_filename(g_get_user_cache_dir(), "guestctl", "files", NULL);
}

static gboolean check_dir(const char *path, GError **error)
{
    GStatBuf info;

    if (g_mkdir_with_parents(path, 0700) < 0 || g_lstat(path, &info) < 0)
        return set_errno_error(error, errno, "%s", path);
    return (S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & 077)) ||
           set_error(error, "%s: other users can enter it; correct its owner and mode", path);
}

GPtrArray *place_keys(void)
{
    g_autofree char *runtime = runtime_dir();
    g_autoptr(GDir) dir = g_dir_open(runtime, 0, NULL);
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(keys, g_strdup(name));
    return keys;
}

gboolean place_init(Place *place, const char *key, GError **error)
{
    g_autofree char *runtime = runtime_dir();

    *place = (Place){ .use_fd = -1 };
    place->dir = g_build_filename(runtime, key, NULL);
    place->agent = g_build_filename(place->dir, "agent", NULL);
    place->data = g_build_filename(place->dir, "data", NULL);
    place->keeper = g_build_filename(place->dir, "keeper", NULL);
    place->use = g_build_filename(place->dir, "use", NULL);
    return check_dir(runtime, error) && check_dir(place->dir, error);
}

void place_clear(Place *place)
{
    place_give(place);
    g_free(place->dir);
    g_free(place->agent);
    g_free(place->data);
    g_free(place->keeper);
    g_free(place->use);
}

static void wait_clear(gpointer data)
{
    Wait *wait = data;

    if (wait->fd >= 0)
        close(wait->fd);
}

static void wait_unref(Wait *wait)
{
    g_atomic_rc_box_release_full(wait, wait_clear);
}

static gboolean block(gpointer data, GError **error)
{
    Wait *wait = data;

    while (flock(wait->fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return set_errno_error(error, errno, "flock");
    return TRUE;
}

/* A lock on a file that the keeper has removed does not count. */
static gboolean is_in_place(int fd, const char *path)
{
    struct stat ours, named;

    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

static gboolean lock_use(Place *place, Wait *wait, const Deadline *deadline, GError **error)
{
    if (!check_dir(place->dir, error))
        return FALSE;
    wait->fd = g_open(place->use, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (wait->fd < 0)
        return set_errno_error(error, errno, "%s", place->use);
    if (flock(wait->fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    if (errno != EWOULDBLOCK)
        return set_errno_error(error, errno, "flock: %s", place->use);
    if (deadline_left_ms(deadline) == 0)
        return set_error(error, "in use");
    if (deadline_call_run(NULL, block, wait, wait_clear, deadline, error))
        return TRUE;
    g_prefix_error(error, "another guestctl is reading files of this backup; wait for its end: ");
    return FALSE;
}

gboolean place_take(Place *place, gint64 wait_ms, int cancel_fd, GError **error)
{
    Deadline deadline = deadline_in(wait_ms, cancel_fd);
    gboolean ok = TRUE;

    while (ok && place->use_fd < 0) {
        Wait *wait = g_atomic_rc_box_new0(Wait);

        wait->fd = -1;
        ok = lock_use(place, wait, &deadline, error);
        if (ok && is_in_place(wait->fd, place->use)) {
            place->use_fd = wait->fd;
            wait->fd = -1;
        }
        wait_unref(wait);
    }
    return ok;
}

void place_give(Place *place)
{
    if (place->use_fd < 0)
        return;
    futimens(place->use_fd, NULL);
    close(place->use_fd);
    place->use_fd = -1;
}

gint64 place_last_use(const Place *place)
{
    GStatBuf info;

    if (g_stat(place->use, &info) < 0)
        return 0;
    return (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
}

int place_keeper(const Place *place)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = g_open(place->keeper, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int pid = 0;

    if (fd < 0)
        return 0;
    if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        pid = lock.l_pid;
    close(fd);
    return pid;
}

void place_remove(Place *place)
{
    g_unlink(place->agent);
    g_unlink(place->data);
    g_unlink(place->keeper);
    g_unlink(place->use);
    g_rmdir(place->dir);
}
