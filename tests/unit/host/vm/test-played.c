/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

/* guestctl-played: guestctl with a backend that was added by the recipe in docs/design.md. */

typedef struct {
    int status;
    char *out, *err;
} Result;

static void run(Result *result, const char *const *words)
{
    g_autofree char *program = g_test_build_filename(G_TEST_BUILT, "host", "vm", "guestctl-played",
                                                     NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(argv, program);
    for (; *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &result->out,
                 &result->err, &result->status, &error);
    g_assert_no_error(error);
}

static void result_clear(Result *result)
{
    g_free(result->out);
    g_free(result->err);
}

#define RUN(result, ...) run(result, (const char *const[]){ __VA_ARGS__, NULL })

static void test_list(void)
{
    Result result;

    RUN(&result, "list");
    g_assert_cmpint(result.status, ==, 0);
    g_assert_cmpstr(result.out, ==, "NAME  STATE    AGENT\n"
                                    "one   running  answers\n"
                                    "two   running  answers\n");
    result_clear(&result);
}

static void test_info(void)
{
    Result result;

    RUN(&result, "one", "info");
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strstr(result.out, "9.9"));
    result_clear(&result);
}

static void test_shutdown(void)
{
    Result result;

    RUN(&result, "two", "shutdown");
    g_assert_cmpint(result.status, ==, 0);
    g_assert_true(g_str_has_prefix(result.out, "down by the agent after "));
    result_clear(&result);
}

/* What the backend does not offer is one clear error for each verb. */
static void test_missing(void)
{
    static const struct {
        const char *words[4], *error;
    } rows[] = {
        { { "one", "snapshot" }, "guestctl: one: the played backend offers no snapshots\n" },
        { { "one", "backup", "--to", "/nonexistent" },
          "guestctl: one: the played backend offers no backup jobs\n" },
        { { "one", "start" }, "guestctl: one: the played backend offers no control of the VM\n" },
        { { "three", "info" },
          "guestctl: no VM 'three' in the test; \"guestctl list\" shows all VMs\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *words[5] = { NULL };
        Result result;

        for (gsize k = 0; k < G_N_ELEMENTS(rows[i].words); k++)
            words[k] = rows[i].words[k];
        run(&result, words);
        g_assert_cmpint(result.status, !=, 0);
        g_assert_cmpstr(result.err, ==, rows[i].error);
        result_clear(&result);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/played/list", test_list);
    g_test_add_func("/played/info", test_info);
    g_test_add_func("/played/shutdown", test_shutdown);
    g_test_add_func("/played/missing", test_missing);
    return g_test_run();
}
