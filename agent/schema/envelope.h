/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"

/* A request's members; they lie in the value tree of its message. */
typedef struct {
    const char *execute;
    const Value *arguments; /* an object, or NULL */
    const Value *id;        /* or NULL */
} Request;

/*
 * Parses @message. Returns FALSE with @error set to QEMU's text if it is not a request;
 * @request->id is set if the message has one.
 */
gboolean envelope_read(const Value *message, Request *request, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/*
 * The reply line to a request with @id (or NULL). @result is a C value of
 * @type, both NULL for a command that returns nothing. The caller owns it.
 */
GString *envelope_return(const Type *type, const void *result, const Value *id);
GString *envelope_error(const GError *error, const Value *id);

/* The class on the wire of @error: GenericError or CommandNotFound. */
const char *envelope_error_class(const GError *error);
