/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"

/*
 * The rest of the first line of @text that starts with @key ("DEVNAME=" in a
 * sysfs uevent file, "E:ID_SERIAL=" in a file of udev's database), in @arena; NULL
 * if there is none.
 */
const char *property_find(const char *text, gsize len, const char *key, Arena *arena);
