/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A name of a file or directory for the VM or disk called @name; the caller's. Two names never get
 * the same one. A name of at most PLAIN_NAME_MAX letters, digits, '.', '_' and '-' that begins with
 * none of '.' and '-' is its own. Of any other one the part after the last '/' stays, such
 * characters become '_', and '~' and the first 8 digits of the whole name's SHA-256 follow; '~' is
 * in no name of the first kind.
 */
#define PLAIN_NAME_MAX 100
char *plain_name(const char *name);
