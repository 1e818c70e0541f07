/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/json/value.h"

/*
 * Decodes @bytes, the text of an argument, in place: nothing is copied, and the
 * text is gone afterwards. Padding and line ends may be missing or stand
 * anywhere. Returns FALSE with QEMU's text in @error if there is a byte that
 * base64 does not have; the text before that is gone, too.
 */
gboolean bytes_decode(Bytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Appends @len bytes as a JSON string of base64, on one line and padded. */
void json_append_base64(GString *out, const char *data, gsize len);
