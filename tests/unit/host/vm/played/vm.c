/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/host/vm/played/vm.h"

#include <string.h>

static VmState state_now = VM_RUNNING;

static Vm *played_open(gpointer link, const char *name, const Context *context,
                       Reporter *reporter, GError **error)
{
    (void)link, (void)reporter, (void)error;
    return g_strcmp0(name, "one") == 0 || g_strcmp0(name, "two") == 0
               ? vm_new(&played_backend, name, context, NULL) : NULL;
}

static GPtrArray *played_list(gpointer link, const Context *context, Reporter *reporter,
                              GError **error)
{
    GPtrArray *vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);

    g_ptr_array_add(vms, played_open(link, "two", context, reporter, error));
    g_ptr_array_add(vms, played_open(link, "one", context, reporter, error));
    return vms;
}

static void played_free(Vm *vm)
{
    (void)vm;
}

static gboolean played_ask(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                           GError **error)
{
    (void)vm, (void)deadline, (void)error;
    if (strstr(text->str, "\"guest-info\""))
        *reply = g_string_new("{\"return\": {\"version\": \"9.9\", \"supported_commands\": []}}");
    else if (strstr(text->str, "\"guestd-info\"") || strstr(text->str, "\"guest-get-"))
        *reply = g_string_new("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}");
    else
        *reply = g_string_new("{\"return\": {}}");
    if (strstr(text->str, "\"guest-shutdown\""))
        state_now = VM_SHUT_OFF;
    return TRUE;
}

static gboolean played_state(Vm *vm, VmState *state, const Deadline *deadline, GError **error)
{
    (void)vm, (void)deadline, (void)error;
    *state = state_now;
    return TRUE;
}

static gboolean played_event(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    (void)vm, (void)end, (void)deadline, (void)error;
    return TRUE;
}

const Backend played_backend = {
    .name = "the played backend",
    .where = "the test",
    .list = played_list,
    .open = played_open,
    .free = played_free,
    .ask = played_ask,
    .state = played_state,
    .expect = played_event,
    .await = played_event,
};
