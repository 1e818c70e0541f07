/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/backend.h"
#include "lib/errors.h"

/* The table with backends of the test's own: which is asked, and what a missing member means. */

static const Backend here, absent, broken;

static void nothing(Vm *vm)
{
    (void)vm;
}

static GPtrArray *list_here(gpointer link, const Context *context, Reporter *reporter,
                            GError **error)
{
    static const char *const names[] = { "b", "a", "b" };
    GPtrArray *vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);

    (void)reporter;
    (void)error;
    g_assert_cmpstr(link, ==, "link");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_ptr_array_add(vms, vm_new(&here, names[i], context, NULL));
    return vms;
}

static Vm *open_here(gpointer link, const char *name, const Context *context, Reporter *reporter,
                     GError **error)
{
    (void)link;
    (void)reporter;
    (void)error;
    return g_str_equal(name, "a") ? vm_new(&here, name, context, NULL) : NULL;
}

static gpointer start_here(const Context *context)
{
    (void)context;
    return g_strdup("link");
}

static GPtrArray *list_absent(gpointer link, const Context *context, Reporter *reporter,
                              GError **error)
{
    (void)link;
    (void)context;
    (void)reporter;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE, "not here");
    return NULL;
}

static Vm *open_absent(gpointer link, const char *name, const Context *context,
                       Reporter *reporter, GError **error)
{
    (void)link;
    (void)name;
    (void)context;
    (void)reporter;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE, "not here");
    return NULL;
}

static GPtrArray *list_broken(gpointer link, const Context *context, Reporter *reporter,
                              GError **error)
{
    (void)link;
    (void)context;
    (void)reporter;
    set_error(error, "broken");
    return NULL;
}

static const Backend here = { .name = "StratoVirt", .where = "here", .start = start_here,
                              .stop = g_free, .list = list_here, .open = open_here,
                              .free = nothing };
static const Backend absent = { .name = "absent", .where = "there", .list = list_absent,
                                .open = open_absent };
static const Backend broken = { .name = "broken", .where = "nowhere", .list = list_broken,
                                .open = open_here };

/* The names of all VMs of the backends, or the error; the caller's. */
static char *names_of(const Backend *const *list, const char *uri, const char *match)
{
    Context context = { .uri = uri, .match = match, .cancel_fd = -1 };
    Reporter reporter = { .quiet = TRUE };
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(GError) error = NULL;
    GString *names = g_string_new(NULL);

    context.backends = backends_start(list, &context);
    vms = backends_list(&context, &reporter, &error);
    for (guint i = 0; vms && i < vms->len; i++)
        g_string_append(names, ((const Vm *)vms->pdata[i])->name);
    if (error)
        g_string_append_printf(names, "error: %s", error->message);
    backends_stop(context.backends);
    return g_string_free(names, FALSE);
}

static void test_list(void)
{
    static const Backend *const both[] = { &absent, &here, NULL };
    static const Backend *const none[] = { &absent, NULL };
    static const Backend *const bad[] = { &here, &broken, NULL };
    g_autofree char *all = names_of(both, NULL, NULL);
    g_autofree char *matched = names_of(both, NULL, "a*");
    g_autofree char *asked_for = names_of(both, "there:///", NULL);
    g_autofree char *nobody = names_of(none, NULL, NULL);
    g_autofree char *failed = names_of(bad, NULL, NULL);

    g_assert_cmpstr(all, ==, "ab"); /* each name once, sorted */
    g_assert_cmpstr(matched, ==, "a");
    g_assert_cmpstr(asked_for, ==, "error: not here");
    g_assert_cmpstr(nobody, ==, "error: not here");
    g_assert_cmpstr(failed, ==, "error: broken");
}

static void test_open(void)
{
    static const Backend *const list[] = { &here, NULL };
    static const Backend *const more[] = { &here, &absent, NULL };
    Context context = { .cancel_fd = -1 };
    Reporter reporter = { .quiet = TRUE };
    g_autoptr(GError) unknown = NULL;
    g_autoptr(GError) unreachable = NULL;
    g_autoptr(Vm) vm = NULL;

    context.backends = backends_start(list, &context);
    vm = backends_open(&context, "a", &reporter, NULL);
    g_assert_true(vm && vm->backend == &here);
    g_assert_null(backends_open(&context, "c", &reporter, &unknown));
    g_assert_cmpstr(unknown->message, ==, "no VM 'c' in here; \"guestctl list\" shows all VMs");
    backends_stop(context.backends);

    context.backends = backends_start(more, &context);
    g_assert_null(backends_open(&context, "c", &reporter, &unreachable));
    g_assert_cmpstr(unreachable->message, ==, "not here");
    backends_stop(context.backends);
}

static void check_error(GError **error, const char *text)
{
    g_assert_error(*error, GUESTD_ERROR, GUESTD_ERROR_FAILED);
    g_assert_cmpstr((*error)->message, ==, text);
    g_clear_error(error);
}

/* Every member that may be missing becomes "NAME offers no THING". */
static void test_missing(void)
{
    const Context context = { .timeout_ms = 1000, .cancel_fd = -1 };
    g_autoptr(Vm) vm = vm_new(&here, "vm", &context, NULL);
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(Arena) arena = arena_new();
    GError *error = NULL;
    AgentChannel channel;
    VmState state;
    gboolean halted = TRUE;

    g_assert_null(vm_backup_ops(vm, &error));
    check_error(&error, "StratoVirt offers no backup jobs");
    g_assert_null(vm_snapshot_ops(vm, &error));
    check_error(&error, "StratoVirt offers no snapshots");
    g_assert_null(vm_disks(vm, 0, &deadline, &error));
    check_error(&error, "StratoVirt offers no list of disks");
    g_assert_false(vm_state(vm, &state, &error));
    check_error(&error, "StratoVirt offers no state");
    g_assert_false(vm_act(vm, VM_DO_START, &error));
    check_error(&error, "StratoVirt offers no control of the VM");
    g_assert_false(vm_expect(vm, VM_END_DOWN, &deadline, &error));
    check_error(&error, "StratoVirt offers no events");
    g_assert_false(vm_await(vm, VM_END_DOWN, &deadline, &error));
    check_error(&error, "StratoVirt offers no events");
    g_assert_false(vm_channel_find(vm, &channel, &deadline, &error));
    check_error(&error, "StratoVirt offers no description of the agent's channel");
    g_assert_null(vm_ask_plain(vm, "guest-ping", arena, &error));
    check_error(&error, "StratoVirt offers no way to the agent");
    /* Nothing to report, and nothing to drop. */
    g_assert_true(vm_halted(vm, &halted, &deadline, &error));
    g_assert_false(halted);
    vm_disconnect(vm);
}

/* The list of this program has a name for each kind, and what every kind must offer. */
static void test_kinds(void)
{
    guint n = 0;

    for (; backend_list[n]; n++) {
        g_assert_nonnull(backend_list[n]->name);
        g_assert_nonnull(backend_list[n]->where);
        g_assert_nonnull(backend_list[n]->list);
        g_assert_nonnull(backend_list[n]->open);
    }
    g_assert_cmpuint(n, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backend/list", test_list);
    g_test_add_func("/backend/open", test_open);
    g_test_add_func("/backend/missing", test_missing);
    g_test_add_func("/backend/kinds", test_kinds);
    return g_test_run();
}
