/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/core/daemon.h"
#include "tests/unit/kit/kit.h"

/* Pid file, watchdog and socket activation, the first and last in child processes of the test's own. */

static gboolean run_in_child(gboolean (*func)(gconstpointer data), gconstpointer data)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(func(data) ? EXIT_SUCCESS : EXIT_FAILURE);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* A lock is kept against other processes alone. */
static gboolean is_locked_out(gconstpointer path)
{
    g_autofree char *prefix = g_strdup_printf("Cannot lock pid file: %s: ", (const char *)path);
    g_autoptr(GError) error = NULL;

    return !pid_file_create(path, &error) && g_str_has_prefix(error->message, prefix);
}

static void test_pid_file(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = kit_write_file(dir, "pid", "123456789 stale\n");
    g_autofree char *wanted = g_strdup_printf("%d\n", (int)getpid());
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    PidFile *file = pid_file_create(path, &error);

    g_assert_no_error(error);
    g_assert_true(run_in_child(is_locked_out, path));
    /* Not before: to close a file gives up all locks that the process has on it. */
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, wanted);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    pid_file_free(file);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    pid_file_free(NULL);
    kit_remove_tree(dir);
}

static void test_pid_file_mode(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = g_build_filename(dir, "pid", NULL);
    PidFile *file = pid_file_create(path, NULL);
    struct stat info;

    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
    pid_file_free(file);
    kit_remove_tree(dir);
}

static void test_pid_file_faults(void)
{
    char *dir = kit_make_directory();
    g_autofree char *missing = g_build_filename(dir, "no", "pid", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *prefix = g_strdup_printf("Cannot open pid file: %s: ", link);
    g_autoptr(GError) error = NULL;

    g_assert_null(pid_file_create(missing, &error));
    g_clear_error(&error);
    /* A link could lead the write to any file. */
    g_assert_cmpint(symlink("elsewhere", link), ==, 0);
    g_assert_null(pid_file_create(link, &error));
    g_assert_true(g_str_has_prefix(error->message, prefix));
    kit_remove_tree(dir);
}

#define FIRST_FD 3

typedef struct {
    const char *name;
    const char *n_fds; /* $LISTEN_FDS; NULL: unset */
    gboolean other_pid;
    enum { NOTHING, LISTENING, CONNECTED, INTERNET, PLAIN_FILE } what; /* descriptor 3 is */
    const char *method;
    const char *error;
} Case;

static const Case cases[] = {
    { "none", NULL, FALSE, NOTHING, NULL, NULL },
    { "zero", "0", FALSE, LISTENING, NULL, NULL },
    { "nonsense", "x", FALSE, LISTENING, NULL, NULL },
    { "not-for-us", "1", TRUE, LISTENING, NULL, NULL },
    { "unix", "1", FALSE, LISTENING, "unix-listen", NULL },
    { "connected", "1", FALSE, CONNECTED, NULL, "unsupported listen fd type" },
    { "internet", "1", FALSE, INTERNET, NULL, "unsupported listen fd type" },
    { "file", "1", FALSE, PLAIN_FILE, NULL, "unsupported listen fd type" },
    { "two", "2", FALSE, LISTENING, NULL, "guestd only supports listening on one socket" },
    { "closed", "1", FALSE, NOTHING, NULL,
      "Socket activation failed: invalid file descriptor fd = 3: Bad file descriptor" },
};

static int make_descriptor(const Case *c)
{
    int fd = -1, pair[2];

    switch (c->what) {
    case LISTENING:
    case INTERNET:
        fd = socket(c->what == LISTENING ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
        if (c->what == LISTENING) {
            /* Binds to a name that the kernel makes up. */
            struct sockaddr_un address = { .sun_family = AF_UNIX };

            g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), ==, 0);
        }
        g_assert_cmpint(listen(fd, 1), ==, 0);
        break;
    case CONNECTED:
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
        fd = pair[0];
        break;
    case PLAIN_FILE:
        fd = open("/dev/null", O_RDONLY);
        break;
    case NOTHING:
        break;
    }
    return fd;
}

static void announce(const Case *c)
{
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid() + c->other_pid);

    if (!c->n_fds) {
        g_unsetenv("LISTEN_FDS");
        return;
    }
    g_setenv("LISTEN_PID", pid, TRUE);
    g_setenv("LISTEN_FDS", c->n_fds, TRUE);
    g_setenv("LISTEN_FDNAMES", "guestd", TRUE);
}

static gboolean is_right(gconstpointer data)
{
    const Case *c = data;
    int made = make_descriptor(c), fd = -2;
    const char *method = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok;

    if (made < 0)
        close(FIRST_FD);
    else if (made != FIRST_FD)
        dup2(made, FIRST_FD);
    /* The second of two. */
    dup2(STDERR_FILENO, FIRST_FD + 1);
    announce(c);
    ok = activated_socket(&fd, &method, &error);
    if (c->error)
        return !ok && g_str_equal(error->message, c->error);
    if (c->n_fds && g_getenv("LISTEN_FDS"))
        return FALSE;
    if (!ok || g_strcmp0(method, c->method) != 0 || fd != (c->method ? FIRST_FD : -1))
        return FALSE;
    return fd < 0 || (fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void test_activation(gconstpointer data)
{
    g_assert_true(run_in_child(is_right, data));
}

static gboolean on_notice(GIOChannel *channel, GIOCondition condition, gpointer count)
{
    char text[64] = "";

    (void)condition;
    g_assert_cmpint(read(g_io_channel_unix_get_fd(channel), text, sizeof text - 1), >, 0);
    g_assert_cmpstr(text, ==, "WATCHDOG=1");
    ++*(guint *)count;
    return G_SOURCE_CONTINUE;
}

/* It speaks where systemd asks for it, again and again, and nowhere else. */
static void test_watchdog(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = g_build_filename(dir, "notify", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    GIOChannel *notices = g_io_channel_unix_new(fd);
    guint count = 0, source, watchdog;

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    source = g_io_add_watch(notices, G_IO_IN, on_notice, &count);
    g_setenv("NOTIFY_SOCKET", path, TRUE);
    g_unsetenv("WATCHDOG_PID");
    g_unsetenv("WATCHDOG_USEC");
    g_assert_cmpuint(watchdog_start(), ==, 0);
    g_setenv("WATCHDOG_USEC", "20000", TRUE);
    watchdog = watchdog_start();
    g_assert_cmpuint(watchdog, !=, 0);
    WAIT_UNTIL(count == 3);
    g_source_remove(watchdog);
    g_source_remove(source);
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("NOTIFY_SOCKET");
    g_io_channel_unref(notices);
    close(fd);
    kit_remove_tree(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/daemon/pid-file/life", test_pid_file);
    g_test_add_func("/daemon/pid-file/mode", test_pid_file_mode);
    g_test_add_func("/daemon/pid-file/faults", test_pid_file_faults);
    g_test_add_func("/daemon/watchdog", test_watchdog);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/daemon/activation/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_activation);
    }
    return g_test_run();
}
