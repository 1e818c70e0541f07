/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"

/*
 * The attributes in sysfs that put CPUs and memory blocks online and offline. Reading
 * and writing one may wait for the kernel.
 */
#define CPU_DIR "/sys/devices/system/cpu"
#define MEMORY_DIR "/sys/devices/system/memory"

typedef enum {
    SWITCH_ONLINE,
    SWITCH_OFFLINE,
    SWITCH_ABSENT, /* no such attribute: always online */
    SWITCH_FAILED, /* errno is set; 0 for an attribute without a text */
} SwitchState;

/* What @path, the attribute "online" of a CPU, says. */
SwitchState cpu_switch_read(const Sysroot *sysroot, const char *path);
/* What @path, the attribute "state" of a memory block, says. */
SwitchState memory_switch_read(const Sysroot *sysroot, const char *path);

/* Writes @word to the attribute @path. Returns FALSE with errno set on failure. */
gboolean switch_write(const Sysroot *sysroot, const SysOps *sysops, const char *path,
                      const char *word);

/* The words for either attribute. */
const char *cpu_switch_word(gboolean online);
const char *memory_switch_word(gboolean online);

/* Returns 0 if @path is a directory, or errno. */
int directory_errno(const Sysroot *sysroot, const char *path);
