/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/domain.h"
#include "lib/errors.h"

/* Snapshots by libvirt, which keeps no record of them: guestctl's manifests do. */

#define ANSWER_MS 30000
/* Looks at a job that has copied all and is not ready yet, before it counts as failed. */
#define MAX_PIVOTS 120

static const Overlay *overlay_of(const GPtrArray *overlays, const char *name)
{
    for (guint i = 0; i < overlays->len; i++) {
        const Overlay *overlay = overlays->pdata[i];

        if (g_str_equal(overlay->disk->name, name))
            return overlay;
    }
    return NULL;
}

/* Every writable disk is named: libvirt would take a snapshot of those left out as well. */
static char *description(Vm *vm, const GPtrArray *overlays, const Deadline *deadline,
                         GError **error)
{
    g_autoptr(GPtrArray) all = libvirt_disks(vm, 0, deadline, error);
    GString *xml;

    if (!all)
        return NULL;
    disks_keep_writable(all, FALSE);
    xml = g_string_new("<domainsnapshot><disks>");
    for (guint i = 0; i < all->len; i++) {
        const Disk *disk = all->pdata[i];
        const Overlay *overlay = overlay_of(overlays, disk->name);
        g_autofree char *text =
            overlay ? g_markup_printf_escaped("<disk name='%s' snapshot='external'><driver "
                                              "type='qcow2'/><source file='%s'/></disk>",
                                              disk->name, overlay->path)
                    : g_markup_printf_escaped("<disk name='%s' snapshot='no'/>", disk->name);

        g_string_append(xml, text);
    }
    g_string_append(xml, "</disks></domainsnapshot>");
    return g_string_free(xml, FALSE);
}

static int call_snapshot(LibvirtCall *call)
{
    virDomainSnapshotPtr snapshot =
        virDomainSnapshotCreateXML(call->domain, call->text,
                                   VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY |
                                       VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT |
                                       VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC |
                                       VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA);

    if (!snapshot)
        return -1;
    virDomainSnapshotFree(snapshot);
    return 0;
}

static gboolean begin(Vm *vm, const GPtrArray *overlays, const Deadline *deadline, GError **error)
{
    g_autofree char *xml = description(vm, overlays, deadline, error);
    g_autoptr(LibvirtCall) call = xml ? libvirt_call_on(vm, call_snapshot, deadline, error) : NULL;

    if (!call)
        return FALSE;
    call->text = g_steal_pointer(&xml);
    return libvirt_call_run(call, &vm->pending, deadline, error);
}

static gboolean follow(Vm *vm, const Deadline *deadline, GError **error)
{
    return deadline_call_await(&vm->pending, deadline, error);
}

static int call_commit(LibvirtCall *call)
{
    return virDomainBlockCommit(call->domain, call->text, NULL, NULL, 0,
                                VIR_DOMAIN_BLOCK_COMMIT_ACTIVE |
                                    VIR_DOMAIN_BLOCK_COMMIT_SHALLOW);
}

static int call_job_info(LibvirtCall *call)
{
    call->value = virDomainGetBlockJobInfo(call->domain, call->text, &call->info.job, 0);
    return call->value;
}

static int call_job_abort(LibvirtCall *call)
{
    return virDomainBlockJobAbort(call->domain, call->text, call->flags);
}

/* Makes a call about the block job of the disk @name; NULL with @error set. */
static LibvirtCall *job_call(Vm *vm, LibvirtFunc func, const char *name, unsigned int flags,
                             const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, func, deadline, error);

    if (!call)
        return NULL;
    call->text = g_strdup(name);
    call->flags = flags;
    return libvirt_call_run(call, NULL, deadline, error) ? g_steal_pointer(&call) : NULL;
}

typedef struct {
    const char *disk;
    int pivots; /* looks at which all was copied */
} Commit;

/* Once all is copied, the disk is to use the image below. */
static LibvirtJobState look(Vm *vm, gpointer data, Progress *progress, const Deadline *deadline,
                            GError **error)
{
    Commit *commit = data;
    Deadline certain = deadline_in(ANSWER_MS, -1);
    g_autoptr(LibvirtCall) call = job_call(vm, call_job_info, commit->disk, 0, deadline, error);
    g_autoptr(LibvirtCall) pivot = NULL;
    g_autoptr(GError) problem = NULL;
    const virDomainBlockJobInfo *info;

    if (!call)
        return LIBVIRT_JOB_FAILED;
    if (call->value == 0) {
        set_error(error, "libvirt's job ended before the commit was complete");
        return LIBVIRT_JOB_FAILED;
    }
    info = &call->info.job;
    progress_update(progress, (gint64)info->cur, (gint64)info->end);
    if (info->end == 0 || info->cur != info->end)
        return LIBVIRT_JOB_RUNS;
    pivot = job_call(vm, call_job_abort, commit->disk, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT, &certain,
                     &problem);
    if (pivot)
        return LIBVIRT_JOB_DONE;
    if (++commit->pivots <= MAX_PIVOTS &&
        g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        return LIBVIRT_JOB_RUNS;
    g_propagate_error(error, g_steal_pointer(&problem));
    return LIBVIRT_JOB_FAILED;
}

static gboolean commit(Vm *vm, const Disk *disk, Progress *progress, int cancel_fd, GError **error)
{
    Commit commit = { .disk = disk->name };
    Deadline deadline = deadline_in(ANSWER_MS, cancel_fd);
    g_autoptr(GError) problem = NULL;
    g_autoptr(LibvirtCall) call = job_call(vm, call_commit, disk->name, 0, &deadline, &problem);
    g_autoptr(LibvirtCall) undo = NULL;

    if (call && libvirt_job_follow(vm, look, &commit, progress, cancel_fd, &problem))
        return TRUE;
    /* A commit that was cancelled before libvirt answered may yet begin. */
    if (call || !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
        deadline = deadline_in(ANSWER_MS, -1);
        undo = job_call(vm, call_job_abort, disk->name, 0, &deadline, NULL);
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

const SnapshotOps libvirt_snapshot = {
    .begin = begin,
    .follow = follow,
    .commit = commit,
};
