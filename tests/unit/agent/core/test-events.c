/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "commands/exec/process.h"
#include "tests/unit/kit/dispatch-fixture.h"
#include "tests/unit/kit/kit.h"

/* Events: who gets them, in which order, and what becomes of those that nobody reads. */

extern const Family family_events;

typedef struct {
    gint64 n;
} Count;

static const Type count_type = {
    .kind = TYPE_OBJECT,
    .size = sizeof(Count),
    .fields = (const Field[]){ REQUIRED(Count, n, "n", &type_int), FIELDS_END },
};

static const Event apple = { .name = "APPLE", .data = &count_type };
static const Event pear = { .name = "PEAR", .data = &count_type };
static const Event alien = { .name = "ALIEN", .data = &count_type }; /* of no family */

/* Services.agent: what the gated commands want to find there comes first. */
typedef struct {
    Gate gate;
    CommandSet *set;
    int apples, pears; /* whether they are listened for */
} World;

static void *fruit_init(const Services *services, GError **error)
{
    (void)error;
    return services->agent;
}

static void fruit_listen(void *state, const Event *event, gboolean wanted)
{
    World *world = state;
    int *listening = event == &apple ? &world->apples : &world->pears;

    g_assert_cmpint(*listening, ==, !wanted);
    *listening = wanted;
}

static const Family fruit = {
    .name = "fruit",
    .commands = (const Command *const[]){ NULL },
    .events = (const Event *const[]){ &apple, &pear, NULL },
    .init = fruit_init,
    .listen = fruit_listen,
};

typedef struct {
    World world;
    Settings settings;
    Services services;
    Dispatch *dispatch;
    Link *link;
    Link *other;
} Case;

static const Event *event_at(gpointer agent, gsize index)
{
    const EventEntry *entry = command_set_event_at(((World *)agent)->set, index);

    return entry ? entry->event : NULL;
}

static void set_up(Case *c, gconstpointer method)
{
    const Family *const families[] = { gated_families[0], &family_events, &fruit, NULL };

    g_free(kit_take_log());
    gate_init(&c->world.gate);
    c->settings.method = (char *)method;
    c->services = (Services){ .settings = &c->settings, .agent = &c->world, .event_at = event_at,
                              .complete = dispatch_complete, .subscribe = dispatch_subscribe };
    c->world.set = command_set_new(families);
    g_assert_true(command_set_init(c->world.set, &c->services, NULL));
    c->dispatch = dispatch_new(c->world.set, &c->services);
    c->link = link_new("host", &dispatch_events, c->dispatch);
    c->other = link_new("other", &dispatch_events, c->dispatch);
}

static void tear_down(Case *c, gconstpointer method)
{
    (void)method;
    link_free(c->link);
    link_free(c->other);
    g_assert_cmpint(c->world.apples, ==, 0);
    g_assert_cmpint(c->world.pears, ==, 0);
    WAIT_UNTIL(dispatch_figures(c->dispatch)->running == 0);
    dispatch_free(c->dispatch);
    command_set_free(c->world.set);
    gate_clear(&c->world.gate);
    g_free(kit_take_log());
}

static void emit(Case *c, const Event *event, gint64 n)
{
    Count count = { n };

    events_emit(dispatch_get_events(c->dispatch), event, &count);
    count.n = -1;
}

#define SUBSCRIBE(list) "{\"execute\":\"guestd-subscribe\",\"arguments\":{\"events\":[" list "]}}"
#define SUBSCRIBED(list) "{\"return\": {\"events\": [" list "]}}"

static void subscribe(Link *link)
{
    link_say(link, SUBSCRIBE("\"PEAR\",\"APPLE\",\"PEAR\""));
    link_expect(link, SUBSCRIBED("\"APPLE\", \"PEAR\""));
}

/* The next line is the event @name with number @n; returns how many were lost before it. */
static guint64 expect_event(Link *link, const char *name, gint64 n)
{
    g_autofree char *line = link_take(link);
    g_autofree char *head =
        g_strdup_printf("{\"event\": \"%s\", \"data\": {\"n\": %" G_GINT64_FORMAT
                        "}, \"timestamp\": {\"seconds\": ", name, n);
    g_autoptr(Arena) arena = arena_new();
    const Value *event = kit_value(arena, line);
    const Value *time = value_member(event, "timestamp");
    const Value *lost = value_member(event, "lost");

    g_assert_true(g_str_has_prefix(line, head));
    g_assert_cmpint(value_member(time, "seconds")->integer, >, 1000000000);
    g_assert_cmpint(value_member(time, "microseconds")->integer, <, 1000000);
    g_assert_cmpuint(event->items.len, ==, lost ? 4 : 3);
    return lost ? (guint64)lost->integer : 0;
}

static void test_subscribe(Case *c, gconstpointer data)
{
    (void)data;
    emit(c, &apple, 1);
    subscribe(c->link);
    emit(c, &apple, 2);
    emit(c, &alien, 3);
    emit(c, &pear, 4);
    g_assert_cmpuint(expect_event(c->link, "APPLE", 2), ==, 0);
    g_assert_cmpuint(expect_event(c->link, "PEAR", 4), ==, 0);
    link_say(c->link, SUBSCRIBE("\"PEAR\""));
    link_expect(c->link, SUBSCRIBED("\"PEAR\""));
    g_assert_cmpint(c->world.apples, ==, 0);
    emit(c, &apple, 5);
    emit(c, &pear, 6);
    expect_event(c->link, "PEAR", 6);
    link_say(c->link, SUBSCRIBE(""));
    link_expect(c->link, SUBSCRIBED(""));
    emit(c, &pear, 7);
    link_expect_silence(c->link);
    link_expect_silence(c->other);
}

/* A wrong name changes nothing. */
static void test_unknown(Case *c, gconstpointer data)
{
    (void)data;
    link_say(c->link, SUBSCRIBE("\"APPLE\",\"apple\""));
    link_expect(c->link, ERROR("Parameter 'events' does not accept value 'apple'"));
    g_assert_cmpint(c->world.apples, ==, 0);
    subscribe(c->link);
    link_say(c->link, SUBSCRIBE("\"ALIEN\""));
    link_expect(c->link, ERROR("Parameter 'events' does not accept value 'ALIEN'"));
    emit(c, &apple, 1);
    expect_event(c->link, "APPLE", 1);
}

static void test_two_hosts(Case *c, gconstpointer data)
{
    (void)data;
    subscribe(c->link);
    link_say(c->other, SUBSCRIBE("\"APPLE\""));
    link_expect(c->other, SUBSCRIBED("\"APPLE\""));
    emit(c, &pear, 1);
    emit(c, &apple, 2);
    expect_event(c->link, "PEAR", 1);
    expect_event(c->link, "APPLE", 2);
    expect_event(c->other, "APPLE", 2);
    link_hang_up(c->link);
    g_assert_cmpint(c->world.pears, ==, 0);
    g_assert_cmpint(c->world.apples, ==, 1);
    emit(c, &pear, 3);
    emit(c, &apple, 4);
    expect_event(c->other, "APPLE", 4);
}

/* An event neither waits for a command that runs nor gets in front of a reply that is due. */
static void test_order(Case *c, gconstpointer data)
{
    (void)data;
    subscribe(c->link);
    link_say(c->link, WAIT(1) ECHO(2));
    WAIT_UNTIL(gate_waiting(&c->world.gate) == 1);
    emit(c, &apple, 1);
    expect_event(c->link, "APPLE", 1);
    gate_release(&c->world.gate, 1);
    link_expect(c->link, RETURN(1));
    link_expect(c->link, RETURN(2));
}

/* ... nor between the bytes of one. */
static void test_long_reply(Case *c, gconstpointer data)
{
    g_autofree char *reply = NULL;

    (void)data;
    subscribe(c->link);
    link_listen(c->link, FALSE);
    link_say(c->link, "{\"execute\":\"spaces\",\"arguments\":{\"value\":3000000}}");
    WAIT_UNTIL(conn_congested(link_conn(c->link)));
    emit(c, &apple, 1);
    link_listen(c->link, TRUE);
    reply = link_take(c->link);
    g_assert_cmpuint(strlen(reply), ==, 3000000 + strlen("{\"return\": \"\"}"));
    expect_event(c->link, "APPLE", 1);
}

/* libvirt says guest-sync all the time. */
static void test_barrier(Case *c, gconstpointer data)
{
    (void)data;
    subscribe(c->link);
    link_say(c->link, WAIT(1));
    WAIT_UNTIL(gate_waiting(&c->world.gate) == 1);
    link_say(c->link, SYNC(2) SYNC(3));
    link_expect(c->link, RETURN(2));
    link_expect(c->link, RETURN(3));
    emit(c, &apple, 1);
    expect_event(c->link, "APPLE", 1);
    gate_release(&c->world.gate, 1);
}

#define DELIMITED(n) "{\"execute\":\"sync-delimited\",\"arguments\":{\"value\":" #n "}}"

/* This is how another host begins, which may have come unnoticed on a virtio port. */
static void test_delimited(Case *c, gconstpointer method)
{
    gboolean ends = g_str_equal(method, "virtio-serial");

    subscribe(c->link);
    link_say(c->link, DELIMITED(2));
    link_expect(c->link, "\xff" RETURN(2));
    g_assert_cmpint(c->world.apples, ==, !ends);
    emit(c, &apple, 1);
    if (!ends)
        expect_event(c->link, "APPLE", 1);
    link_expect_silence(c->link);
}

/* A serial line tells nothing of who is there. */
static void test_serial_barrier(Case *c, gconstpointer data)
{
    (void)data;
    subscribe(c->link);
    link_say(c->link, "{\"execute\":\"sync\"}");
    link_expect(c->link, ERROR("Parameter 'value' is missing"));
    g_assert_cmpint(c->world.apples, ==, 1);
    link_say(c->link, SYNC(2));
    link_expect(c->link, RETURN(2));
    g_assert_cmpint(c->world.apples, ==, 0);
    emit(c, &apple, 1);
    link_expect_silence(c->link);
}

/* What a host gave up with a barrier does not subscribe it, when its turn comes at last. */
static void test_behind_barrier(Case *c, gconstpointer data)
{
    (void)data;
    link_say(c->link, WAIT(1) SUBSCRIBE("\"APPLE\""));
    WAIT_UNTIL(gate_waiting(&c->world.gate) == 1);
    link_say(c->link, SYNC(2));
    link_expect(c->link, RETURN(2));
    gate_release(&c->world.gate, 1);
    WAIT_UNTIL(dispatch_figures(c->dispatch)->running == 0);
    g_assert_cmpint(c->world.apples, ==, 0);
    link_expect_silence(c->link);
}

/* A host that does not read costs little, and learns how much it has missed. */
static void test_unread(Case *c, gconstpointer data)
{
    const gint64 n = 5000;
    guint64 lost;
    gint64 received;

    (void)data;
    subscribe(c->link);
    subscribe(c->other);
    link_listen(c->link, FALSE);
    for (gint64 i = 0; i < n; i++) {
        emit(c, &apple, i);
        g_assert_cmpuint(expect_event(c->other, "APPLE", i), ==, 0);
    }
    lost = events_lost(dispatch_get_events(c->dispatch));
    g_assert_cmpuint(lost, >, 0);
    g_assert_cmpuint(conn_bytes_unsent(link_conn(c->link)), >, 0);
    g_assert_cmpuint(conn_bytes_unsent(link_conn(c->link)), <=, EVENTS_UNREAD_BYTES);
    received = n - (gint64)lost;
    link_listen(c->link, TRUE);
    for (gint64 i = 0; i < received; i++)
        g_assert_cmpuint(expect_event(c->link, "APPLE", i), ==, 0);
    emit(c, &pear, 1);
    g_assert_cmpuint(expect_event(c->link, "PEAR", 1), ==, lost);
    emit(c, &pear, 2);
    g_assert_cmpuint(expect_event(c->link, "PEAR", 2), ==, 0);
    g_assert_cmpuint(events_lost(dispatch_get_events(c->dispatch)), ==, lost);
}

typedef struct {
    Case *c;
    gint64 first, end;
} Burst;

static gpointer emit_burst(gpointer data)
{
    Burst *burst = data;

    for (gint64 n = burst->first; n < burst->end; n++)
        emit(burst->c, &pear, n);
    return NULL;
}

/* From another thread, while the main thread does something else. */
static void test_thread(Case *c, gconstpointer data)
{
    Burst few = { c, 0, 3 }, many = { c, 4, 4 + EVENTS_COMING + 44 };

    (void)data;
    subscribe(c->link);
    g_thread_join(g_thread_new("few", emit_burst, &few));
    /* It keeps its place behind those. */
    emit(c, &apple, 3);
    for (gint64 n = 0; n < 3; n++)
        expect_event(c->link, "PEAR", n);
    expect_event(c->link, "APPLE", 3);
    g_thread_join(g_thread_new("many", emit_burst, &many));
    for (gint64 n = 0; n < EVENTS_COMING; n++)
        g_assert_cmpuint(expect_event(c->link, "PEAR", 4 + n), ==, 0);
    emit(c, &apple, 1);
    g_assert_cmpuint(expect_event(c->link, "APPLE", 1), ==, 44);
}

/* The host leaves while one is on its way to it. */
static void test_leaves(Case *c, gconstpointer data)
{
    Burst burst = { c, 0, 10 };

    (void)data;
    subscribe(c->link);
    g_thread_join(g_thread_new("burst", emit_burst, &burst));
    link_hang_up(c->link);
    subscribe(c->other);
    kit_run_ready();
    emit(c, &pear, 11);
    expect_event(c->other, "PEAR", 11);
    g_thread_join(g_thread_new("burst", emit_burst, &burst));
    /* With these the service ends. */
}

static void test_trace(Case *c, gconstpointer data)
{
    g_autofree char *log = NULL;

    (void)data;
    subscribe(c->link);
    c->settings.trace_wire = TRUE;
    emit(c, &apple, 1);
    expect_event(c->link, "APPLE", 1);
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "< host {\"event\": \"APPLE\", \"data\": {\"n\": 1}"));
}

/* A program ends with a status or by a signal. */
static void test_exec_finished(void)
{
    ExecFinished good = { .pid = 7, .has_exitcode = true, .exitcode = 3 };
    ExecFinished killed = { .pid = 8, .has_signal = true, .signal = 9 };
    g_autoptr(GString) text = g_string_new(NULL);

    schema_dump(event_exec_finished.data, &good, FALSE, text);
    schema_dump(event_exec_finished.data, &killed, FALSE, text);
    g_assert_cmpstr(text->str, ==, "{\"pid\": 7, \"exitcode\": 3}{\"pid\": 8, \"signal\": 9}");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Case *c, gconstpointer data);
        const char *method;
    } tests[] = {
        { "/events/subscribe", test_subscribe, "virtio-serial" },
        { "/events/unknown", test_unknown, "virtio-serial" },
        { "/events/two-hosts", test_two_hosts, "unix-listen" },
        { "/events/order", test_order, "virtio-serial" },
        { "/events/long-reply", test_long_reply, "virtio-serial" },
        { "/events/barrier", test_barrier, "virtio-serial" },
        { "/events/delimited", test_delimited, "virtio-serial" },
        { "/events/delimited-socket", test_delimited, "unix-listen" },
        { "/events/serial-barrier", test_serial_barrier, "isa-serial" },
        { "/events/behind-barrier", test_behind_barrier, "virtio-serial" },
        { "/events/unread", test_unread, "unix-listen" },
        { "/events/thread", test_thread, "virtio-serial" },
        { "/events/leaves", test_leaves, "unix-listen" },
        { "/events/trace", test_trace, "virtio-serial" },
    };

    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Case, tests[i].method, set_up, tests[i].func, tear_down);
    g_test_add_func("/events/exec-finished", test_exec_finished);
    return g_test_run();
}
