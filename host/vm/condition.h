/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/*
 * What a VM is doing, finer than VmState: whether its disks may be copied or overlaid, whether the
 * guest can act on a request, and what to do otherwise. The one table of condition.c has all of
 * that; each backend maps the words of QEMU or libvirt to these.
 */
typedef enum {
    CONDITION_UNKNOWN, /* a state that guestctl has no word for */
    CONDITION_RUNS,
    CONDITION_PAUSED,
    CONDITION_INACTIVE, /* paused, and the images are not yet QEMU's to use */
    CONDITION_NOT_STARTED, /* QEMU was started with -S */
    CONDITION_DISK_ERROR,
    CONDITION_WATCHDOG,
    CONDITION_ASLEEP,
    CONDITION_PANICKED,
    CONDITION_OFF,
    CONDITION_SAVED,
    CONDITION_STARTING,
    CONDITION_SHUTTING_DOWN,
    CONDITION_HALTED, /* the guest is off, and QEMU waits (-no-shutdown) */
    CONDITION_INTERNAL_ERROR,
    CONDITION_MIGRATING, /* the source, while it runs or at the end */
    CONDITION_INCOMING,  /* the destination, until it runs */
    CONDITION_MIGRATED,  /* the source, afterwards */
    CONDITION_SAVING,
    CONDITION_RESTORING,
    N_CONDITIONS,
} VmCondition;

typedef struct {
    const char *text; /* follows "the VM is" */
    const char *next; /* what to do about it; NULL: nothing is needed */
    gboolean steady;  /* its disks may be copied and overlaid */
    gboolean acts;    /* the guest can act on a request */
    gboolean wakes;   /* "resume" makes the guest go on, and that is right */
    gboolean elsewhere; /* its state belongs to another process, so resume and reset harm */
} ConditionInfo;

/* Never NULL. */
const ConditionInfo *condition_info(VmCondition condition);

/* Maps the "status" of QEMU's query-status (enum RunState, qapi/run-state.json of QEMU 11.1). */
VmCondition condition_of_qemu(const char *status);

/* Whether this "status" of query-migrate (enum MigrationStatus; NULL: none) is one under way. */
gboolean migration_is_under_way(const char *status);

/* What the VM is doing now. A backend without this member is asked for its state. */
gboolean vm_condition(Vm *vm, VmCondition *condition, const Deadline *deadline, GError **error);

/*
 * Whether the disks may be copied or overlaid: FALSE with @error set to the VM's condition and the
 * next step, such as during a migration.
 */
gboolean vm_check_steady(Vm *vm, const Deadline *deadline, GError **error);
