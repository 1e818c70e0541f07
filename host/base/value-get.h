/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/json/value.h"

/*
 * Looks into replies of agents, which may be anything: what is not there, or is not of
 * the kind, is the @fallback.
 */
const Value *value_get(const Value *object, const char *name);
const char *value_string(const Value *object, const char *name, const char *fallback);
gint64 value_int(const Value *object, const char *name, gint64 fallback);
double value_number(const Value *object, const char *name, double fallback);
gboolean value_bool(const Value *object, const char *name, gboolean fallback);

/*
 * The @len bytes of a base64 string, decoded in place: that takes the text away, and is done
 * once. NULL if the member is missing or not a string.
 */
const char *value_bytes(const Value *object, const char *name, gsize *len);

/* The first item of a list or an object; NULL of anything else. */
const Value *value_first(const Value *list);

#define VALUE_EACH(item, list)                                                                     \
    for (const Value *item = value_first(list); item; item = item->next)
