/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "lib/errors.h"

static gboolean lock_and_write(int fd, const char *path, GError **error)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());

    if (fcntl(fd, F_SETLK, &lock) < 0)
        return set_errno_error(error, errno, "Cannot lock pid file: %s", path);
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
        return set_errno_error(error, errno, "Failed to write pid file %s", path);
    return TRUE;
}

PidFile *pid_file_create(const char *path, GError **error)
{
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    PidFile *file;

    if (fd < 0) {
        set_errno_error(error, errno, "Cannot open pid file: %s", path);
        return NULL;
    }
    if (!lock_and_write(fd, path, error)) {
        close(fd);
        return NULL;
    }
    file = g_new0(PidFile, 1);
    file->path = g_strdup(path);
    file->fd = fd;
    return file;
}

void pid_file_free(PidFile *file)
{
    if (!file)
        return;
    unlink(file->path);
    close(file->fd);
    g_free(file->path);
    g_free(file);
}

static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR);

    umask(S_IRWXG | S_IRWXO);
    setsid();
    if (chdir("/") < 0)
        g_warning("chdir /: %s", g_strerror(errno));
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
}

gboolean daemonize(GError **error)
{
    pid_t pid = fork();

    if (pid < 0)
        return set_errno_error(error, errno, "failed to daemonize");
    if (pid > 0)
        _exit(EXIT_SUCCESS);
    leave_terminal();
    return TRUE;
}

static const char *method_of_socket(int fd)
{
    if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0)
        return "unix-listen";
    if (sd_is_socket(fd, AF_VSOCK, SOCK_STREAM, 1) > 0)
        return "vsock-listen";
    return NULL;
}

gboolean activated_socket(int *fd, const char **method, GError **error)
{
    int n = sd_listen_fds(1);

    *fd = -1;
    /* An invalid LISTEN_FDS is ignored, as by qemu-ga. */
    if (n == 0 || n == -EINVAL)
        return TRUE;
    if (n == -EBADF || (n > 0 && fcntl(SD_LISTEN_FDS_START, F_GETFD) < 0))
        return set_error(error, "Socket activation failed: invalid file descriptor fd = %d: %s",
                         SD_LISTEN_FDS_START, g_strerror(EBADF));
    if (n < 0)
        return set_errno_error(error, -n, "Socket activation failed");
    if (n > 1)
        return set_error(error, "guestd only supports listening on one socket");
    *method = method_of_socket(SD_LISTEN_FDS_START);
    if (!*method)
        return set_error(error, "unsupported listen fd type");
    *fd = SD_LISTEN_FDS_START;
    return TRUE;
}

static gboolean send_keep_alive(gpointer data)
{
    (void)data;
    sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

guint watchdog_start(void)
{
    guint64 usec = 0;

    if (sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    return g_timeout_add((guint)MIN(usec / 2000, G_MAXUINT), send_keep_alive, NULL);
}
