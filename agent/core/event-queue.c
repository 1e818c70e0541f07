/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/event-queue.h"

#include <string.h>

#include "agent/core/trace.h"
#include "lib/json/writer.h"

/* One for each bit of a subscription's mask. */
#define MAX_EVENTS 32

/* One that was emitted on another thread. */
typedef struct {
    guint index;
    GString *text;
} Line;

struct Events {
    const CommandSet *set;
    const Services *services;
    GThread *main_thread;
    gint wanted; /* a bit for each event; read by all threads */
    guint hosts[MAX_EVENTS]; /* that subscribed to it */
    GQueue subscribers;
    guint64 lost;

    GMutex lock; /* of what follows */
    GQueue coming; /* of Line */
    guint dropped[MAX_EVENTS]; /* for want of room in @coming */
    GSource *delivery; /* due */
};

struct Subscriber {
    Events *events;
    Conn *conn;
    guint chosen; /* a bit for each event */
    guint64 lost; /* since the last one that was sent */
    /* A ring of the lines that were queued and perhaps not read. */
    struct {
        guint64 end; /* of the line, counted in the connection's bytes */
        gsize len;
    } unread[EVENTS_UNREAD];
    guint first, n_unread;
    gsize unread_bytes;
};

Events *events_new(const CommandSet *set, const Services *services)
{
    Events *events = g_new0(Events, 1);

    events->set = set;
    events->services = services;
    events->main_thread = g_thread_self();
    g_queue_init(&events->subscribers);
    g_queue_init(&events->coming);
    g_mutex_init(&events->lock);
    g_assert(!command_set_event_at(set, MAX_EVENTS));
    return events;
}

static void line_free(gpointer data)
{
    Line *line = data;

    g_string_free(line->text, TRUE);
    g_free(line);
}

void events_free(Events *events)
{
    if (events->delivery) {
        g_source_destroy(events->delivery);
        g_source_unref(events->delivery);
    }
    g_queue_clear_full(&events->coming, line_free);
    g_mutex_clear(&events->lock);
    g_free(events);
}

guint64 events_lost(const Events *events)
{
    return events->lost;
}

/* Its place among all, or -1 if no family has it. */
static int index_of(const Events *events, const Event *event)
{
    const EventEntry *entry;

    for (guint i = 0; (entry = command_set_event_at(events->set, i)); i++)
        if (entry->event == event)
            return (int)i;
    return -1;
}

/* The line but for its end, where the number of lost ones may go. */
static GString *event_text(const Event *event, const void *data)
{
    gint64 now = g_get_real_time();
    GString *text = g_string_new("{\"event\": ");

    json_append_string(text, event->name);
    g_string_append(text, ", \"data\": ");
    schema_dump(event->data, data, FALSE, text);
    g_string_append_printf(text,
                           ", \"timestamp\": {\"seconds\": %" G_GINT64_FORMAT
                           ", \"microseconds\": %" G_GINT64_FORMAT "}",
                           now / G_USEC_PER_SEC, now % G_USEC_PER_SEC);
    return text;
}

static void count_lost(Subscriber *subscriber, guint n)
{
    subscriber->lost += n;
    subscriber->events->lost += n;
}

static void forget_sent(Subscriber *subscriber)
{
    guint64 sent = conn_bytes_sent(subscriber->conn);

    while (subscriber->n_unread && subscriber->unread[subscriber->first].end <= sent) {
        subscriber->unread_bytes -= subscriber->unread[subscriber->first].len;
        subscriber->first = (subscriber->first + 1) % EVENTS_UNREAD;
        subscriber->n_unread--;
    }
}

static void send_line(Subscriber *subscriber, GString *line)
{
    guint at = (subscriber->first + subscriber->n_unread) % EVENTS_UNREAD;
    gsize len = line->len;

    if (subscriber->events->services->settings->trace_wire)
        trace_event(conn_name(subscriber->conn), line);
    conn_send(subscriber->conn, line);
    subscriber->unread[at].end =
        conn_bytes_sent(subscriber->conn) + conn_bytes_unsent(subscriber->conn);
    subscriber->unread[at].len = len;
    subscriber->unread_bytes += len;
    subscriber->n_unread++;
    subscriber->lost = 0;
}

static void tell(Subscriber *subscriber, const GString *text)
{
    GString *line;

    forget_sent(subscriber);
    if (subscriber->n_unread == EVENTS_UNREAD ||
        subscriber->unread_bytes + text->len > EVENTS_UNREAD_BYTES) {
        count_lost(subscriber, 1);
        return;
    }
    line = g_string_new_len(text->str, (gssize)text->len);
    if (subscriber->lost)
        g_string_append_printf(line, ", \"lost\": %" G_GUINT64_FORMAT, subscriber->lost);
    g_string_append(line, "}\n");
    send_line(subscriber, line);
}

/* Sends to all subscribers; without a text, counts @n lines as lost. */
static void deliver(Events *events, guint index, const GString *text, guint n)
{
    for (GList *item = events->subscribers.head; item; item = item->next) {
        Subscriber *subscriber = item->data;

        if (!(subscriber->chosen & 1u << index))
            continue;
        if (text)
            tell(subscriber, text);
        else
            count_lost(subscriber, n);
    }
}

/* Delivers what other threads have emitted. */
static void deliver_coming(Events *events)
{
    GQueue lines;
    guint dropped[MAX_EVENTS];
    Line *line;

    g_mutex_lock(&events->lock);
    lines = events->coming;
    g_queue_init(&events->coming);
    memcpy(dropped, events->dropped, sizeof dropped);
    memset(events->dropped, 0, sizeof events->dropped);
    g_mutex_unlock(&events->lock);
    while ((line = g_queue_pop_head(&lines))) {
        deliver(events, line->index, line->text, 1);
        line_free(line);
    }
    for (guint i = 0; i < MAX_EVENTS; i++)
        if (dropped[i])
            deliver(events, i, NULL, dropped[i]);
}

static gboolean on_delivery(gpointer data)
{
    Events *events = data;

    g_mutex_lock(&events->lock);
    g_clear_pointer(&events->delivery, g_source_unref);
    g_mutex_unlock(&events->lock);
    deliver_coming(events);
    return G_SOURCE_REMOVE;
}

/* Takes ownership of @text and passes it to the main thread. */
static void hand_over(Events *events, guint index, GString *text)
{
    Line *line = g_new(Line, 1);

    *line = (Line){ index, text };
    g_mutex_lock(&events->lock);
    if (events->coming.length == EVENTS_COMING) {
        events->dropped[index]++;
        line_free(line);
    } else {
        g_queue_push_tail(&events->coming, line);
    }
    if (!events->delivery) {
        events->delivery = g_idle_source_new();
        g_source_set_priority(events->delivery, G_PRIORITY_DEFAULT);
        g_source_set_callback(events->delivery, on_delivery, events, NULL);
        g_source_attach(events->delivery, NULL);
    }
    g_mutex_unlock(&events->lock);
}

void events_emit(Events *events, const Event *event, const void *data)
{
    int index = index_of(events, event);
    GString *text;

    if (index < 0 || !((guint)g_atomic_int_get(&events->wanted) & 1u << index))
        return;
    text = event_text(event, data);
    if (g_thread_self() != events->main_thread) {
        hand_over(events, (guint)index, text);
        return;
    }
    deliver_coming(events);
    deliver(events, (guint)index, text, 1);
    g_string_free(text, TRUE);
}

Subscriber *subscriber_new(Events *events, Conn *conn)
{
    Subscriber *subscriber = g_new0(Subscriber, 1);

    subscriber->events = events;
    subscriber->conn = conn;
    g_queue_push_tail(&events->subscribers, subscriber);
    return subscriber;
}

/* Informs the event's family of the first subscriber, and when the last one is gone. */
static void set_listening(Events *events, guint index, gboolean wanted)
{
    const EventEntry *entry = command_set_event_at(events->set, index);

    if (wanted)
        g_atomic_int_or((guint *)&events->wanted, 1u << index);
    else
        g_atomic_int_and((guint *)&events->wanted, ~(1u << index));
    if (entry->family->listen)
        entry->family->listen(*entry->state, entry->event, wanted);
}

static void choose(Subscriber *subscriber, guint chosen)
{
    Events *events = subscriber->events;
    guint changed = chosen ^ subscriber->chosen;

    subscriber->chosen = chosen;
    for (guint i = 0; i < MAX_EVENTS; i++) {
        if (!(changed & 1u << i))
            continue;
        if (chosen & 1u << i) {
            if (events->hosts[i]++ == 0)
                set_listening(events, i, TRUE);
        } else if (--events->hosts[i] == 0) {
            set_listening(events, i, FALSE);
        }
    }
}

void subscriber_choose(Subscriber *subscriber, const Event *const *chosen, gsize n)
{
    guint bits = 0;

    for (gsize i = 0; i < n; i++)
        bits |= 1u << index_of(subscriber->events, chosen[i]); /* NOLINT: @chosen are in the table */
    choose(subscriber, bits);
}

void subscriber_free(Subscriber *subscriber)
{
    choose(subscriber, 0);
    g_queue_remove(&subscriber->events->subscribers, subscriber);
    g_free(subscriber);
}
