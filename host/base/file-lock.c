/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/file-lock.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/deadline-call.h"
#include "lib/errors.h"

/* Shared with the thread that waits. */
typedef struct {
    int fd; /* -1: handed on */
} Wait;

static void wait_clear(gpointer data)
{
    Wait *wait = data;

    if (wait->fd >= 0)
        close(wait->fd);
}

static gboolean block(gpointer data, GError **error)
{
    Wait *wait = data;

    while (flock(wait->fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return set_errno_error(error, errno, "flock");
    return TRUE;
}

int file_lock_await(int fd, const Deadline *deadline, GError **error)
{
    Wait *wait = g_atomic_rc_box_new0(Wait);

    wait->fd = fd;
    if (deadline_call_run(NULL, block, wait, wait_clear, deadline, error))
        wait->fd = -1;
    else
        fd = -1;
    g_atomic_rc_box_release_full(wait, wait_clear);
    return fd;
}

gboolean file_lock_counts(int fd, const char *path)
{
    struct stat ours, named;

    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}
