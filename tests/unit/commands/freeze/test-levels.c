/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "commands/freeze/plan.h"
#include "tests/unit/kit/kit.h"

/* The order in which filesystems are frozen: the sort itself. */

/* Orders by @edges, "rider>carrier rider>carrier". Returns the levels, "0 1 2", or NULL. */
static char *levels(const char *edges, gsize n)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(FreezeEdge));
    g_auto(GStrv) words = g_strsplit(edges, " ", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    FreezePlan plan = { NULL };
    guint most = 0;

    for (char **word = words; *word && **word; word++) {
        const char *carrier = strchr(*word, '>') + 1;
        FreezeEdge edge = { .carrier = (gsize)g_ascii_strtoull(carrier, NULL, 10),
                            .rider = (gsize)g_ascii_strtoull(*word, NULL, 10) };

        g_array_append_val(array, edge);
    }
    if (!freeze_levels(array, n, arena, &plan))
        return NULL;
    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(text, i ? " %u" : "%u", plan.levels[i]);
        most = MAX(most, plan.levels[i] + 1);
    }
    g_assert_cmpuint(plan.n_levels, ==, most);
    return g_strdup(text->str);
}

static void test_levels(void)
{
    static const struct {
        const char *edges;
        gsize n;
        const char *levels;
    } cases[] = {
        { "", 0, "" },
        { "", 1, "0" },
        { "", 3, "0 0 0" },
        { "1>0", 2, "1 0" },
        { "1>0 2>1 3>2", 4, "3 2 1 0" },
        { "1>0 2>0 3>0", 4, "1 0 0 0" },
        /* A diamond: 3 on 1 and 2, both on 0. */
        { "3>1 3>2 1>0 2>0", 4, "2 1 1 0" },
        /* One way is longer: the carrier waits for the longest. */
        { "3>0 3>2 2>1 1>0", 4, "3 2 1 0" },
        /* The same edge again, as by two devices on one filesystem. */
        { "1>0 1>0 1>0", 2, "1 0" },
        /* Two trees. */
        { "1>0 3>2 4>2", 5, "1 0 1 0 0" },
        { "0>1", 2, "0 1" },
        /* Cycles, alone and beside what could be ordered. */
        { "0>1 1>0", 2, NULL },
        { "0>1 1>2 2>0", 3, NULL },
        { "0>1 1>2 2>1 3>2", 4, NULL },
        { "0>0", 1, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = levels(cases[i].edges, cases[i].n);

        g_assert_cmpstr(found, ==, cases[i].levels);
    }
}

static void test_levels_chain(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(FreezeEdge));
    FreezePlan plan = { NULL };
    const gsize n = 1000;

    for (gsize i = 0; i + 1 < n; i++) {
        FreezeEdge edge = { .carrier = i, .rider = i + 1 };

        g_array_append_val(edges, edge);
    }
    g_assert_true(freeze_levels(edges, n, arena, &plan));
    g_assert_cmpuint(plan.n_levels, ==, n);
    for (gsize i = 0; i < n; i++)
        g_assert_cmpuint(plan.levels[i], ==, n - 1 - i);
}

/* Every edge of a random acyclic graph leads to a higher level. */
static void test_levels_random(void)
{
    const gsize n = 1000;

    for (int round = 0; round < 20; round++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(FreezeEdge));
        FreezePlan plan = { NULL };

        for (gsize i = 0; i < 3 * n; i++) {
            gsize carrier = (gsize)g_test_rand_int_range(0, (gint32)n - 1);
            FreezeEdge edge = { .carrier = carrier,
                                .rider = (gsize)g_test_rand_int_range((gint32)carrier + 1,
                                                                      (gint32)n) };

            g_array_append_val(edges, edge);
        }
        g_assert_true(freeze_levels(edges, n, arena, &plan));
        for (guint i = 0; i < edges->len; i++) {
            const FreezeEdge *edge = &g_array_index(edges, FreezeEdge, i);

            g_assert_cmpuint(plan.levels[edge->rider], <, plan.levels[edge->carrier]);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/freeze/levels/table", test_levels);
    g_test_add_func("/freeze/levels/long chain", test_levels_chain);
    g_test_add_func("/freeze/levels/random graphs", test_levels_random);
    return g_test_run();
}
