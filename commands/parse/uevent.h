/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* CPUs and memory blocks by their names in sysfs, and the kernel's events about them. */

typedef enum {
    PLUGGABLE_CPU,    /* /sys/devices/system/cpu/cpuN */
    PLUGGABLE_MEMORY, /* /sys/devices/system/memory/memoryN */
    PLUGGABLE_N_KINDS,
} PluggableKind;

typedef struct {
    PluggableKind kind;
    guint64 number;
} Pluggable;

typedef struct {
    gboolean added; /* or removed */
    Pluggable device;
} Uevent;

/*
 * Reads @name as @prefix and a decimal number as the kernel writes it, without leading zeros.
 * Returns FALSE for any other name.
 */
gboolean pluggable_number(const char *name, const char *prefix, guint64 *number);

/* Parses the @len bytes of an event. Returns FALSE if it is not about a CPU or memory block. */
gboolean uevent_parse(const char *message, gsize len, Uevent *event);
