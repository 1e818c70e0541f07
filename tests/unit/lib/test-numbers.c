/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>

#include "lib/json/reader.h"
#include "lib/numbers.h"
#include "tests/unit/kit/kit.h"

/*
 * GLib makes its C locale when it reads the first number, by newlocale(). This one stands before
 * libc's and leaves in errno what a thread finds there that waited for another one to do it. As
 * it happens once in a process, each test is in a process of its own.
 */
locale_t newlocale(int mask, const char *name, locale_t base)
{
    locale_t (*real)(int, const char *, locale_t) =
        (locale_t (*)(int, const char *, locale_t))dlsym(RTLD_NEXT, "newlocale");
    locale_t made = real(mask, name, base);

    errno = EAGAIN;
    return made;
}

static void check_json(void)
{
    g_autoptr(Arena) arena = arena_new();
    Value *value = kit_value(arena, "5");

    g_assert_cmpint(value->kind, ==, VALUE_INT);
    g_assert_cmpint(value->integer, ==, 5);
}

static void check_unsigned(void)
{
    guint64 value;
    char *end;

    g_assert_true(numbers_uint64("ff;", &end, 16, &value));
    g_assert_cmpuint(value, ==, 255);
    g_assert_cmpstr(end, ==, ";");
    g_assert_false(numbers_uint64("10000000000000000", &end, 16, &value));
}

static void check_glib_itself(void)
{
    gint64 value;
    g_autoptr(GError) error = NULL;

    numbers_prepare();
    g_ascii_string_to_signed("5", 10, 0, 9, &value, &error);
    g_assert_no_error(error);
    g_assert_cmpint(value, ==, 5);
}

typedef struct {
    const char *name;
    void (*check)(void);
} First;

static const First firsts[] = {
    { "json-integer", check_json },
    { "unsigned", check_unsigned },
    { "glib-itself-after-prepare", check_glib_itself },
};

/* g_test_init() reads numbers, so it must not have run in the process of the test. */
static void test_first(gconstpointer data)
{
    const First *first = data;
    const char *argv[] = { "/proc/self/exe", "--first", first->name, NULL };
    g_autoptr(GError) error = NULL;
    int status;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status,
                 &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
}

static int run_first(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(firsts); i++) {
        if (g_str_equal(firsts[i].name, name)) {
            firsts[i].check();
            return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && g_str_equal(argv[1], "--first"))
        return run_first(argv[2]);
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(firsts); i++) {
        g_autofree char *path = g_strconcat("/numbers/first/", firsts[i].name, NULL);

        g_test_add_data_func(path, &firsts[i], test_first);
    }
    return g_test_run();
}
