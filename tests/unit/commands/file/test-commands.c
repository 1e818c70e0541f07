/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/kit/file-case.h"
#include "tests/unit/kit/kit.h"

/* The extensions of the file commands. tests/conformance/files.t compares the rest with qemu-ga. */

#define WRITE_NEW "{'handle': 1000, 'buf-b64': 'bmV3'}"
#define HANDLE "{'handle': 1000}"

static void put(FileCase *f, const char *name, const char *text, mode_t mode)
{
    g_autofree char *path = kit_write_file(f->directory, name, text);

    g_assert_cmpint(chmod(path, mode), ==, 0);
}

static void put_link(FileCase *f, const char *name, const char *target)
{
    g_autofree char *path = file_case_path(f, name);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void expect_mode(FileCase *f, const char *name, mode_t mode)
{
    g_autofree char *path = file_case_path(f, name);
    struct stat info;

    g_assert_cmpint(lstat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, mode);
}

/* perm and nofollow ------------------------------------------------------------ */

static void test_perm(void)
{
    g_autoptr(FileCase) f = file_case_new();
    mode_t umask_before = umask(077);

    put(f, "there", "old", 0604);
    file_case_expect(f, "open", "{'path': '$/plain', 'mode': 'w'}", "1000");
    file_case_expect(f, "open", "{'path': '$/set', 'mode': 'w', 'perm': '0640'}", "1001");
    file_case_expect(f, "open", "{'path': '$/all', 'mode': 'a+', 'perm': '7777'}", "1002");
    file_case_expect(f, "open", "{'path': '$/none', 'mode': 'w', 'perm': '0'}", "1003");
    file_case_expect(f, "open", "{'path': '$/there', 'mode': 'a', 'perm': '600'}", "1004");
    umask(umask_before);
    expect_mode(f, "plain", 0666);
    expect_mode(f, "set", 0640);
    expect_mode(f, "all", 07777);
    expect_mode(f, "none", 0);
    expect_mode(f, "there", 0604);
}

static void test_bad_perm(void)
{
    static const char *const bad[] = { "", "8", "64a", "10000", "0x1", " 644", "-1", "rw-r--r--",
                                       "77777777777777777777777" };
    g_autoptr(FileCase) f = file_case_new();

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *arguments =
            g_strdup_printf("{'path': '$/new', 'mode': 'w', 'perm': '%s'}", bad[i]);
        g_autofree char *wanted = g_strdup_printf(
            "value '%s' is invalid for argument perm: must be octal digits", bad[i]);

        file_case_expect(f, "open", arguments, wanted);
    }
    file_case_expect(f, "open", "{'path': '$/new', 'perm': '644'}",
                     "perm is for modes that create a file, not for 'r'");
    file_case_expect(f, "open", "{'path': '$/new', 'mode': 'x', 'perm': '9'}",
                     "invalid file open mode 'x'");
    file_case_expect_list(f, "");
}

static void test_nofollow(void)
{
    static const char *const modes[] = { "r", "w", "a", "r+" };
    g_autoptr(FileCase) f = file_case_new();

    put(f, "file", "old", 0644);
    put_link(f, "link", "file");
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *arguments =
            g_strdup_printf("{'path': '$/link', 'mode': '%s', 'nofollow': true}", modes[i]);
        g_autofree char *wanted = g_strdup_printf("failed to open file '$/link' (mode: '%s'): %s",
                                                  modes[i], g_strerror(ELOOP));

        file_case_expect(f, "open", arguments, wanted);
    }
    file_case_expect(f, "open", "{'path': '$/file', 'nofollow': true}", "1000");
    file_case_expect(f, "open", "{'path': '$/link', 'nofollow': false}", "1001");
    file_case_expect_list(f, "file=old link=old");
}

/* atomic ----------------------------------------------------------------------- */

/* Stands for a filesystem without O_TMPFILE. */
static int refuse_nameless(int dir_fd)
{
    (void)dir_fd;
    errno = EOPNOTSUPP;
    return -1;
}

/* Each test runs on both kinds of filesystem. */
static FileCase *atomic_case(gconstpointer nameless)
{
    FileCase *f = file_case_new();

    if (!nameless)
        f->sysops.open_nameless = refuse_nameless;
    return f;
}

#define OPEN_ATOMIC "{'path': '$/file', 'mode': 'w', 'atomic': true}"

static void test_atomic_new(gconstpointer nameless)
{
    g_autoptr(FileCase) f = atomic_case(nameless);
    mode_t umask_before = umask(077);

    file_case_expect(f, "open", OPEN_ATOMIC, "1000");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "flush", HANDLE, "");
    file_case_expect_list(f, "");
    file_case_expect(f, "close", HANDLE, "");
    umask(umask_before);
    file_case_expect_list(f, "file=new");
    expect_mode(f, "file", 0666);
    file_case_expect(f, "close", HANDLE, "handle '1000' has not been found");
}

static void test_atomic_replaces(gconstpointer nameless)
{
    g_autoptr(FileCase) f = atomic_case(nameless);
    g_autofree char *path = file_case_path(f, "file");
    char value[8];
    gboolean labels;

    put(f, "file", "old", 0640);
    labels = setxattr(path, "user.label", "x", 1, 0) == 0;
    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'w+', 'atomic': true}", "1000");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "seek", "{'handle': 1000, 'offset': 1, 'whence': 'set'}",
                     "{\"eof\": false, \"position\": 1}");
    file_case_expect(f, "read", HANDLE, "{\"count\": 2, \"buf-b64\": \"ZXc=\", \"eof\": true}");
    file_case_expect_list(f, "file=old");
    file_case_expect(f, "close", HANDLE, "");
    file_case_expect_list(f, "file=new");
    expect_mode(f, "file", 0640);
    g_assert_cmpint(getxattr(path, "user.label", value, sizeof value), ==, labels ? 1 : -1);
    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'wb', 'atomic': true, 'perm': '600'}",
                     "1001");
    file_case_expect(f, "close", "{'handle': 1001}", "");
    file_case_expect_list(f, "file=");
    expect_mode(f, "file", 0600);
}

static void test_atomic_dropped(gconstpointer nameless)
{
    g_autoptr(FileCase) f = atomic_case(nameless);

    put(f, "file", "old", 0640);
    file_case_expect(f, "open", OPEN_ATOMIC, "1000");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "close", "{'handle': 1000, 'discard': true}", "");
    file_case_expect(f, "close", HANDLE, "handle '1000' has not been found");
    file_case_expect(f, "open", OPEN_ATOMIC, "1001");
    file_case_restart(f);
    file_case_expect_list(f, "file=old");
    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'a'}", "1002");
    file_case_expect(f, "close", "{'handle': 1002, 'discard': true}",
                     "discard is for atomic files; the writes to handle '1002' cannot be undone");
    file_case_expect(f, "close", "{'handle': 1002}", "");
}

static void test_atomic_link(gconstpointer nameless)
{
    g_autoptr(FileCase) f = atomic_case(nameless);
    g_autofree char *link = file_case_path(f, "link");

    put(f, "file", "old", 0644);
    put_link(f, "link", "file");
    put_link(f, "lost", "nowhere");
    file_case_expect(f, "open", "{'path': '$/link', 'mode': 'w', 'atomic': true}", "1000");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "close", HANDLE, "");
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    file_case_expect(f, "open", "{'path': '$/link', 'mode': 'w', 'atomic': true, 'nofollow': true}",
                     "failed to open file '$/link' (mode: 'w'): Too many levels of symbolic links");
    file_case_expect(f, "open", "{'path': '$/lost', 'mode': 'w', 'atomic': true}",
                     "failed to open file '$/lost' (mode: 'w'): No such file or directory");
    file_case_expect_list(f, "file=new link=new lost=(none)");
}

static void test_atomic_refused(gconstpointer nameless)
{
    static const char *const modes[] = { "r", "r+", "a", "a+" };
    g_autoptr(FileCase) f = atomic_case(nameless);
    g_autofree char *fifo = file_case_path(f, "fifo");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *arguments =
            g_strdup_printf("{'path': '$/file', 'mode': '%s', 'atomic': true}", modes[i]);
        g_autofree char *wanted = g_strdup_printf(
            "atomic is for modes that truncate the file, not for '%s'", modes[i]);

        file_case_expect(f, "open", arguments, wanted);
    }
    file_case_expect(f, "open", "{'path': '$', 'mode': 'w', 'atomic': true}",
                     "failed to open file '$' (mode: 'w'): Is a directory");
    file_case_expect(f, "open", "{'path': '$/fifo', 'mode': 'w', 'atomic': true}",
                     "failed to open file '$/fifo' (mode: 'w'): Invalid argument");
    file_case_expect(f, "open", "{'path': '$/no/file', 'mode': 'w', 'atomic': true}",
                     "failed to open file '$/no/file' (mode: 'w'): No such file or directory");
    file_case_expect(f, "open", "{'path': '$/new/', 'mode': 'w', 'atomic': true}",
                     "failed to open file '$/new/' (mode: 'w'): Is a directory");
    file_case_expect(f, "open", "{'path': '', 'mode': 'w', 'atomic': true}",
                     "failed to open file '' (mode: 'w'): No such file or directory");
    file_case_expect_list(f, "fifo=(none)");
}

/* A target that became a directory meanwhile is not replaced, and no file is left behind. */
static void test_atomic_too_late(gconstpointer nameless)
{
    g_autoptr(FileCase) f = atomic_case(nameless);
    g_autofree char *path = file_case_path(f, "file");

    file_case_expect(f, "open", OPEN_ATOMIC, "1000");
    g_assert_cmpint(mkdir(path, 0700), ==, 0);
    file_case_expect(f, "close", HANDLE,
                     "failed to close handle: cannot replace 'file': Is a directory");
    file_case_expect(f, "close", HANDLE, "handle '1000' has not been found");
    file_case_expect_list(f, "file=(none)");
}

/* The agent is killed after everything was written, and before the close. */
static void test_atomic_killed(gconstpointer nameless)
{
    g_autoptr(FileCase) f = atomic_case(nameless);
    int status;
    pid_t pid;

    put(f, "file", "old", 0644);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        file_case_expect(f, "open", OPEN_ATOMIC, "1000");
        file_case_expect(f, "open", "{'path': '$/other', 'mode': 'w', 'atomic': true}", "1001");
        file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
        file_case_expect(f, "flush", HANDLE, "");
        kill(getpid(), SIGKILL);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    file_case_expect_list(f, "file=old");
}

/* Handles ---------------------------------------------------------------------- */

static void test_no_handle(void)
{
    g_autoptr(FileCase) f = file_case_new();

    f->next_handle = -1;
    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'w', 'atomic': true}",
                     "no handle today");
    f->next_handle = 1000;
    file_case_expect_list(f, "");
    /* No place in the table was lost. */
    for (int i = 0; i < 256; i++)
        g_free(file_case_run(f, "open", "{'path': '$/file', 'mode': 'w'}"));
    file_case_expect(f, "open", "{'path': '$/file'}", "256 files are open; close one of them first");
    file_case_expect(f, "open", "{'path': '$/other', 'mode': 'w'}",
                     "256 files are open; close one of them first");
    file_case_expect_list(f, "file=");
    file_case_expect(f, "close", "{'handle': 1255}", "");
    file_case_expect(f, "open", "{'path': '$/file'}", "1256");
}

#define RECORDS 500

static gpointer write_records(gpointer data)
{
    FileCase *f = data;

    for (int i = 0; i < RECORDS; i++)
        file_case_expect(f, "write", "{'handle': 1000, 'buf-b64': 'MDEyMzQ1Njc4Cg=='}",
                         "{\"count\": 10, \"eof\": false}");
    return NULL;
}

/* The bytes of two hosts with one handle are not mixed. */
static void test_two_hosts(void)
{
    g_autoptr(FileCase) f = file_case_new();
    g_autofree char *path = file_case_path(f, "file");
    g_autofree char *text = NULL;
    GThread *threads[2];
    gsize len;

    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'w'}", "1000");
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("host", write_records, f);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    file_case_expect(f, "close", HANDLE, "");
    g_assert_true(g_file_get_contents(path, &text, &len, NULL));
    g_assert_cmpuint(len, ==, 2 * RECORDS * 10);
    for (gsize at = 0; at < len; at += 10)
        g_assert_cmpmem(text + at, 10, "012345678\n", 10);
}

/* guestd-file-stat and guestd-file-sync ------------------------------------------ */

#define SHA256_OF_NEW "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"

static void expect_in(FileCase *f, const char *arguments, const char *wanted)
{
    g_autofree char *got = file_case_run(f, "guestd-file-stat", arguments);

    if (!strstr(got, wanted))
        g_error("%s is not in %s", wanted, got);
}

static void test_stat(void)
{
    g_autoptr(FileCase) f = file_case_new();
    g_autofree char *fifo = file_case_path(f, "fifo");
    g_autofree char *path = file_case_path(f, "file");
    const struct timespec times[] = { { 1, 5 }, { 2, 999999999 } };

    put(f, "file", "new", 0640);
    put_link(f, "link", "file");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
    expect_in(f, "{'path': '$/file'}", "{\"type\": \"regular\", \"size\": 3, \"mode\": \"0640\", ");
    expect_in(f, "{'path': '$/file'}", "\"accessed\": 1000000005, \"modified\": 2999999999, ");
    expect_in(f, "{'path': '$/file', 'sha256': true}", "\"sha256\": \"" SHA256_OF_NEW "\"}");
    expect_in(f, "{'path': '$/link', 'sha256': true}", "\"sha256\": \"" SHA256_OF_NEW "\"}");
    expect_in(f, "{'path': '$/link'}", "\"type\": \"regular\"");
    expect_in(f, "{'path': '$/link', 'nofollow': true}", "{\"type\": \"symlink\", \"size\": 4, ");
    expect_in(f, "{'path': '$'}", "\"type\": \"directory\"");
    expect_in(f, "{'path': '$/fifo'}", "\"type\": \"fifo\"");
    expect_in(f, "{'path': '/dev/null'}", "\"type\": \"character\"");
    file_case_expect(f, "guestd-file-stat", "{'path': '$/fifo', 'sha256': true}",
                     "sha256 is for regular files");
    file_case_expect(f, "guestd-file-stat", "{'path': '$/link', 'nofollow': true, 'sha256': true}",
                     "sha256 is for regular files");
    file_case_expect(f, "guestd-file-stat", "{'path': '$/no'}",
                     "failed to stat '$/no': No such file or directory");
    file_case_expect(f, "guestd-file-stat", "{}", "exactly one of path and handle is required");
    file_case_expect(f, "guestd-file-stat", "{'path': '$', 'handle': 1}",
                     "exactly one of path and handle is required");
    file_case_expect(f, "guestd-file-stat", "{'handle': 1}", "handle '1' has not been found");
}

/* The size of an open file includes what is still in the buffer. */
static void test_stat_open(void)
{
    g_autoptr(FileCase) f = file_case_new();

    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'w+'}", "1000");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    expect_in(f, "{'handle': 1000}", "{\"type\": \"regular\", \"size\": 3, ");
    expect_in(f, "{'handle': 1000, 'sha256': true}", "\"sha256\": \"" SHA256_OF_NEW "\"}");
    /* The position has not moved. */
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "close", HANDLE, "");
    file_case_expect_list(f, "file=newnew");
}

static int fail_syncfs(int fd)
{
    errno = fcntl(fd, F_GETFD) < 0 ? EBADF : EIO;
    return -1;
}

static void test_sync(void)
{
    g_autoptr(FileCase) f = file_case_new();

    f->sysops.syncfs = fail_syncfs;
    file_case_expect(f, "open", "{'path': '$/file', 'mode': 'w'}", "1000");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "guestd-file-sync", HANDLE, "");
    file_case_expect_list(f, "file=new");
    file_case_expect(f, "write", WRITE_NEW, "{\"count\": 3, \"eof\": false}");
    file_case_expect(f, "guestd-file-sync", "{'handle': 1000, 'scope': 'data'}", "");
    file_case_expect_list(f, "file=newnew");
    file_case_expect(f, "guestd-file-sync", "{'handle': 1000, 'scope': 'filesystem'}",
                     "failed to sync file: Input/output error");
    file_case_expect(f, "guestd-file-sync", "{'handle': 1}", "handle '1' has not been found");
    file_case_expect(f, "open", "{'path': '/dev/null'}", "1001");
    file_case_expect(f, "guestd-file-sync", "{'handle': 1001}",
                     "failed to sync file: Invalid argument");
}

static void add_atomic(const char *name, GTestDataFunc func)
{
    g_autofree char *nameless = g_strdup_printf("/file/atomic/%s/nameless", name);
    g_autofree char *named = g_strdup_printf("/file/atomic/%s/named", name);

    g_test_add_data_func(nameless, GINT_TO_POINTER(TRUE), func);
    g_test_add_data_func(named, NULL, func);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file/perm/new file -> exact mode", test_perm);
    g_test_add_func("/file/perm/invalid -> error", test_bad_perm);
    g_test_add_func("/file/nofollow/symbolic link -> error", test_nofollow);
    add_atomic("new", test_atomic_new);
    add_atomic("replaces", test_atomic_replaces);
    add_atomic("dropped", test_atomic_dropped);
    add_atomic("link", test_atomic_link);
    add_atomic("refused", test_atomic_refused);
    add_atomic("too-late", test_atomic_too_late);
    add_atomic("killed", test_atomic_killed);
    g_test_add_func("/file/no number for a handle -> error", test_no_handle);
    g_test_add_func("/file/two clients", test_two_hosts);
    g_test_add_func("/file/stat/path", test_stat);
    g_test_add_func("/file/stat/handle", test_stat_open);
    g_test_add_func("/file/sync/scopes", test_sync);
    return g_test_run();
}
