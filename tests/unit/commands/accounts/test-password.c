/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/kit/accounts.h"
#include "tests/unit/kit/kit.h"

/* guest-set-user-password: the input of chpasswd, the error texts, and what is wiped. */

/* A chpasswd that runs @script, and nothing else in PATH. */
static void put_chpasswd(Accounts *f, const char *script)
{
    g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", script);
    g_autofree char *path = kit_write_file(f->dir, "chpasswd", text);

    g_assert_cmpint(chmod(path, 0755), ==, 0);
    g_setenv("PATH", f->dir, TRUE);
}

static void expect_password(Accounts *f, const char *password, const char *wanted)
{
    g_autofree char *base64 = g_base64_encode((const guchar *)password, strlen(password));
    g_autofree char *arguments =
        g_strdup_printf("{\"username\": \"anna\", \"password\": \"%s\", \"crypted\": false}", base64);
    g_autofree char *reply = accounts_ask(f, "guest-set-user-password", arguments);

    g_assert_cmpstr(reply, ==, wanted);
}

static void test_password(Accounts *f, gconstpointer data)
{
    g_autofree char *script = g_strdup_printf("{ echo \"[$*]\"; /bin/cat; } >%s/called", f->dir);

    (void)data;
    put_chpasswd(f, script);
    expect_password(f, "correct horse", DONE);
    accounts_expect_file(f, "called", "[]\nanna:correct horse\n");
}

/* busybox is called with a hash that uses the whole password, whatever its name. */
static void test_busybox(Accounts *f, gconstpointer data)
{
    g_autofree char *script = g_strdup_printf("echo \"[$*]\" >%s/called", f->dir);
    g_autofree char *chpasswd = accounts_path(f, "chpasswd"), *busybox = accounts_path(f, "busybox");
    g_autofree char *reply = NULL;

    (void)data;
    put_chpasswd(f, script);
    g_assert_cmpint(rename(chpasswd, busybox), ==, 0);
    expect_password(f, "x", DONE);
    accounts_expect_file(f, "called", "[chpasswd -c sha512]\n");
    g_assert_cmpint(symlink("busybox", chpasswd), ==, 0);
    expect_password(f, "x", DONE);
    accounts_expect_file(f, "called", "[-c sha512]\n");
    reply = accounts_ask(f, "guest-set-user-password",
                "{\"username\": \"anna\", \"password\": \"eA==\", \"crypted\": true}");
    g_assert_cmpstr(reply, ==, DONE);
    accounts_expect_file(f, "called", "[-e]\n");
}

#define FAILED "child process has failed to set user password: "

static void test_password_fails(Accounts *f, gconstpointer data)
{
    (void)data;
    g_setenv("PATH", f->dir, TRUE);
    expect_password(f, "hush", FAILS(FAILED "failed to exec 'chpasswd': No such file or directory"));
    put_chpasswd(f, "echo why >&2; exit 1");
    expect_password(f, "hush", FAILS(FAILED "why\\n"));
    put_chpasswd(f, "exit 7");
    expect_password(f, "hush", FAILS(FAILED "exit status 7"));
    put_chpasswd(f, "kill -9 $$");
    expect_password(f, "hush", FAILS("child process has terminated abnormally"));
    put_chpasswd(f, "while read line; do echo \"bad line: $line\"; done; exit 1");
    expect_password(f, "hush", FAILS(FAILED "its message holds the password and is not shown"));
    expect_password(f, "", FAILS(FAILED "bad line: anna:\\n"));
}

/* A chpasswd that does not read its input, and one that reads only a part. */
static void test_password_unread(Accounts *f, gconstpointer data)
{
    g_autofree char *longest = g_strnfill(4090, 'x'), *longer = g_strnfill(4091, 'x');

    (void)data;
    put_chpasswd(f, "exit 0");
    expect_password(f, longest, DONE);
    expect_password(f, longer, FAILS("user name and password are longer than 4094 bytes"));
    put_chpasswd(f, "exec <&-; exit 0");
    expect_password(f, longest, DONE);
}

/* The request's buffer holds no password afterwards, also if the command did not run. */
static void test_wiped(Accounts *f, gconstpointer data)
{
    static const char *const requests[] = {
        "{\"execute\": \"guest-set-user-password\", \"arguments\": {\"username\": \"a\", "
        "\"password\": \"c\\/VjcmV0\", \"crypted\": 1}}",
        "{\"execute\": \"guest-set-user-pasword\", \"arguments\": {\"password\": \"c\\/VjcmV0\"}}",
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
        Frame frame = { FRAME_MESSAGE, g_strdup(requests[i]), strlen(requests[i]) };
        Job *job = job_new(&frame, f->set, &f->services);
        Arena *arena = job->call.arena;
        char *text = frame.data;

        g_assert_false(job_prepare(job, &f->settings, FALSE));
        job->call.arena = arena_new();
        job_free(job);
        for (gsize at = 0; at < frame.len; at++)
            g_assert_cmpint(text[at], ==, 0);
        arena_free(arena);
    }
}

#define ADD(path, function)                                                                        \
    g_test_add(path, Accounts, NULL, accounts_set_up, function, accounts_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/password/chpasswd/input line", test_password);
    ADD("/password/busybox chpasswd -> sha512", test_busybox);
    ADD("/password/chpasswd fails -> its message, without the password", test_password_fails);
    ADD("/password/chpasswd leaves input unread -> its status", test_password_unread);
    ADD("/password/memory after a request -> no password", test_wiped);
    return g_test_run();
}
