/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/wire/agent-client.h"

#include <string.h>

#include "lib/errors.h"
#include "lib/json/reader.h"

/*
 * An agent that is there answers a sync at once; the first may wait for a guest under
 * load, and for an old agent that polls its port.
 */
#define SYNC_MS 5000

struct AgentClient {
    const char *address;
    Wire *wire;
    gboolean synced;
};

AgentClient *agent_client_new(const char *address)
{
    AgentClient *client = g_new0(AgentClient, 1);

    client->address = address;
    return client;
}

void agent_client_hang_up(AgentClient *client)
{
    g_clear_pointer(&client->wire, wire_close);
    client->synced = FALSE;
}

void agent_client_free(AgentClient *client)
{
    if (!client)
        return;
    agent_client_hang_up(client);
    g_free(client);
}

typedef enum { KIND_OTHER, KIND_REPLY, KIND_EVENT } Kind;

typedef struct {
    Kind kind;
    gboolean has_id; /* "return" is an integer */
    gint64 id;
} Look;

/* What @frame is, found in a copy, because the reader works in place. */
static Look look_at(const Frame *frame)
{
    g_autoptr(Arena) arena = arena_new();
    char *copy = g_memdup2(frame->data, frame->len + 1);
    const Value *message, *result;
    Look look = { KIND_OTHER };

    arena_adopt(arena, copy);
    message = frame->kind == FRAME_MESSAGE ? json_read(arena, copy, frame->len, NULL) : NULL;
    if (!message || message->kind != VALUE_OBJECT)
        return look;
    result = value_member(message, "return");
    if (value_member(message, "event"))
        look.kind = KIND_EVENT;
    else if (result || value_member(message, "error"))
        look.kind = KIND_REPLY;
    if (result && result->kind == VALUE_INT) {
        look.has_id = TRUE;
        look.id = result->integer;
    }
    return look;
}

/* Waits for a message of @kind; events that come before a reply are dropped. */
static gboolean receive(AgentClient *client, Kind kind, GString **text, const Deadline *deadline,
                        GError **error)
{
    for (;;) {
        Frame frame;
        Look look;

        if (!wire_receive(client->wire, &frame, deadline, error))
            return FALSE;
        look = look_at(&frame);
        if (look.kind == kind) {
            *text = g_string_new_len(frame.data, (gssize)frame.len);
            g_free(frame.data);
            return TRUE;
        }
        g_free(frame.data);
        if (look.kind == KIND_OTHER)
            return set_error(error, "invalid reply from the agent");
    }
}

static gboolean await_echo(AgentClient *client, gint64 id, const Deadline *deadline, GError **error)
{
    Look look;

    do {
        Frame frame;

        if (!wire_receive(client->wire, &frame, deadline, error))
            return FALSE;
        look = look_at(&frame);
        g_free(frame.data);
    } while (!look.has_id || look.id != id);
    return TRUE;
}

/* Drops whatever an earlier client left in the agent and in the line. */
static gboolean synchronise(AgentClient *client, const Deadline *deadline, GError **error)
{
    Deadline shorter = deadline_in(SYNC_MS, deadline->cancel_fd);
    gint64 id = g_random_int_range(1, G_MAXINT32);
    g_autofree char *text = g_strdup_printf(
        "\xff{\"execute\": \"guest-sync-delimited\", \"arguments\": {\"id\": %" G_GINT64_FORMAT
        "}}\n", id);

    shorter.until = MIN(shorter.until, deadline->until);
    client->synced = wire_send(client->wire, text, strlen(text), &shorter, error) &&
                     await_echo(client, id, &shorter, error);
    return client->synced;
}

static gboolean make_ready(AgentClient *client, const Deadline *deadline, GError **error)
{
    if (!client->wire)
        client->wire = wire_open(client->address, deadline, error);
    return client->wire && (client->synced || synchronise(client, deadline, error));
}

/* After a failure nothing on the line can be trusted. */
static gboolean failed(AgentClient *client)
{
    agent_client_hang_up(client);
    return FALSE;
}

/*
 * What was sent may be on its way for as long as it takes, and the connection stays: with it,
 * QEMU would drop what the guest has not yet read of it. The next request begins with a sync.
 */
static gboolean receive_soon(AgentClient *client, GString **reply, const Deadline *deadline,
                             GError **error)
{
    g_autoptr(GError) problem = NULL;
    Deadline soon = deadline_in(deadline->reply_ms, deadline->cancel_fd);

    if (receive(client, KIND_REPLY, reply, &soon, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
        client->synced = FALSE;
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_UNANSWERED, problem->message);
        return FALSE;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return failed(client);
}

gboolean agent_client_ask(AgentClient *client, const GString *text, GString **reply,
                          const Deadline *deadline, GError **error)
{
    if (!make_ready(client, deadline, error) ||
        !wire_send(client->wire, text->str, text->len, deadline, error))
        return failed(client);
    if (!reply)
        return TRUE;
    if (deadline->reply_ms)
        return receive_soon(client, reply, deadline, error);
    return receive(client, KIND_REPLY, reply, deadline, error) || failed(client);
}

gboolean agent_client_event(AgentClient *client, GString **event, const Deadline *deadline,
                            GError **error)
{
    if (!make_ready(client, deadline, error) ||
        !receive(client, KIND_EVENT, event, deadline, error))
        return failed(client);
    return TRUE;
}
