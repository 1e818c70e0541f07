/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The text of an authorized_keys file. Only whole lines are added and taken
 * away; every other byte stays as it is, as qemu-ga leaves it.
 */

/*
 * A key of 16384 bits, ssh-keygen's longest, takes 2.8 KiB; that leaves
 * room for options and a comment.
 */
#define AUTHORIZED_KEY_MAX (16 * 1024)

/* Whether @key can be a line of its own; else sets @error. */
gboolean authorized_key_check(const char *key, GError **error);

/* The keys in @text, from the last to the first, without blank lines and comments. */
GPtrArray *authorized_keys_list(const GString *text);

/* @text with those of the NULL-terminated @keys behind it that it has not got yet. */
GString *authorized_keys_add(const GString *text, char *const *keys);

/* @text without the lines that are one of the NULL-terminated @keys. */
GString *authorized_keys_remove(const GString *text, char *const *keys);
