/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/file-lock.h"
#include "lib/errors.h"

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

/* The descriptor of the file, locked, whether or not it is still there; -1 with @error set. */
static int lock_use(const Place *place, const Deadline *deadline, GError **error)
{
    int fd;

    if (!check_dir(place->dir, error))
        return -1;
    fd = g_open(place->use, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        set_errno_error(error, errno, "%s", place->use);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno != EWOULDBLOCK || deadline_left_ms(deadline) == 0) {
        set_errno_error(error, errno, "flock: %s", place->use);
        close(fd);
        return -1;
    }
    fd = file_lock_await(fd, deadline, error);
    if (fd < 0)
        g_prefix_error(error, "another guestctl is reading files of this backup; wait for its end: ");
    return fd;
}

gboolean place_take(Place *place, gint64 wait_ms, int cancel_fd, GError **error)
{
    Deadline deadline = deadline_in(wait_ms, cancel_fd);

    while (place->use_fd < 0) {
        int fd = lock_use(place, &deadline, error);

        if (fd < 0)
            return FALSE;
        if (file_lock_counts(fd, place->use))
            place->use_fd = fd;
        else
            close(fd);
    }
    return TRUE;
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
