/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"

/*
 * Checks that @value, read from a reply, has the shape that @type declares and
 * no undeclared member. Returns FALSE with @error naming the member. For tests
 * and for clients; the agent writes its replies from the same tables.
 */
gboolean schema_check(const Type *type, const Value *value, GError **error);
