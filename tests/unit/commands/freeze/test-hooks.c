/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/freeze/hooks.h"
#include "tests/unit/kit/kit.h"

/* Hooks: which are called, in which order, and what happens when they fail or hang. */

#define LONG_US (KIT_DEADLINE_S * G_USEC_PER_SEC)
/* Each call leaves a line "NAME VERB REASON" in the file "calls". */
#define NOTE "echo \"${0##*/} $1 ${GUESTD_THAW_REASON-}\" >>\"${0%/*}/../calls\"\n"

typedef struct {
    char *dir;
    char *hooks_dir;
    FreezeHooks *hooks;
} Case;

static Case *case_new(gint64 timeout_us)
{
    Case *c = g_new0(Case, 1);

    c->dir = kit_make_directory();
    c->hooks_dir = g_build_filename(c->dir, "hooks", NULL);
    g_assert_cmpint(g_mkdir(c->hooks_dir, 0755), ==, 0);
    c->hooks = freeze_hooks_new(c->hooks_dir, timeout_us);
    return c;
}

static void case_free(Case *c)
{
    freeze_hooks_free(c->hooks);
    g_free(c->hooks_dir);
    kit_remove_tree(c->dir);
    g_free(c);
}

static void add_hook(Case *c, const char *name, int mode, const char *script)
{
    g_autofree char *text = g_strconcat("#!/bin/sh\n", NOTE, script, NULL);
    g_autofree char *path = kit_write_file(c->hooks_dir, name, text);

    g_assert_cmpint(chmod(path, (mode_t)mode), ==, 0);
}

/* The calls since the last time. */
static void expect_calls(Case *c, const char *expected)
{
    g_autofree char *path = g_build_filename(c->dir, "calls", NULL);
    g_autofree char *calls = NULL;

    if (!g_file_get_contents(path, &calls, NULL, NULL))
        calls = g_strdup("");
    g_assert_cmpstr(calls, ==, expected);
    g_unlink(path);
}

static void freeze_ok(Case *c)
{
    g_autoptr(GError) error = NULL;

    freeze_hooks_freeze(c->hooks, -1, &error);
    g_assert_no_error(error);
}

static void thaw_ok(Case *c, const char *reason)
{
    g_autoptr(GError) error = NULL;

    freeze_hooks_thaw(c->hooks, reason, &error);
    g_assert_no_error(error);
}

/* A prefix only, as the hook's output may follow. */
static void expect_beginning(GError **error, const char *text)
{
    g_assert_nonnull(*error);
    if (!g_str_has_prefix((*error)->message, text))
        g_error("\"%s\" does not begin with \"%s\"", (*error)->message, text);
    g_clear_error(error);
}

static void test_order(void)
{
    Case *c = case_new(LONG_US);

    add_hook(c, "20-second", 0755, "");
    add_hook(c, "10-first", 0755, "");
    add_hook(c, "30-third", 0700, "");
    freeze_ok(c);
    expect_calls(c, "10-first freeze \n20-second freeze \n30-third freeze \n");
    thaw_ok(c, "host");
    expect_calls(c, "30-third thaw host\n20-second thaw host\n10-first thaw host\n");
    g_assert_cmpuint(freeze_hooks_calls(c->hooks)->len, ==, 6);
    case_free(c);
}

/* The reason is in the environment, and only for a thaw. */
static void test_reasons(void)
{
    static const char *const reasons[] = { "host", "timeout", "failed", "shutdown" };
    Case *c = case_new(LONG_US);

    add_hook(c, "a", 0755, "");
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        g_autofree char *expected = g_strdup_printf("a freeze \na thaw %s\n", reasons[i]);

        freeze_ok(c);
        thaw_ok(c, reasons[i]);
        expect_calls(c, expected);
    }
    case_free(c);
}

static void test_leftovers(void)
{
    static const char *const ignored[] = { "a~", "a.bak", "a.orig", "a.rpmnew", "a.rpmorig",
                                           "a.rpmsave", "a.sample", "a.dpkg-old", "a.dpkg-new",
                                           ".hidden" };
    Case *c = case_new(LONG_US);
    g_autofree char *below = g_build_filename(c->hooks_dir, "directory", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(ignored); i++)
        add_hook(c, ignored[i], 0755, "exit 1\n");
    add_hook(c, "not-executable", 0644, "exit 1\n");
    add_hook(c, "b.sh", 0755, "");
    g_assert_cmpint(g_mkdir(below, 0755), ==, 0);
    freeze_ok(c);
    thaw_ok(c, "host");
    expect_calls(c, "b.sh freeze \nb.sh thaw host\n");
    case_free(c);
}

/* Hooks run as root: a user who can write one would be root as well. */
static void test_ownership(void)
{
    Case *c = case_new(LONG_US);
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strdup_printf(
        "fsfreeze hook %s/b is writable by others; run chmod go-w on it", c->hooks_dir);

    add_hook(c, "a", 0755, "");
    add_hook(c, "b", 0775, "");
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    kit_expect_error(&error, expected);
    expect_calls(c, "");
    add_hook(c, "b", 0757, "");
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    kit_expect_error(&error, expected);
    add_hook(c, "b", 0755, "");
    g_assert_cmpint(chmod(c->hooks_dir, 0777), ==, 0);
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    g_clear_error(&error);
    expect_calls(c, "");
    g_assert_cmpint(chmod(c->hooks_dir, 0755), ==, 0);
    if (geteuid() == 0) {
        g_autofree char *path = g_build_filename(c->hooks_dir, "b", NULL);

        g_assert_cmpint(chown(path, 65534, 0), ==, 0);
        g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
        g_assert_nonnull(strstr(error->message, "is not owned by root"));
        expect_calls(c, "");
    }
    case_free(c);
}

/* One program, as qemu-ga's -F: it is called whatever its name. */
static void test_program(void)
{
    Case *c = case_new(LONG_US);
    g_autofree char *path = g_build_filename(c->hooks_dir, "hook.bak", NULL);

    add_hook(c, "hook.bak", 0755, "");
    freeze_hooks_free(c->hooks);
    c->hooks = freeze_hooks_new(path, LONG_US);
    freeze_ok(c);
    thaw_ok(c, "host");
    expect_calls(c, "hook.bak freeze \nhook.bak thaw host\n");
    case_free(c);
}

static void test_none(void)
{
    FreezeHooks *hooks = freeze_hooks_new(NULL, LONG_US);
    g_autoptr(GError) error = NULL;

    g_assert_true(freeze_hooks_freeze(hooks, -1, &error));
    g_assert_true(freeze_hooks_thaw(hooks, "host", &error));
    g_assert_cmpuint(freeze_hooks_calls(hooks)->len, ==, 0);
    freeze_hooks_free(hooks);
}

/* qemu-ga's text. */
static void test_missing(void)
{
    Case *c = case_new(LONG_US);
    g_autofree char *path = g_build_filename(c->dir, "missing", NULL);
    g_autofree char *expected =
        g_strdup_printf("child process has failed to execute fsfreeze hook: "
                        "failed to exec '%s': No such file or directory", path);
    g_autoptr(GError) error = NULL;

    freeze_hooks_free(c->hooks);
    c->hooks = freeze_hooks_new(path, LONG_US);
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    kit_expect_error(&error, expected);
    case_free(c);
}

/* The first ran, the second fails, the third is never called. */
static void test_second_fails(void)
{
    Case *c = case_new(LONG_US);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "");
    add_hook(c, "2", 0755, "[ $1 = thaw ] || { echo no good >&2; exit 7; }\n");
    add_hook(c, "3", 0755, "");
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    expect_beginning(&error, "child process has failed to execute fsfreeze hook: no good");
    expect_calls(c, "1 freeze \n2 freeze \n1 thaw failed\n");
    case_free(c);
}

static void test_first_fails(void)
{
    Case *c = case_new(LONG_US);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "exit 3\n");
    add_hook(c, "2", 0755, "");
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    expect_beginning(&error,
                     "child process has failed to execute fsfreeze hook: exit status 3");
    expect_calls(c, "1 freeze \n");
    case_free(c);
}

/* The pid that a hook wrote to the file "pid"; 0 if it has not yet. */
static pid_t read_pid(Case *c)
{
    g_autofree char *path = g_build_filename(c->dir, "pid", NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL) || !strchr(text, '\n'))
        return 0;
    return (pid_t)atoi(text);
}

/* Waits for the end of a process that is not a child of this one. */
static void expect_gone(pid_t pid)
{
    gint64 until = g_get_monotonic_time() + LONG_US;

    g_assert_cmpint(pid, >, 1);
    while (kill(pid, 0) == 0) {
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
        g_autofree char *stat = NULL;

        /* Without an init that reaps orphans, it stays as a zombie. */
        if (!g_file_get_contents(path, &stat, NULL, NULL) || strstr(stat, ") Z "))
            return;
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(1000);
    }
}

/*
 * A hook that hangs is killed at its deadline with its process group, and is called for the
 * thaw.
 */
static void test_hangs(void)
{
    /* Long enough for the other calls on a busy machine. */
    Case *c = case_new(5 * G_USEC_PER_SEC);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "");
    add_hook(c, "2", 0755, "[ $1 = thaw ] && exit\n"
                           "sleep 1000 & echo $! >\"${0%/*}/../pid\"; wait\n");
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    expect_beginning(&error, "child process was killed: "
                             "it did not execute fsfreeze hook in time");
    expect_calls(c, "1 freeze \n2 freeze \n2 thaw failed\n1 thaw failed\n");
    expect_gone(read_pid(c));
    case_free(c);
}

/* A hook that writes without end is killed all the same. */
static void test_babbles(void)
{
    Case *c = case_new(700 * 1000);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "[ $1 = thaw ] && exit\nexec yes\n");
    g_assert_false(freeze_hooks_freeze(c->hooks, -1, &error));
    expect_beginning(&error, "child process was killed");
    case_free(c);
}

/* A daemon that keeps the pipes, quiet or writing, delays nothing. */
static void test_daemon(void)
{
    static const char *const daemons[] = { "sleep 1000", "yes", "setsid sleep 1000" };

    for (gsize i = 0; i < G_N_ELEMENTS(daemons); i++) {
        Case *c = case_new(LONG_US);
        g_autofree char *script = g_strdup_printf(
            "[ $1 = thaw ] && exit\n%s & echo $! >\"${0%%/*}/../pid\"\n", daemons[i]);
        gint64 began = g_get_monotonic_time();

        add_hook(c, "1", 0755, script);
        freeze_ok(c);
        g_assert_cmpint(g_get_monotonic_time() - began, <, LONG_US);
        kill(read_pid(c), SIGKILL);
        thaw_ok(c, "host");
        case_free(c);
    }
}

static gpointer cancel_when_called(gpointer data)
{
    Case *c = ((gpointer *)data)[0];
    int fd = GPOINTER_TO_INT(((gpointer *)data)[1]);
    guint64 one = 1;

    while (!read_pid(c))
        g_usleep(1000);
    g_assert_cmpint(write(fd, &one, sizeof one), ==, sizeof one);
    return NULL;
}

/* The freeze is cancelled: the hook is killed at once, and is called for the thaw. */
static void test_cancel(void)
{
    Case *c = case_new(LONG_US);
    int fd = eventfd(0, EFD_CLOEXEC);
    gpointer both[] = { c, GINT_TO_POINTER(fd) };
    GThread *thread = g_thread_new("canceller", cancel_when_called, both);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "");
    add_hook(c, "2", 0755, "[ $1 = thaw ] && exit\necho $$ >\"${0%/*}/../pid\"\nsleep 1000\n");
    add_hook(c, "3", 0755, "");
    g_assert_false(freeze_hooks_freeze(c->hooks, fd, &error));
    expect_beginning(&error, "child process was killed: cancelled");
    g_thread_join(thread);
    expect_calls(c, "1 freeze \n2 freeze \n2 thaw failed\n1 thaw failed\n");
    expect_gone(read_pid(c));
    close(fd);
    case_free(c);
}

static void test_output(void)
{
    Case *c = case_new(LONG_US);
    g_autofree char *expected = g_strdup_printf("hook %s/1 freeze: one\n"
                                                "hook %s/1 freeze: two\n", c->hooks_dir,
                                                c->hooks_dir);
    g_autofree char *log = NULL;

    add_hook(c, "1", 0755, "[ $1 = thaw ] && exit\necho one; echo; echo two >&2\n");
    g_free(kit_take_log());
    freeze_ok(c);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, expected);
    thaw_ok(c, "host");
    case_free(c);
}

/* A thaw that fails is reported, but all hooks are called. */
static void test_thaw_fails(void)
{
    Case *c = case_new(LONG_US);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "");
    add_hook(c, "2", 0755, "[ $1 = freeze ] || exit 5\n");
    add_hook(c, "3", 0755, "[ $1 = freeze ] || exit 6\n");
    freeze_ok(c);
    g_assert_false(freeze_hooks_thaw(c->hooks, "host", &error));
    expect_beginning(&error,
                     "child process has failed to execute fsfreeze hook: exit status 6");
    expect_calls(c, "1 freeze \n2 freeze \n3 freeze \n3 thaw host\n2 thaw host\n1 thaw host\n");
    case_free(c);
}

/* This process called no hook, as after a restart: all are called for the thaw. */
static void test_thaw_alone(void)
{
    Case *c = case_new(LONG_US);

    add_hook(c, "1", 0755, "");
    add_hook(c, "2", 0755, "");
    thaw_ok(c, "timeout");
    expect_calls(c, "2 thaw timeout\n1 thaw timeout\n");
    case_free(c);
}

/* A hook that was added while frozen is not called; one that was removed is reported. */
static void test_changes(void)
{
    Case *c = case_new(LONG_US);
    g_autofree char *first = g_build_filename(c->hooks_dir, "1", NULL);
    g_autoptr(GError) error = NULL;

    add_hook(c, "1", 0755, "");
    add_hook(c, "2", 0755, "");
    freeze_ok(c);
    add_hook(c, "3", 0755, "");
    g_unlink(first);
    g_assert_false(freeze_hooks_thaw(c->hooks, "host", &error));
    g_assert_nonnull(strstr(error->message, "No such file or directory"));
    expect_calls(c, "1 freeze \n2 freeze \n2 thaw host\n");
    case_free(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/freeze/hooks/order", test_order);
    g_test_add_func("/freeze/hooks/reason in the environment", test_reasons);
    g_test_add_func("/freeze/hooks/backup files -> not run", test_leftovers);
    g_test_add_func("/freeze/hooks/others may write -> error", test_ownership);
    g_test_add_func("/freeze/hooks/single program", test_program);
    g_test_add_func("/freeze/hooks/no path -> nothing to do", test_none);
    g_test_add_func("/freeze/hooks/missing -> QEMU's text", test_missing);
    g_test_add_func("/freeze/hooks/second fails -> first thaws", test_second_fails);
    g_test_add_func("/freeze/hooks/first fails -> no other called", test_first_fails);
    g_test_add_func("/freeze/hooks/hangs -> killed, then thaws", test_hangs);
    g_test_add_func("/freeze/hooks/endless output -> killed", test_babbles);
    g_test_add_func("/freeze/hooks/leaves a daemon -> not waited for", test_daemon);
    g_test_add_func("/freeze/hooks/cancelled -> killed, then thaws", test_cancel);
    g_test_add_func("/freeze/hooks/output -> logged", test_output);
    g_test_add_func("/freeze/hooks/thaw/one fails -> the others are called", test_thaw_fails);
    g_test_add_func("/freeze/hooks/thaw/no freeze before -> all called", test_thaw_alone);
    g_test_add_func("/freeze/hooks/thaw/directory changed -> those of the freeze", test_changes);
    return g_test_run();
}
