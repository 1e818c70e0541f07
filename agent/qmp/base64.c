/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/qmp/base64.h"

#include "agent/base/errors.h"

static gboolean is_base64(char c)
{
    return g_ascii_isalnum(c) || c == '+' || c == '/' || c == '=' || c == '\n';
}

gboolean bytes_decode(Bytes *bytes, GError **error)
{
    for (gsize i = 0; i < bytes->len; i++)
        if (!is_base64(bytes->data[i]))
            return set_error(error, "Base64 data contains invalid characters");
    if (bytes->len > 1)
        g_base64_decode_inplace(bytes->data, &bytes->len);
    else
        bytes->len = 0; /* no whole byte, and GLib wants more */
    return TRUE;
}

void json_append_base64(GString *out, const char *data, gsize len)
{
    gsize start = out->len + 1, written;
    int state = 0, save = 0;

    g_string_append_c(out, '"');
    g_string_set_size(out, start + (len / 3 + 1) * 4 + 4);
    written = g_base64_encode_step((const guchar *)data, len, FALSE, out->str + start, &state, &save);
    written += g_base64_encode_close(FALSE, out->str + start + written, &state, &save);
    g_string_truncate(out, start + written);
    g_string_append_c(out, '"');
}
