/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/wire/qmp.h"

#include "host/base/json-util.h"
#include "host/wire/wire.h"
#include "lib/errors.h"

/* Events that no caller reads for hours must not grow for ever. */
#define MAX_EVENTS 4096

struct Qmp {
    Wire *wire;
    gint64 last_id;
    gboolean owes; /* the answer to the last request */
    GQueue events; /* of JsonObject */
};

/* The next message, an object of the caller's. */
static JsonObject *receive(Qmp *qmp, const Deadline *deadline, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    Frame frame;
    gboolean ok;

    if (!wire_receive(qmp->wire, &frame, deadline, error))
        return NULL;
    ok = frame.kind == FRAME_MESSAGE &&
         json_parser_load_from_data(parser, frame.data, (gssize)frame.len, NULL) &&
         JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser));
    g_free(frame.data);
    if (ok)
        return json_node_dup_object(json_parser_get_root(parser));
    set_error(error, "invalid QMP message");
    return NULL;
}

static void keep_event(Qmp *qmp, JsonObject *event)
{
    g_queue_push_tail(&qmp->events, event);
    if (qmp->events.length > MAX_EVENTS)
        json_object_unref(g_queue_pop_head(&qmp->events));
}

/* The answer to the request @id; other messages are events, or are dropped. */
static JsonObject *await_answer(Qmp *qmp, gint64 id, const Deadline *deadline, GError **error)
{
    for (;;) {
        JsonObject *message = receive(qmp, deadline, error);

        if (!message)
            return NULL;
        if (json_object_has_member(message, "event"))
            keep_event(qmp, message);
        else if (json_object_get_int_member_with_default(message, "id", 0) == id)
            return message;
        else
            json_object_unref(message);
    }
}

static gboolean send_command(Qmp *qmp, const char *execute, JsonObject *arguments,
                             const Deadline *deadline, GError **error)
{
    g_autoptr(JsonObject) command = json_object_new();
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;

    json_object_set_string_member(command, "execute", execute);
    if (arguments)
        json_object_set_object_member(command, "arguments", arguments);
    json_object_set_int_member(command, "id", ++qmp->last_id);
    text = jsonu_format(command, FALSE);
    line = g_strconcat(text, "\n", NULL);
    qmp->owes = wire_send(qmp->wire, line, strlen(line), deadline, error);
    return qmp->owes;
}

/* What the last request has led to. */
static JsonNode *take_answer(Qmp *qmp, const char *execute, const Deadline *deadline,
                             GError **error)
{
    g_autoptr(JsonObject) answer = NULL;

    if (qmp->owes)
        answer = await_answer(qmp, qmp->last_id, deadline, error);
    if (!answer) {
        g_prefix_error(error, "QEMU's monitor, %s: ", execute);
        return NULL;
    }
    qmp->owes = FALSE;
    if (json_object_has_member(answer, "error")) {
        JsonObject *fault = json_object_get_object_member(answer, "error");

        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_REFUSED, "QEMU refused %s: %s", execute,
                    json_object_get_string_member_with_default(fault, "desc", "no reason given"));
        return NULL;
    }
    return json_object_dup_member(answer, "return");
}

JsonNode *qmp_call(Qmp *qmp, const char *execute, JsonObject *arguments, const Deadline *deadline,
                   GError **error)
{
    send_command(qmp, execute, arguments, deadline, error);
    return take_answer(qmp, execute, deadline, error);
}

gboolean qmp_await(Qmp *qmp, const char *execute, const Deadline *deadline, GError **error)
{
    g_autoptr(JsonNode) result = NULL;

    if (!qmp->owes)
        return set_error(error, "QEMU's monitor was lost before %s was sent", execute);
    result = take_answer(qmp, execute, deadline, error);
    return result != NULL;
}

gboolean qmp_do(Qmp *qmp, const char *execute, JsonObject *arguments, const Deadline *deadline,
                GError **error)
{
    g_autoptr(JsonNode) result = qmp_call(qmp, execute, arguments, deadline, error);

    return result != NULL;
}

JsonObject *qmp_event(Qmp *qmp, QmpMatch match, gpointer data, const Deadline *deadline,
                      GError **error)
{
    for (;;) {
        JsonObject *event = g_queue_pop_head(&qmp->events);

        if (!event)
            event = receive(qmp, deadline, error);
        if (!event)
            return NULL;
        if (json_object_has_member(event, "event") && match(event, data))
            return event;
        json_object_unref(event);
    }
}

void qmp_forget_events(Qmp *qmp)
{
    g_queue_clear_full(&qmp->events, (GDestroyNotify)json_object_unref);
}

static gboolean negotiate(Qmp *qmp, const Deadline *deadline, GError **error)
{
    g_autoptr(JsonObject) greeting = receive(qmp, deadline, error);

    if (!greeting)
        return FALSE;
    if (!json_object_has_member(greeting, "QMP"))
        return set_error(error, "no QMP greeting; is this a QMP socket?");
    return qmp_do(qmp, "qmp_capabilities", NULL, deadline, error);
}

Qmp *qmp_open(const char *address, const Deadline *deadline, GError **error)
{
    g_autoptr(Qmp) qmp = g_new0(Qmp, 1);

    g_queue_init(&qmp->events);
    qmp->wire = wire_open(address, deadline, error);
    if (!qmp->wire)
        return NULL;
    if (negotiate(qmp, deadline, error))
        return g_steal_pointer(&qmp);
    /* QEMU serves one client at a time; the next one connects, but is not greeted. */
    if (error && *error && g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        g_prefix_error(error, "%s: the monitor does not answer; is another program connected? ",
                       address);
    else
        g_prefix_error(error, "%s: ", address);
    return NULL;
}

Qmp *qmp_open_fd(int fd, const Deadline *deadline, GError **error)
{
    g_autoptr(Qmp) qmp = g_new0(Qmp, 1);

    g_queue_init(&qmp->events);
    qmp->wire = wire_open_fd(fd);
    return negotiate(qmp, deadline, error) ? g_steal_pointer(&qmp) : NULL;
}

void qmp_close(Qmp *qmp)
{
    if (!qmp)
        return;
    qmp_forget_events(qmp);
    wire_close(qmp->wire);
    g_free(qmp);
}
