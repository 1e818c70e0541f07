/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/dispatch-fixture.h"

#include "tests/unit/kit/kit.h"

void fixture_set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    g_free(kit_take_log());
    gate_init(&f->gate);
    f->settings.listen_fd = -1;
    f->services = (Services){ .settings = &f->settings, .agent = &f->gate, .complete = dispatch_complete };
    f->set = command_set_new(gated_families);
    f->dispatch = dispatch_new(f->set, &f->services);
    f->link = link_new("host", &dispatch_events, f->dispatch);
}

const AgentFigures *figures(Fixture *f)
{
    return dispatch_figures(f->dispatch);
}

void fixture_tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    link_free(f->link);
    WAIT_UNTIL(figures(f)->running == 0);
    g_assert_cmpuint(figures(f)->connections, ==, 0);
    dispatch_free(f->dispatch);
    command_set_free(f->set);
    gate_clear(&f->gate);
}

void wait_until_waiting(Fixture *f, guint n)
{
    WAIT_UNTIL(gate_waiting(&f->gate) == n);
}

void release_all(Fixture *f, guint n)
{
    gate_release(&f->gate, n);
    WAIT_UNTIL(figures(f)->running == 0);
}
