/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/backend.h"
#include "host/vm/libvirt/connection.h"
#include "host/vm/libvirt/domain-xml.h"

/* What the files of this backend share. */

/*
 * A call on the VM's domain, which is looked up again if the connection was lost. NULL with
 * @error set if the daemon cannot be reached.
 */
LibvirtCall *libvirt_call_on(Vm *vm, LibvirtFunc func, const Deadline *deadline, GError **error);

/* Makes a call on the VM's domain that has no arguments; NULL with @error set if it failed. */
LibvirtCall *libvirt_do(Vm *vm, LibvirtFunc func, const Deadline *deadline, GError **error);

/* The domain's description as it is now; the caller's. NULL with @error set. */
DomainXml *libvirt_describe(Vm *vm, const Deadline *deadline, GError **error);

/* ---- Jobs */

typedef enum { LIBVIRT_JOB_RUNS, LIBVIRT_JOB_DONE, LIBVIRT_JOB_FAILED } LibvirtJobState;

/* Looks at a job and moves it on; sets @error for LIBVIRT_JOB_FAILED. */
typedef LibvirtJobState (*LibvirtLook)(Vm *vm, gpointer data, Progress *progress,
                                       const Deadline *deadline, GError **error);

/*
 * Calls @look(@data) again and again until the job is done. FALSE with @error set if it failed,
 * or the user cancelled.
 */
gboolean libvirt_job_follow(Vm *vm, LibvirtLook look, gpointer data, Progress *progress,
                            int cancel_fd, GError **error);

/*
 * How a backup job of the domain ended, from libvirt's event, which is to be watched for before the
 * job begins. libvirt_end_watch() does nothing while it is watched for already, and begins anew on
 * a new connection; what ended in between is then not known.
 */
typedef enum { LIBVIRT_END_UNKNOWN, LIBVIRT_END_SUCCESS, LIBVIRT_END_FAILURE } LibvirtEnd;

gboolean libvirt_end_watch(Vm *vm, const Deadline *deadline, GError **error);
void libvirt_end_unwatch(Vm *vm);
/*
 * The event that came, which is then forgotten; LIBVIRT_END_UNKNOWN: none. Taken before a look that
 * shows the job still under way, it was that of an earlier job.
 */
LibvirtEnd libvirt_end_take(Vm *vm, char **reason);
/*
 * Waits for the event for a short time, as the job is known to have ended. @reason: the caller's,
 * NULL: none was given. LIBVIRT_END_UNKNOWN with @error set.
 */
LibvirtEnd libvirt_end_await(Vm *vm, char **reason, const Deadline *deadline, GError **error);

/* Where a Vm keeps what libvirt_end_watch() made. */
typedef struct EndOfJob EndOfJob;
EndOfJob **libvirt_end(Vm *vm);
virDomainPtr libvirt_domain(Vm *vm);

/* ---- Members of the table in files of their own. */

GPtrArray *libvirt_disks(Vm *vm, guint details, const Deadline *deadline, GError **error);

gboolean libvirt_condition(Vm *vm, VmCondition *condition, const Deadline *deadline,
                           GError **error);

extern const SnapshotOps libvirt_snapshot;
extern const BackupOps libvirt_backup;
extern const OffOps libvirt_off;

/* Calls @act for each checkpoint of the domain whose name begins with @prefix ("": all). */
typedef int (*LibvirtCheckpointFunc)(virDomainCheckpointPtr checkpoint, gpointer data);
int libvirt_each_checkpoint(virDomainPtr domain, const char *prefix, LibvirtCheckpointFunc act,
                            gpointer data);
