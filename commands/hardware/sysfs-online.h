/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"

/*
 * The attributes in sysfs that put CPUs and memory blocks online and offline (the kernel's
 * Documentation/ABI/testing/sysfs-devices-memory and sysfs-devices-system-cpu). Reading and
 * writing them may wait for the kernel: for workers.
 */
#define CPU_DIR "/sys/devices/system/cpu"
#define MEMORY_DIR "/sys/devices/system/memory"

typedef enum {
    SWITCH_ONLINE,
    SWITCH_OFFLINE,
    SWITCH_ABSENT, /* no such attribute: always online */
    SWITCH_FAILED, /* errno is set; 0 for an empty attribute */
} SwitchState;

/* Reads @path, the attribute "online" of a CPU. */
SwitchState cpu_switch_read(const Sysroot *sysroot, const char *path);
/* Reads @path, the attribute "state" of a memory block. */
SwitchState memory_switch_read(const Sysroot *sysroot, const char *path);

/* Writes @word to the attribute @path. Returns FALSE with errno set on failure. */
gboolean switch_write(const Sysroot *sysroot, const SysOps *sysops, const char *path,
                      const char *word);

/* The word to write to either attribute; a constant. */
const char *cpu_switch_word(gboolean online);
const char *memory_switch_word(gboolean online);

/* Returns 0 if @path is a directory, or an errno value. */
int directory_errno(const Sysroot *sysroot, const char *path);
