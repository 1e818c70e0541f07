/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/select.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* Which filesystems a freeze covers. */

/* Three filesystems and a bind mount; an image on the first lies below the second. */
static const char tree[] =
    "/proc/self/mountinfo\n"
    "| 20 1 254:0 / / rw - ext4 /dev/vda rw\n"
    "| 21 20 7:0 / /middle rw - ext4 /dev/loop0 rw\n"
    "| 22 20 7:1 / /inner rw - xfs /dev/loop1 rw\n"
    "| 23 20 7:1 /sub /bind rw - xfs /dev/loop1 rw\n"
    "| 24 20 0:5 / /proc rw - proc proc rw\n"
    "/sys/dev/block/254:0/dev\n| 254:0\n"
    "/sys/dev/block/7:0/loop/backing_file\n| /0.img\n"
    "/sys/dev/block/7:1/loop/backing_file\n| /middle/1.img\n";

/* Space-separated words to an array of strings, to be unreferenced. */
static GPtrArray *to_array(const char *words)
{
    GPtrArray *array = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) split = g_strsplit(words, " ", -1);

    for (char **word = split; *word && **word; word++)
        g_ptr_array_add(array, g_strdup(*word));
    return array;
}

/* "MOUNT-POINT:LEVEL MOUNT-POINT:LEVEL". */
static char *as_text(const List *mounts, const FreezePlan *plan)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < mounts->len; i++)
        g_string_append_printf(text, i ? " %s:%u" : "%s:%u",
                               list_at(mounts, Mount, i)->mount_point, plan->levels[i]);
    return g_string_free(text, FALSE);
}

/* @wanted is NULL for all; @excluded are the configuration's patterns. */
static char *selected(const char *wanted, const char *excluded)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) patterns = to_array(excluded);
    g_autoptr(GPtrArray) words = to_array(wanted ? wanted : "");
    Settings settings = { .fsfreeze_exclude = patterns };
    Services services = { .sysroot = machine->sysroot, .settings = &settings };
    List points = { .items = words->pdata, .len = words->len, .capacity = words->len };
    List mounts = { NULL };
    FreezePlan plan;

    freeze_select(&services, wanted ? &points : NULL, &mounts, &plan, arena, &error);
    g_assert_no_error(error);
    return as_text(&mounts, &plan);
}

static void test_wanted(void)
{
    static const struct {
        const char *wanted;
        const char *excluded;
        const char *selected;
    } cases[] = {
        { NULL, "", "/:2 /middle:1 /inner:0" },
        /* An empty list means none, not all. */
        { "", "", "" },
        { "/nowhere", "", "" },
        { "/inner", "", "/inner:0" },
        /* Levels are those of all filesystems: one is on the other by way of a third. */
        { "/inner /", "", "/:2 /inner:0" },
        { "/ / /inner /inner", "", "/:2 /inner:0" },
        /* Only the first mount of a filesystem counts, as in qemu-ga. */
        { "/bind", "", "" },
        { "/inner/", "", "" },
        { "/proc", "", "" },
        { NULL, "type:xfs", "/:2 /middle:1" },
        { NULL, "/", "/middle:1 /inner:0" },
        { NULL, "device:/dev/loop*", "/:2" },
        { NULL, "*", "" },
        { "/inner /middle", "/inner", "/middle:1" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = selected(cases[i].wanted, cases[i].excluded);

        g_assert_cmpstr(found, ==, cases[i].selected);
    }
}

/* Filesystems that an earlier process froze: the current exclusions do not matter. */
static void test_marked(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GPtrArray) patterns = to_array("*");
    g_autofree char *found = NULL;
    Settings settings = { .fsfreeze_exclude = patterns };
    Services services = { .sysroot = machine->sysroot, .settings = &settings };
    const char *const marked[] = { "/inner", "/gone", "/", NULL };
    const char *const nothing[] = { NULL };
    List mounts = { NULL }, none = { NULL };
    FreezePlan plan;

    g_assert_true(freeze_select_marked(&services, marked, &mounts, &plan, arena));
    found = as_text(&mounts, &plan);
    g_assert_cmpstr(found, ==, "/:2 /inner:0");
    g_assert_true(freeze_select_marked(&services, nothing, &none, &plan, arena));
    g_assert_cmpuint(none.len, ==, 0);
    g_assert_false(freeze_select_marked(&services, NULL, &none, &plan, arena));
}

static void test_unreadable(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/proc/self/\n");
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    Settings settings = { 0 };
    Services services = { .sysroot = machine->sysroot, .settings = &settings };
    List mounts = { NULL };
    FreezePlan plan;

    g_assert_false(freeze_select(&services, NULL, &mounts, &plan, arena, &error));
    kit_expect_error(&error, "failed to open mtab file: '/proc/self/mounts'");
}

static void test_patterns(void)
{
    const Mount mount = { .mount_point = "/var/lib/docker", .type = "ext4", .source = "/dev/sdb1" };
    static const struct {
        const char *pattern;
        gboolean matches;
    } cases[] = {
        { "/var/lib/docker", TRUE },  { "/var/lib/*", TRUE },      { "/var/lib", FALSE },
        { "*", TRUE },                { "docker", FALSE },         { "", FALSE },
        { "type:ext4", TRUE },        { "type:ext?", TRUE },       { "type:xfs", FALSE },
        { "type:", FALSE },           { "device:/dev/sdb1", TRUE }, { "device:/dev/sd*", TRUE },
        { "device:/dev/sda*", FALSE }, { "device:sdb1", FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (freeze_pattern_matches(cases[i].pattern, &mount) != cases[i].matches)
            g_error("\"%s\"", cases[i].pattern);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/freeze/select/list", test_wanted);
    g_test_add_func("/freeze/select/marked, one gone -> the others", test_marked);
    g_test_add_func("/freeze/select/no mount table -> error", test_unreadable);
    g_test_add_func("/freeze/select/patterns", test_patterns);
    return g_test_run();
}
