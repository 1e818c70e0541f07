/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The text of an authorized_keys file. Only whole lines are added and removed; every other byte
 * stays as it is, as in qemu-ga.
 */

/*
 * A key of 16384 bits, ssh-keygen's longest, takes 2.8 KiB; that leaves
 * room for options and a comment.
 */
#define AUTHORIZED_KEY_MAX (16 * 1024)

/* Returns whether @key can be a line of its own, or FALSE with @error set. */
gboolean authorized_key_check(const char *key, GError **error);

/*
 * Returns the keys in @text, the last one first, without blank lines and comments. The array
 * owns its strings.
 */
GPtrArray *authorized_keys_list(const GString *text);

/*
 * Returns @text followed by those of the NULL-terminated @keys that it does not have; to be
 * freed.
 */
GString *authorized_keys_add(const GString *text, char *const *keys);

/* Returns @text without the lines that equal one of the NULL-terminated @keys; to be freed. */
GString *authorized_keys_remove(const GString *text, char *const *keys);
