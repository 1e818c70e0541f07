/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/json/value.h"

/*
 * The text of a request to an agent:
 *
 *   g_autoptr(HostRequest) request = request_new("guest-file-read");
 *   request_int(request, "handle", handle);
 */
typedef struct {
    const char *execute; /* static, or as long as the request */
    GString *members;    /* of its arguments */
    gboolean secret;     /* an argument must not be shown */
} HostRequest;

HostRequest *request_new(const char *execute);
void request_free(HostRequest *request);

void request_int(HostRequest *request, const char *name, gint64 value);
void request_bool(HostRequest *request, const char *name, gboolean value);
void request_string(HostRequest *request, const char *name, const char *value);
/* @values is NULL-terminated. */
void request_strings(HostRequest *request, const char *name, const char *const *values);
void request_base64(HostRequest *request, const char *name, const char *data, gsize len);
/* JSON that the caller has written. */
void request_json(HostRequest *request, const char *name, const char *json);

/* One line; with @blank, secret arguments are not in it. The caller owns it. */
GString *request_text(const HostRequest *request, gboolean blank);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostRequest, request_free)
