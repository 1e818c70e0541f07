/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

/* A file with the access ACL @text; FALSE: the file system keeps none. */
static gboolean make_file(char *path, const char *text)
{
    int fd = g_mkstemp_full(path, O_RDWR, 0600);
    acl_t acl = acl_from_text(text);
    gboolean ok;

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_nonnull(acl);
    ok = acl_set_file(path, ACL_TYPE_ACCESS, acl) == 0;
    g_assert_true(ok || errno == EOPNOTSUPP);
    acl_free(acl);
    if (!ok) {
        g_test_skip("the file system keeps no ACLs");
        g_unlink(path);
    }
    return ok;
}

static void check_acl(const char *path, const char *wanted)
{
    acl_t acl = acl_get_file(path, ACL_TYPE_ACCESS);
    char *text = acl_to_text(acl, NULL);

    g_assert_cmpstr(text, ==, wanted);
    acl_free(text);
    acl_free(acl);
}

static void test_user(void)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "u::rw-,g::---,o::---", "user::rw-\nuser:64055:rw-\ngroup::---\nmask::rw-\nother::---\n" },
        /* The mask hides permissions, which must not come to light. */
        { "u::rw-,u:64056:rw-,g::r--,g:64057:r--,m::---,o::---",
          "user::rw-\nuser:64055:rw-\nuser:64056:---\ngroup::---\ngroup:64057:---\nmask::rw-\n"
          "other::---\n" },
        { "u::rw-,u:64055:r--,g::r--,m::r--,o::---",
          "user::rw-\nuser:64055:rw-\ngroup::r--\nmask::rw-\nother::---\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_build_filename(g_get_tmp_dir(), "grant-XXXXXX", NULL);
        g_autoptr(GError) error = NULL;

        if (!make_file(path, rows[i].before))
            return;
        for (int again = 0; again < 2; again++) {
            grant_user(path, 64055, GRANT_READ | GRANT_WRITE, &error);
            g_assert_no_error(error);
            check_acl(path, rows[i].after);
        }
        g_unlink(path);
    }
}

static void test_none(void)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "grant-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    GStatBuf info;

    if (!make_file(path, "u::rw-,u:64055:rw-,g::r--,m::rw-,o::r--"))
        return;
    grant_none(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_stat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
    check_acl(path, "user::rw-\ngroup::---\nother::---\n");
    g_unlink(path);
}

static void test_missing(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(grant_user("/nonexistent", 64055, GRANT_READ, &error));
    g_assert_nonnull(strstr(error->message, "/nonexistent"));
    g_clear_error(&error);
    g_assert_false(grant_none("/nonexistent", &error));
    g_assert_nonnull(strstr(error->message, "/nonexistent"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/grant/user -> has the permissions, no other user gets more", test_user);
    g_test_add_func("/host/grant/none -> only the owner's permissions are left", test_none);
    g_test_add_func("/host/grant/missing -> error with the path", test_missing);
    return g_test_run();
}
