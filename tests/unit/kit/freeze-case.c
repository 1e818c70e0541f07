/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/freeze-case.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "tests/unit/kit/kit.h"

Case *case_new(const char *levels)
{
    g_auto(GStrv) words = g_strsplit(levels, " ", -1);
    Case *c = g_new0(Case, 1);

    script_reset();
    c->arena = arena_new();
    c->plan.n_levels = g_strv_length(words);
    c->plan.levels = arena_alloc(c->arena, strlen(levels) * sizeof(guint));
    for (guint level = 0; words[level]; level++) {
        g_auto(GStrv) points = g_strsplit(words[level], ",", -1);

        for (char **point = points; *point; point++) {
            Mount *mount = list_append(&c->mounts, c->arena, sizeof *mount);

            mount->device = makedev(7, (unsigned)c->mounts.len);
            mount->mount_point = arena_strdup(c->arena, *point);
            mount->type = "ext4";
            c->plan.levels[c->mounts.len - 1] = level;
        }
    }
    c->engine = freeze_engine_new(&script_ops);
    c->limits.until = g_get_monotonic_time() + KIT_DEADLINE_S * G_USEC_PER_SEC;
    return c;
}

void case_free(Case *c)
{
    freeze_engine_free(c->engine);
    arena_free(c->arena);
    script_await_rest();
    g_free(c);
}

void case_open(Case *c)
{
    g_autoptr(GError) error = NULL;

    freeze_engine_open(c->engine, &c->mounts, &c->plan, c->limits.until, &error);
    g_assert_no_error(error);
}

int case_freeze(Case *c)
{
    g_autoptr(GError) error = NULL;
    int n;

    case_open(c);
    n = freeze_engine_freeze(c->engine, &c->limits, &error);
    g_assert_no_error(error);
    return n;
}

const FreezeItem *case_item(Case *c, const char *path)
{
    gsize n;
    const FreezeItem *items = freeze_engine_items(c->engine, &n);

    for (gsize i = 0; i < n; i++)
        if (g_str_equal(items[i].mount_point, path))
            return &items[i];
    g_error("no %s", path);
}
