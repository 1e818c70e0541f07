/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/set.h"

/* The QEMU of the appliance. */
typedef struct Machine Machine;

/* What it shows: a disk of a backup, and the files it is read from. */
typedef struct {
    const ChainDisk *disk;
    GPtrArray *paths; /* the full copy's first */
} MachineDisk;

typedef struct {
    const char *kernel, *image; /* image: the initramfs */
    const char *agent, *data;   /* paths of the sockets to make for the agent and for contents */
    gboolean kvm;
    GPtrArray *disks;           /* of MachineDisk */
} MachineSetup;

/* The kernel's names of disks end with this number of them, and so do the slots of the machine. */
#define MACHINE_DISKS 24

/*
 * Starts it. Every disk is a temporary overlay over the chain's files, which are opened read-only; the
 * overlay has no name, so nothing of it is left however this process ends. QEMU ends with the thread
 * that called this. NULL with @error set.
 */
Machine *machine_start(const MachineSetup *setup, int cancel_fd, GError **error);

/* A descriptor that is readable once QEMU has ended. */
int machine_end_fd(const Machine *machine);

/* Whether the kernel has started the appliance's init. */
gboolean machine_has_spoken(Machine *machine);

/* What QEMU and the kernel in it have printed last, harmless for a terminal; the caller's. */
char *machine_words(Machine *machine);

/* Kills QEMU and waits for its end. */
void machine_free(Machine *machine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)
