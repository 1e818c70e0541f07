/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/wire/request.h"

#include "lib/json/base64.h"
#include "lib/json/writer.h"

HostRequest *request_new(const char *execute)
{
    HostRequest *request = g_new0(HostRequest, 1);

    request->execute = execute;
    request->members = g_string_new(NULL);
    return request;
}

/* What it held may have been a password. */
void request_free(HostRequest *request)
{
    if (!request)
        return;
    if (request->secret)
        explicit_bzero(request->members->str, request->members->allocated_len);
    g_string_free(request->members, TRUE);
    g_free(request);
}

static GString *begin_member(HostRequest *request, const char *name)
{
    if (request->members->len > 0)
        g_string_append(request->members, ", ");
    json_append_string(request->members, name);
    g_string_append(request->members, ": ");
    return request->members;
}

void request_int(HostRequest *request, const char *name, gint64 value)
{
    json_append_int(begin_member(request, name), value);
}

void request_bool(HostRequest *request, const char *name, gboolean value)
{
    json_append_bool(begin_member(request, name), value);
}

void request_string(HostRequest *request, const char *name, const char *value)
{
    json_append_string(begin_member(request, name), value);
}

void request_strings(HostRequest *request, const char *name, const char *const *values)
{
    GString *out = begin_member(request, name);

    g_string_append_c(out, '[');
    for (gsize i = 0; values[i]; i++) {
        if (i > 0)
            g_string_append(out, ", ");
        json_append_string(out, values[i]);
    }
    g_string_append_c(out, ']');
}

void request_base64(HostRequest *request, const char *name, const char *data, gsize len)
{
    json_append_base64(begin_member(request, name), data, len);
}

void request_json(HostRequest *request, const char *name, const char *json)
{
    g_string_append(begin_member(request, name), json);
}

GString *request_text(const HostRequest *request, gboolean blank)
{
    GString *out = g_string_sized_new(request->members->len + 64);

    g_string_append(out, "{\"execute\": ");
    json_append_string(out, request->execute);
    if (blank && request->secret)
        g_string_append(out, ", \"arguments\": \"***\"");
    else if (request->members->len > 0)
        g_string_append_printf(out, ", \"arguments\": {%s}", request->members->str);
    g_string_append(out, "}\n");
    return out;
}
