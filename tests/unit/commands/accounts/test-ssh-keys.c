/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/accounts/authorized-keys-file.h"
#include "commands/parse/authorized-keys.h"
#include "tests/unit/kit/accounts.h"
#include "tests/unit/kit/kit.h"

/* The file ~/.ssh/authorized_keys: changes of its text, and what is not such a file. */

static char *ask_keys(Accounts *f, const char *what, const char *username, const char *more)
{
    g_autofree char *command = g_strdup_printf("guest-ssh-%s-authorized-keys", what);
    g_autofree char *arguments = g_strdup_printf("{\"username\": \"%s\"%s}",
                                                 username ? username : f->dir, more);

    return accounts_ask(f, command, arguments);
}

static void expect_keys(Accounts *f, const char *what, const char *username, const char *more,
                        const char *wanted)
{
    g_autofree char *reply = ask_keys(f, what, username, more);

    g_assert_cmpstr(reply, ==, wanted);
}

/* The reply is an error that starts with @begin and ends with @end, apart from the path. */
static void expect_refused(Accounts *f, const char *what, const char *more, const char *begin,
                           const char *end)
{
    g_autofree char *reply = ask_keys(f, what, NULL, more);
    g_autofree char *first =
        g_strdup_printf("{\"error\": {\"class\": \"GenericError\", \"desc\": \"%s'%s/.ssh", begin,
                        f->dir);
    g_autofree char *last = g_strdup_printf("%s\"}}", end);

    if (!g_str_has_prefix(reply, first) || !g_str_has_suffix(reply, last))
        g_error("'%s' is not %s...%s", reply, first, last);
}

static char *make_ssh(Accounts *f)
{
    char *path = accounts_path(f, ".ssh");

    g_assert_cmpint(mkdir(path, 0700), ==, 0);
    return path;
}

#define ADD_A ", \"keys\": [\"A\"]"
#define RESET_A ADD_A ", \"reset\": true"

static void test_keys(Accounts *f, gconstpointer data)
{
    g_autofree char *path = accounts_path(f, ".ssh/authorized_keys");
    struct stat st;

    (void)data;
    expect_keys(f, "remove", NULL, ADD_A, DONE);
    expect_keys(f, "add", NULL, ", \"keys\": [\"B b\", \"A\"]", DONE);
    accounts_expect_file(f, ".ssh/authorized_keys", "B b\nA");
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode, ==, S_IFREG | 0600);
    expect_keys(f, "get", NULL, "", "{\"return\": {\"keys\": [\"A\", \"B b\"]}}");
    expect_keys(f, "remove", NULL, ADD_A, DONE);
    accounts_expect_file(f, ".ssh/authorized_keys", "B b");
    expect_keys(f, "add", NULL, RESET_A, DONE);
    accounts_expect_file(f, ".ssh/authorized_keys", "A");
}

static void test_users(Accounts *f, gconstpointer data)
{
    (void)data;
    expect_keys(f, "get", "nobody", "", FAILS("failed to lookup user 'nobody': No such user"));
    expect_keys(f, "add", "slow", ADD_A, FAILS("failed to lookup user 'slow': Input/output error"));
    expect_keys(f, "add", "relative", ADD_A,
                FAILS("failed to lookup user 'relative': it has no home directory"));
    expect_keys(f, "add", "/no/such/home", ADD_A,
                FAILS("failed to create directory '/no/such/home/.ssh': No such file or directory"));
}

/* A FIFO is refused, not waited for, as is everything else that is not a regular file. */
static void test_no_file(Accounts *f, gconstpointer data)
{
    static const char *const changes[][2] = { { "get", "" }, { "add", ADD_A }, { "add", RESET_A },
                                              { "remove", ADD_A } };
    g_autofree char *ssh = make_ssh(f);
    g_autofree char *path = accounts_path(f, ".ssh/authorized_keys");
    g_autofree char *other = kit_write_file(f->dir, "other", "kept\n");

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
        expect_refused(f, changes[i][0], changes[i][1], "failed to read ", "not a regular file");
        g_assert_cmpint(unlink(path), ==, 0);
        g_assert_cmpint(symlink(other, path), ==, 0);
        expect_refused(f, changes[i][0], changes[i][1], "failed to read ",
                       "it is a symbolic link, or lies behind one");
        g_assert_cmpint(unlink(path), ==, 0);
    }
    accounts_expect_file(f, "other", "kept\n");
    g_assert_cmpint(rmdir(ssh), ==, 0);
    g_assert_cmpint(symlink(f->dir, ssh), ==, 0);
    expect_refused(f, "add", ADD_A, "failed to read ", "it is a symbolic link, or lies behind one");
    g_assert_cmpint(unlink(ssh), ==, 0);
    g_assert_cmpint(mkfifo(ssh, 0600), ==, 0);
    expect_refused(f, "add", ADD_A, "failed to create directory ", ": File exists");
}

static void test_too_large(Accounts *f, gconstpointer data)
{
    g_autofree char *ssh = make_ssh(f);
    g_autofree char *text = g_strnfill(KEY_FILE_MAX, 'k');
    g_autofree char *path = kit_write_file(ssh, "authorized_keys", text);
    struct stat st;

    (void)data;
    expect_keys(f, "remove", NULL, ADD_A, DONE);
    expect_refused(f, "add", ADD_A, "failed to write to ", "the file would be larger than 4194304 bytes");
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, KEY_FILE_MAX);
    g_assert_cmpint(truncate(path, KEY_FILE_MAX + 1), ==, 0);
    expect_refused(f, "get", "", "failed to read ", "larger than 4194304 bytes");
    expect_keys(f, "add", NULL, RESET_A, DONE);
    accounts_expect_file(f, ".ssh/authorized_keys", "A");
}

/* A failed change leaves the file as it was, and no other file. */
static void test_left_behind(Accounts *f, gconstpointer data)
{
    g_autofree char *ssh = make_ssh(f);
    g_autofree char *path G_GNUC_UNUSED = kit_write_file(ssh, "authorized_keys", "old");
    g_autofree char *large = g_strnfill(16 * 1024, 'k');
    g_autoptr(GString) keys = g_string_new(", \"keys\": [\"first\"");
    g_autoptr(GDir) dir = NULL;
    guint files = 0;

    (void)data;
    for (int i = 0; i < KEY_FILE_MAX / (16 * 1024); i++)
        g_string_append_printf(keys, ", \"%d%s\"", i % 10, large + 10);
    g_string_append(keys, ", \"#\"]");
    expect_keys(f, "add", NULL, keys->str, FAILS("invalid OpenSSH public key: '#'"));
    g_string_truncate(keys, keys->len - strlen(", \"#\"]"));
    g_string_append_c(keys, ']');
    expect_keys(f, "add", NULL, keys->str, DONE); /* all but ten are the same */
    expect_keys(f, "remove", NULL, keys->str, DONE);
    accounts_expect_file(f, ".ssh/authorized_keys", "old");
    dir = g_dir_open(ssh, 0, NULL);
    while (g_dir_read_name(dir))
        files++;
    g_assert_cmpuint(files, ==, 1);
}

typedef struct {
    Accounts *f;
    int number;
} Adder;

static gpointer add_some(gpointer data)
{
    const Adder *adder = data;

    for (int i = 0; i < 10; i++) {
        g_autofree char *key = g_strdup_printf(", \"keys\": [\"%d-%d\"]", adder->number, i);

        expect_keys(adder->f, "add", NULL, key, DONE);
    }
    return NULL;
}

/* Of several concurrent requests no key is lost. */
static void test_at_a_time(Accounts *f, gconstpointer data)
{
    Adder adders[4];
    GThread *threads[G_N_ELEMENTS(adders)];
    g_autofree char *path = accounts_path(f, ".ssh/authorized_keys");
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(adders); i++) {
        adders[i] = (Adder){ f, (int)i };
        threads[i] = g_thread_new("adder", add_some, &adders[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(adders); i++)
        g_thread_join(threads[i]);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 10 * G_N_ELEMENTS(adders));
}

static void check_text(const char *text, const char *added, const char *removed)
{
    char *keys[] = { (char *)"A", (char *)"", (char *)"A", (char *)"b c", NULL };
    g_autoptr(GString) before = g_string_new(text);
    g_autoptr(GString) with = authorized_keys_add(before, keys);
    g_autoptr(GString) without = authorized_keys_remove(before, keys);

    g_assert_cmpstr(with->str, ==, added);
    g_assert_cmpstr(without->str, ==, removed);
}

static void test_text(void)
{
    check_text("", "A\n\nb c", "");
    check_text("\n", "\n\nA\nb c", "");
    check_text("A", "A\n\nb c", "");
    check_text("A\n", "A\n\nb c", "");
    check_text("x", "x\nA\n\nb c", "x");
    check_text("b c\nx\nA\n", "b c\nx\nA\n", "x");
    check_text(" A\nA \n#A\nA\r\n", " A\nA \n#A\nA\r\n\nA\nb c", " A\nA \n#A\nA\r");
    check_text("\xFF\xC3(\nx\n\nA\nA", "\xFF\xC3(\nx\n\nA\nA\nb c", "\xFF\xC3(\nx");
}

static void test_bad_keys(void)
{
    static const char *const bad[] = { "#", "#x", "a\nb", "a\n", "\n", "a\r", "a\xC0\x80", "a\x01",
                                       "\x7f", "\x1b[2J" };
    static const char *const good[] = { "", " #", "a#", "\ta", "ssh-rsa AAAA \xC3\xBC", "a\\nb" };
    g_autofree char *longest = g_strnfill(AUTHORIZED_KEY_MAX, 'k');
    g_autofree char *longer = g_strnfill(AUTHORIZED_KEY_MAX + 1, 'k');
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf("invalid OpenSSH public key: '%s'", bad[i]);

        g_assert_false(authorized_key_check(bad[i], &error));
        kit_expect_error(&error, text);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(authorized_key_check(good[i], NULL));
    g_assert_true(authorized_key_check(longest, NULL));
    g_assert_false(authorized_key_check(longer, &error));
    g_assert_cmpuint(strlen(error->message), <, 1100);
}

#define ADD(path, function)                                                                        \
    g_test_add(path, Accounts, NULL, accounts_set_up, function, accounts_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/ssh-keys/add, get and remove", test_keys);
    ADD("/ssh-keys/unknown user or no home -> error", test_users);
    ADD("/ssh-keys/no regular file -> refused", test_no_file);
    ADD("/ssh-keys/too large a file -> refused", test_too_large);
    ADD("/ssh-keys/change fails -> file unchanged, nothing left", test_left_behind);
    ADD("/ssh-keys/two requests for one user -> one at a time", test_at_a_time);
    g_test_add_func("/ssh-keys/text of a file", test_text);
    g_test_add_func("/ssh-keys/invalid key -> error", test_bad_keys);
    return g_test_run();
}
