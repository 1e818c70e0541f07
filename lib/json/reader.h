/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"
#include "lib/json/value.h"

/*
 * Parses one message of the framer. @text (@len bytes and a NUL) is changed in
 * place: the strings of the value tree lie in it, so it must live as long as
 * @arena, which holds the rest. Returns NULL with @error set to one of QEMU's
 * texts if the message is not JSON; the first fault wins.
 */
Value *json_read(Arena *arena, char *text, gsize len, GError **error) G_GNUC_WARN_UNUSED_RESULT;
