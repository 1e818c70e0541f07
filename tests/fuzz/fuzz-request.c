/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "agent/schema/envelope.h"
#include "agent/schema/schema-check.h"
#include "commands/registry.h"
#include "lib/framer.h"
#include "lib/json/base64.h"
#include "lib/json/reader.h"
#include "lib/json/writer.h"

/*
 * The way of a request without its handler: bytes, message, envelope, typed
 * arguments of every command. Arguments that were accepted keep the shape that
 * their table declares when they are written, and are accepted again.
 */

static Value *read_copy(Arena *arena, const GString *text)
{
    char *copy = g_memdup2(text->str, text->len + 1);

    arena_adopt(arena, copy);
    return json_read(arena, copy, text->len, NULL);
}

/* Base64 is decoded by the handler; of arguments that are to be written as they came, a copy. */
static gboolean decode_all(const Type *type, char *args, Arena *arena)
{
    for (const Field *field = type->fields; field->name; field++) {
        Bytes *bytes = (Bytes *)(void *)(args + field->offset);

        if (field->type->kind != TYPE_BASE64 || !bytes->data)
            continue;
        bytes->data = arena_strndup(arena, bytes->data, bytes->len);
        if (!bytes_decode(bytes, NULL))
            return FALSE;
    }
    return TRUE;
}

static GString *fill_and_dump(const Type *type, const Value *arguments, Arena *arena)
{
    void *args = arena_alloc(arena, type->size);
    g_autoptr(GError) error = NULL;
    GString *out;

    if (!schema_fill(type, arguments, arena, args, &error)) {
        CLAIM(error != NULL && *error->message);
        return NULL;
    }
    if (!decode_all(type, args, arena))
        return NULL;
    out = g_string_new(NULL);
    schema_dump(type, args, FALSE, out);
    return out;
}

static void try_arguments(const Type *type, const Value *arguments, Arena *arena)
{
    g_autoptr(GString) first = fill_and_dump(type, arguments, arena);
    g_autoptr(GString) second = NULL;
    g_autoptr(GString) blanked = g_string_new(NULL);
    Value *value;

    if (arguments) {
        schema_blank_value(type, arguments, blanked);
        CLAIM(read_copy(arena, blanked) != NULL);
    }
    if (!first)
        return;
    value = read_copy(arena, first);
    CLAIM(value != NULL);
    CLAIM(schema_check(type, value, NULL));
    second = fill_and_dump(type, value, arena);
    CLAIM(second != NULL);
    CLAIM(g_string_equal(first, second));
}

static void try_all_commands(const Request *request, Arena *arena)
{
    for (const Family *const *family = command_families; *family; family++)
        for (const Command *const *command = (*family)->commands; *command; command++)
            if ((*command)->args)
                try_arguments((*command)->args, request->arguments, arena);
}

/* A reply is one line that any reader takes, with the id that was asked with. */
static void check_reply(GString *reply, const Value *id, Arena *arena)
{
    Value *value;

    CLAIM(strchr(reply->str, '\n') == reply->str + reply->len - 1);
    value = read_copy(arena, reply);
    CLAIM(value != NULL && value->kind == VALUE_OBJECT);
    CLAIM((value_member(value, "id") != NULL) == (id != NULL));
}

static void try_message(char *text, gsize len)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) reply = NULL;
    Request request = { NULL };
    Value *message;

    arena_adopt(arena, text);
    message = json_read(arena, text, len, &error);
    if (message && envelope_read(message, &request, &error)) {
        CLAIM(request.execute != NULL);
        try_all_commands(&request, arena);
        reply = envelope_return(&type_string, &request.execute, request.id);
    } else {
        CLAIM(error != NULL);
        reply = envelope_error(error, request.id);
    }
    check_reply(reply, request.id, arena);
}

static void try_fault(char *text)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = g_error_new_literal(g_quark_from_static_string("fuzz"), 0, text);
    g_autoptr(GString) reply = envelope_error(error, NULL);

    check_reply(reply, NULL, arena);
    g_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Framer) framer = framer_new();
    const char *at = (const char *)data;

    while (size > 0) {
        Frame frame;
        gsize used = framer_push(framer, at, size, &frame);

        if (frame.kind == FRAME_MESSAGE)
            try_message(frame.data, frame.len);
        else if (frame.kind == FRAME_ERROR)
            try_fault(frame.data);
        at += used;
        size -= used;
    }
    return 0;
}
