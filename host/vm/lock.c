/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/file-lock.h"
#include "host/base/reporter.h"
#include "host/vm/backend.h"
#include "lib/errors.h"

#define SHARED_DIR "/run/guestctl"
#define SHARED_GROUP "libvirt"

/* Root makes it, for those who may use libvirt's VMs only: a lock can keep others out for ever. */
static void make_shared_dir(void)
{
    char buffer[4096];
    struct group entry, *group = NULL;

    if (geteuid() != 0 || mkdir(SHARED_DIR, 0700) < 0)
        return;
    if (getgrnam_r(SHARED_GROUP, &entry, buffer, sizeof buffer, &group) == 0 && group &&
        chown(SHARED_DIR, 0, group->gr_gid) == 0)
        (void)!chmod(SHARED_DIR, 02770);
}

/*
 * Without /run/guestctl a directory of the user's that does not depend on the session: cron's
 * environment has no XDG_RUNTIME_DIR. The caller's; NULL with @error set.
 */
static char *lock_dir(GError **error)
{
    g_autofree char *own = g_build_filename(g_get_user_cache_dir(), "guestctl", NULL);

    make_shared_dir();
    if (access(SHARED_DIR, W_OK | X_OK) == 0)
        return g_strdup(SHARED_DIR);
    if (g_mkdir_with_parents(own, 0700) == 0)
        return g_steal_pointer(&own);
    set_errno_error(error, errno, "no place for the lock of the VM: %s", own);
    return NULL;
}

/* Words such as "snapshot commit". All who may take the lock may write to its file. */
static gboolean is_activity(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz -") == strlen(text);
}

/* What the holder wrote about itself; the caller's. */
static char *holder(int fd, const char *name)
{
    char text[256] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    g_auto(GStrv) words = n > 0 ? g_strsplit(g_strchomp(text), " ", 3) : NULL;
    gint64 pid, since;
    g_autoptr(GDateTime) time = NULL;
    g_autofree char *begun = NULL;

    if (!words || g_strv_length(words) != 3 ||
        !g_ascii_string_to_signed(words[0], 10, 1, G_MAXINT32, &pid, NULL) ||
        !g_ascii_string_to_signed(words[1], 10, 0, G_MAXINT64, &since, NULL) ||
        !is_activity(words[2]))
        return g_strdup_printf("another guestctl is at work on VM %s", name);
    time = g_date_time_new_from_unix_local(since);
    begun = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
    return g_strdup_printf("another guestctl (pid %" G_GINT64_FORMAT ") has been at work on "
                           "VM %s since %s (%s)", pid, name, begun ? begun : "an unknown time",
                           words[2]);
}

static void sign(int fd, const char *activity)
{
    g_autofree char *text = g_strdup_printf("%d %" G_GINT64_FORMAT " %s\n", (int)getpid(),
                                            g_get_real_time() / G_USEC_PER_SEC, activity);

    /* Only for the texts of others. */
    (void)!ftruncate(fd, 0);
    (void)!pwrite(fd, text, strlen(text), 0);
}

/* The descriptor of @path, locked, whether or not it is still there; -1 with @error set. */
static int lock_file(Vm *vm, const char *path, gint64 wait_ms, gboolean *told,
                     const Deadline *deadline, GError **error)
{
    g_autofree char *who = NULL;
    g_autoptr(GError) problem = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);

    if (fd < 0) {
        set_errno_error(error, errno, "%s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno != EWOULDBLOCK) {
        set_errno_error(error, errno, "flock: %s", path);
        close(fd);
        return -1;
    }
    who = holder(fd, vm->name);
    if (wait_ms != 0 && !*told) {
        const Reporter reporter = { 0 };

        reporter_warn(&reporter, "%s; waiting for it", who);
        *told = TRUE;
    }
    if (wait_ms == 0)
        close(fd);
    else
        fd = file_lock_await(fd, deadline, &problem);
    if (wait_ms != 0 && fd >= 0)
        return fd;
    if (!problem || g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT, "%s; wait for its end, or permit "
                    "guestctl to wait for it with --wait", who);
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    return -1;
}

gboolean vm_lock(Vm *vm, const char *activity, gint64 wait_ms, GError **error)
{
    Deadline first = vm_deadline(vm, 0), deadline;
    g_autofree char *identity = NULL, *dir = NULL, *file = NULL;
    gboolean told = FALSE;

    if (vm->lock_fd >= 0 || !vm->backend->identity)
        return TRUE;
    identity = vm->backend->identity(vm, &first, error);
    if (!identity)
        return FALSE;
    dir = lock_dir(error);
    if (!dir)
        return FALSE;
    file = g_strconcat(dir, "/", identity, ".lock", NULL);
    deadline = wait_ms < 0 ? (Deadline){ .until = G_MAXINT64 / 2,
                                         .cancel_fd = vm->context->cancel_fd }
                           : vm_deadline(vm, MAX(wait_ms, 1));
    for (;;) {
        int fd = lock_file(vm, file, wait_ms, &told, &deadline, error);

        if (fd < 0)
            return FALSE;
        if (file_lock_counts(fd, file)) {
            vm->lock_fd = fd;
            vm->lock_path = g_steal_pointer(&file);
            break;
        }
        close(fd);
    }
    sign(vm->lock_fd, activity);
    return TRUE;
}

void vm_unlock(Vm *vm)
{
    if (vm->lock_fd < 0)
        return;
    unlink(vm->lock_path);
    g_clear_pointer(&vm->lock_path, g_free);
    close(vm->lock_fd);
    vm->lock_fd = -1;
}
