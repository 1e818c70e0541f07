/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/backend.h"

#include <string.h>

/* A backend whose VM is as the test wants it. */
typedef struct {
    VmState state;
    VmCondition condition;
} World;

static void played_free(Vm *vm)
{
    (void)vm;
}

static gboolean played_state(Vm *vm, VmState *state, const Deadline *deadline, GError **error)
{
    (void)deadline, (void)error;
    *state = ((const World *)vm->data)->state;
    return TRUE;
}

static gboolean played_condition(Vm *vm, VmCondition *condition, const Deadline *deadline,
                                 GError **error)
{
    (void)deadline, (void)error;
    *condition = ((const World *)vm->data)->condition;
    return TRUE;
}

static const Backend coarse = { .name = "coarse", .free = played_free, .state = played_state };
static const Backend fine = { .name = "fine", .free = played_free, .state = played_state,
                              .condition = played_condition };
static const Context context = { .timeout_ms = 1000, .cancel_fd = -1 };

/* Each has a text; what hinders a verb has a next step as well. */
static void test_table(void)
{
    for (int i = 0; i < N_CONDITIONS; i++) {
        const ConditionInfo *info = condition_info((VmCondition)i);

        g_assert_nonnull(info->text);
        g_assert_true(info->next || (info->steady && info->acts));
        g_assert_false(info->acts && info->wakes);
        g_assert_false(info->elsewhere && (info->wakes || info->steady));
    }
}

static void test_qemu(void)
{
    static const struct {
        const char *status;
        gboolean steady, wakes;
    } rows[] = {
        { "running", TRUE, FALSE },         { "paused", TRUE, TRUE },
        { "prelaunch", FALSE, TRUE },       { "io-error", TRUE, TRUE },
        { "suspended", TRUE, TRUE },        { "guest-panicked", TRUE, FALSE },
        { "shutdown", FALSE, FALSE },       { "internal-error", FALSE, FALSE },
        { "inmigrate", FALSE, FALSE },      { "finish-migrate", FALSE, FALSE },
        { "postmigrate", FALSE, FALSE },    { "save-vm", FALSE, FALSE },
        { "restore-vm", FALSE, FALSE },     { "colo", FALSE, FALSE },
        { "of-the-future", FALSE, FALSE },  { "", FALSE, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ConditionInfo *info = condition_info(condition_of_qemu(rows[i].status));

        g_assert_cmpint(info->steady, ==, rows[i].steady);
        g_assert_cmpint(info->wakes, ==, rows[i].wakes);
    }
}

static void test_migration(void)
{
    static const char *const under_way[] = { "setup", "active", "pre-switchover", "device",
                                             "postcopy-active", "postcopy-paused",
                                             "postcopy-recover", "cancelling", "wait-unplug" };
    static const char *const others[] = { NULL, "none", "completed", "failed", "cancelled" };

    for (gsize i = 0; i < G_N_ELEMENTS(under_way); i++)
        g_assert_true(migration_is_under_way(under_way[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(migration_is_under_way(others[i]));
}

static void test_steady(void)
{
    World world = { .state = VM_PAUSED, .condition = CONDITION_MIGRATED };
    g_autoptr(Vm) knows_less = vm_new(&coarse, "vm", &context, &world);
    g_autoptr(Vm) vm = vm_new(&fine, "vm", &context, &world);
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GError) error = NULL;

    g_assert_false(vm_check_steady(vm, &deadline, &error));
    g_assert_nonnull(strstr(error->message, "migrated to another QEMU (postmigrate); next: use"));
    world.condition = CONDITION_RUNS;
    g_assert_true(vm_check_steady(vm, &deadline, NULL));
    g_assert_true(vm_check_steady(knows_less, &deadline, NULL));
    world.state = VM_SAVED;
    g_assert_false(vm_check_steady(knows_less, &deadline, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/condition/each -> a text, and a next step where one is needed",
                    test_table);
    g_test_add_func("/host/condition/QEMU's run states -> steady and resumable as they are",
                    test_qemu);
    g_test_add_func("/host/condition/status of a migration -> under way or not", test_migration);
    g_test_add_func("/host/condition/disks not steady -> refused with the next step", test_steady);
    return g_test_run();
}
