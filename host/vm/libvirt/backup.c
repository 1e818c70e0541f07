/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libvirt/virterror.h>

#include "host/base/grant.h"
#include "host/vm/libvirt/domain.h"
#include "lib/errors.h"

/*
 * Backups by libvirt. Its checkpoints are QEMU's bitmaps with a name in libvirt, so guestctl
 * treats a point's checkpoint as it treats the bitmap of a bare QEMU.
 */

/* Bytes a second while the guest is frozen; see host/vm/bare/backup.c. */
#define HELD_RATE 1

/*
 * The job survives a guest that shuts down: VIR_DOMAIN_BACKUP_BEGIN_PRESERVE_SHUTDOWN_DOMAIN of
 * libvirt 11.10, which older headers do not have.
 */
#define PRESERVE_SHUTDOWN_DOMAIN (1u << 1)
#define PRESERVE_SINCE 11010000

/* How the names of the files end, as long as a backup is being made; see CHAIN_PARTIAL. */
#define PARTIAL ".partial"

/* From the end of QEMU until libvirt has noticed. */
#define END_MS 2000

/* libvirt wants one for all, although each disk has its own. */
static void add_incremental(const DiskCopy *copy, GString *xml)
{
    for (guint i = 0; i < copy->disks->len; i++) {
        g_autofree char *text = copy->parents[i]
            ? g_markup_printf_escaped("<incremental>%s</incremental>", copy->parents[i])
            : NULL;

        if (!text)
            continue;
        g_string_append(xml, text);
        return;
    }
}

static char *backup_xml(const DiskCopy *copy)
{
    GString *xml = g_string_new("<domainbackup mode='push'>");

    add_incremental(copy, xml);
    g_string_append(xml, "<disks>");
    for (guint i = 0; i < copy->disks->len; i++) {
        const Disk *disk = copy->disks->pdata[i];
        g_autofree char *level = copy->parents[i]
            ? g_markup_printf_escaped("incremental='%s'", copy->parents[i])
            : g_strdup("backupmode='full'");
        g_autofree char *text = g_markup_printf_escaped(
            "type='file'><driver type='qcow2'/><target file='%s'/></disk>", copy->files[i]);
        g_autofree char *name = g_markup_escape_text(disk->name, -1);

        g_string_append_printf(xml, "<disk name='%s' backup='yes' %s %s", name, level, text);
    }
    g_string_append(xml, "</disks></domainbackup>");
    return g_string_free(xml, FALSE);
}

/* NULL if no disk can have a bitmap. */
static char *checkpoint_xml(const DiskCopy *copy)
{
    g_autofree char *name = g_markup_printf_escaped("<name>%s</name>", copy->point);
    GString *xml = g_string_new("<domaincheckpoint>");
    guint n = 0;

    g_string_append_printf(xml, "%s<disks>", name);
    for (guint i = 0; i < copy->disks->len; i++) {
        const Disk *disk = copy->disks->pdata[i];
        g_autofree char *text = g_markup_printf_escaped(
            "<disk name='%s' checkpoint='%s'/>", disk->name,
            copy->bitmaps[i] ? "bitmap" : "no");

        g_string_append(xml, text);
        n += copy->bitmaps[i] != NULL;
    }
    g_string_append(xml, "</disks></domaincheckpoint>");
    return g_string_free(xml, n == 0);
}

/* A checkpoint of the one disk, which keeps nothing but its name in the image. */
static char *tag_xml(const DiskCopy *copy, guint index)
{
    GString *xml = g_string_new("<domaincheckpoint>");
    g_autofree char *name = g_markup_printf_escaped("<name>%s</name>", copy->tags[index]);

    g_string_append_printf(xml, "%s<disks>", name);
    for (guint i = 0; i < copy->disks->len; i++) {
        g_autofree char *text = g_markup_printf_escaped(
            "<disk name='%s' checkpoint='%s'/>", ((const Disk *)copy->disks->pdata[i])->name,
            i == index ? "bitmap" : "no");

        g_string_append(xml, text);
    }
    g_string_append(xml, "</disks></domaincheckpoint>");
    return g_string_free(xml, FALSE);
}

static int call_tag(LibvirtCall *call)
{
    virDomainCheckpointPtr made = virDomainCheckpointCreateXML(call->domain, call->text, 0);

    if (!made)
        return -1;
    virDomainCheckpointFree(made);
    return 0;
}

/* The user as whom QEMU runs; -1: not known. */
static gint64 qemu_user(Vm *vm, const Deadline *deadline)
{
    g_autoptr(DomainXml) domain = libvirt_describe(vm, deadline, NULL);

    return domain ? domain->user : -1;
}

/*
 * QEMU opens the files by their paths, often as a user of its own (libvirt-qemu, qemu). libvirt gives
 * the files to that user, but not the directories. Those of guestctl are for their owner alone; this
 * user may pass them, and not list them. Where that cannot be granted, begin() fails and names it.
 */
static void let_pass(Vm *vm, const DiskCopy *copy, const Deadline *deadline)
{
    gint64 user = qemu_user(vm, deadline);
    g_autofree char *dir = g_strdup(copy->dir);

    for (guint i = 0; user >= 0 && i < copy->own_dirs; i++) {
        struct stat info;
        char *parent = g_path_get_dirname(dir);

        if (stat(dir, &info) == 0 && info.st_uid != user && !(info.st_mode & S_IXOTH))
            grant_user(dir, (uid_t)user, GRANT_SEARCH, NULL);
        g_free(dir);
        dir = parent;
    }
}

static gboolean attach(Vm *vm, const DiskCopy *copy, guint index, const Deadline *deadline,
                       GError **error)
{
    g_autoptr(LibvirtCall) call = NULL;

    if (index == 0)
        let_pass(vm, copy, deadline);
    /* The file may be root's after the job: libvirt does not always know whose it was. */
    if (geteuid() != 0)
        grant_user(copy->files[index], geteuid(), GRANT_READ | GRANT_WRITE, NULL);
    if (!copy->tags[index])
        return TRUE;
    call = libvirt_call_on(vm, call_tag, deadline, error);
    if (!call)
        return FALSE;
    call->text = tag_xml(copy, index);
    return libvirt_call_run(call, NULL, deadline, error);
}

static char **disk_names(const DiskCopy *copy)
{
    char **names = g_new0(char *, copy->disks->len + 1);

    for (guint i = 0; i < copy->disks->len; i++)
        names[i] = g_strdup(((const Disk *)copy->disks->pdata[i])->name);
    return names;
}

/* 0: no limit. */
static int set_rate(virDomainPtr domain, const char *disk, unsigned long rate)
{
    return virDomainBlockJobSetSpeed(domain, disk, rate,
                                     VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES);
}

static int call_begin(LibvirtCall *call)
{
    unsigned int flags = VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL;
    unsigned long version = 0;

    if (virConnectGetLibVersion(virDomainGetConnect(call->domain), &version) == 0 &&
        version >= PRESERVE_SINCE)
        flags |= PRESERVE_SHUTDOWN_DOMAIN;
    if (virDomainBackupBegin(call->domain, call->text, call->more, flags) < 0)
        return -1;
    /* libvirt cannot begin it slowly. If it refuses a rate, the thaw takes a little longer. */
    for (char **disk = call->names; *disk; disk++)
        set_rate(call->domain, *disk, HELD_RATE);
    return 0;
}

/* As the domain is off, it is known why the job has ended. */
static void report_off(Vm *vm, const Deadline *deadline, GError **error)
{
    g_autofree char *force = libvirt_off.force(vm, deadline);

    if (force)
        set_error(error, "QEMU ended during the backup: the VM was %s", force);
    else
        set_error(error, "QEMU ended during the backup: the guest shut down");
}

/* Whether the domain is off, or gets so within the time that libvirt takes to notice QEMU's end. */
static gboolean is_off_soon(Vm *vm, const Deadline *deadline)
{
    Deadline soon = deadline_in(END_MS, deadline->cancel_fd);
    VmState state;

    return vm->backend->expect(vm, VM_END_DOWN, deadline, NULL) &&
           vm->backend->state(vm, &state, deadline, NULL) &&
           (state == VM_SHUT_OFF || vm->backend->await(vm, VM_END_DOWN, &soon, NULL));
}

/* To an @error of QEMU's about permissions. FALSE. */
static gboolean add_user(Vm *vm, const DiskCopy *copy, const Deadline *deadline, GError **error)
{
    gint64 user = strstr((*error)->message, "Permission denied") ? qemu_user(vm, deadline) : -1;
    g_autofree char *text = g_strdup((*error)->message);

    if (user < 0)
        return FALSE;
    g_free((*error)->message);
    (*error)->message = g_strdup_printf("%s; QEMU runs as the user %" G_GINT64_FORMAT ", who has to "
                                        "be able to pass %s and all directories above it, for "
                                        "example with \"setfacl -m u:%" G_GINT64_FORMAT ":x\"",
                                        text, user, copy->dir, user);
    return FALSE;
}

static gboolean begin(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_begin, deadline, error);
    g_autoptr(GError) problem = NULL;

    if (!call || !libvirt_end_watch(vm, deadline, error))
        return FALSE;
    call->text = backup_xml(copy);
    call->more = checkpoint_xml(copy);
    call->names = disk_names(copy);
    copy->held = TRUE;
    if (libvirt_call_run(call, &vm->pending, deadline, &problem))
        return TRUE;
    /* That the connection to QEMU has ended is reported by libvirt in words alone. */
    if (strstr(problem->message, "monitor") && is_off_soon(vm, deadline)) {
        report_off(vm, deadline, error);
        return FALSE;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return add_user(vm, copy, deadline, error);
}

static gboolean begin_late(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error)
{
    g_autoptr(GError) problem = NULL;

    (void)copy;
    if (deadline_call_await(&vm->pending, deadline, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT,
                            "libvirt did not answer in time");
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/*
 * A disk that is copied already has no job, or one that takes no rate any more; @value: others.
 * @number: bytes a second. What is in flight goes first (64 MiB with QEMU 11.1).
 */
static int call_release(LibvirtCall *call)
{
    for (char **disk = call->names; *disk; disk++)
        if (set_rate(call->domain, *disk, (unsigned long)call->number) < 0 && virGetLastErrorCode() != VIR_ERR_INVALID_ARG)
            call->value++;
    return 0;
}

/* After the thaw. What libvirt refused, for whatever reason, the next look asks for again. */
static gboolean release(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_release, deadline, error);

    if (!call)
        return FALSE;
    call->names = disk_names(copy);
    call->number = copy->rate;
    if (!libvirt_call_run(call, NULL, deadline, error))
        return FALSE;
    copy->held = call->value > 0;
    return TRUE;
}

static int call_job_stats(LibvirtCall *call)
{
    return virDomainGetJobStats(call->domain, &call->value, &call->params, &call->n_params,
                                call->flags);
}

/* @value of the call is the job's type. NULL with @error set. */
static LibvirtCall *job_stats(Vm *vm, unsigned int flags, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_job_stats, deadline, error);

    if (!call)
        return NULL;
    call->flags = flags;
    return libvirt_call_run(call, NULL, deadline, error) ? g_steal_pointer(&call) : NULL;
}

/* As libvirt writes it into XML; the caller's. */
static char *xml_text(const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    GString *xml = g_string_new(escaped);

    g_string_replace(xml, "&#39;", "&apos;", 0);
    return g_string_free(xml, FALSE);
}

/* Of the domain's backup, from malloc(); NULL without a libvirt error: there is none. */
static char *backup_under_way(virDomainPtr domain)
{
    char *xml = virDomainBackupGetXMLDesc(domain, 0);

    if (!xml && (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_BACKUP ||
                 virGetLastErrorCode() == VIR_ERR_OPERATION_INVALID))
        virResetLastError(); /* none, or the domain is off */
    return xml;
}

/*
 * @value: whether the backup under way writes to the file of which @text is the end of the path;
 * with @flags, abort it.
 */
static int call_under_way(LibvirtCall *call)
{
    char *xml = backup_under_way(call->domain);

    if (!xml && virGetLastErrorCode() != VIR_ERR_OK)
        return -1;
    call->value = xml && strstr(xml, call->text);
    free(xml);
    return call->value && call->flags ? virDomainAbortJob(call->domain) : 0;
}

/* FALSE with @error set if the VM could not be asked or the job not be aborted. */
static gboolean find_target(Vm *vm, char *text, gboolean abort, gboolean *under_way,
                            const Deadline *deadline, GError **error)
{
    g_autofree char *owned = text;
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_under_way, deadline, error);

    if (!call)
        return FALSE;
    call->text = g_steal_pointer(&owned);
    call->flags = abort;
    if (!libvirt_call_run(call, NULL, deadline, error))
        return FALSE;
    *under_way = call->value;
    return TRUE;
}

/* A job of any point of the set: all have their files in its directory. */
static gboolean find_job(Vm *vm, const DiskCopy *copy, gboolean abort, gboolean *under_way,
                         const Deadline *deadline, GError **error)
{
    g_autofree char *dir = xml_text(copy->dir);

    return find_target(vm, g_strdup_printf("file='%s/", dir), abort, under_way, deadline, error);
}

/* The very job of this copy: no other has its files. */
static gboolean find_ours(Vm *vm, const DiskCopy *copy, gboolean *ours, const Deadline *deadline,
                          GError **error)
{
    g_autofree char *file = xml_text(copy->files[0]);

    return find_target(vm, g_strdup_printf("file='%s'", file), FALSE, ours, deadline, error);
}

/*
 * Our job has ended. What libvirt keeps of a completed job is that of the last one,
 * and the first who reads it takes it away; only the event belongs to the job that we saw.
 */
static LibvirtJobState read_end(Vm *vm, LibvirtEnd end, const char *reason,
                                const Deadline *deadline, GError **error)
{
    switch (end) {
    case LIBVIRT_END_SUCCESS:
        return LIBVIRT_JOB_DONE;
    case LIBVIRT_END_FAILURE:
        /* A QEMU that ends cancels its jobs first. */
        if (is_off_soon(vm, deadline))
            report_off(vm, deadline, error);
        else
            set_error(error, "failed to copy the disks: %s",
                      reason ? reason : "the job was cancelled, and not by this guestctl");
        break;
    case LIBVIRT_END_UNKNOWN:
        break;
    }
    return LIBVIRT_JOB_FAILED;
}

static LibvirtJobState look_once(Vm *vm, DiskCopy *copy, Progress *progress,
                                 const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = NULL;
    unsigned long long done = 0, total = 0;
    g_autofree char *reason = NULL;
    gboolean halted = FALSE, ours = FALSE;
    LibvirtEnd end;

    /* After a restart of the daemon the events are those of a new connection. */
    if (!libvirt_end_watch(vm, deadline, error))
        return LIBVIRT_JOB_FAILED;
    end = libvirt_end_take(vm, &reason);
    if (!find_ours(vm, copy, &ours, deadline, error))
        return LIBVIRT_JOB_FAILED;
    if (!ours && end == LIBVIRT_END_UNKNOWN)
        end = libvirt_end_await(vm, &reason, deadline, error);
    if (!ours)
        return read_end(vm, end, reason, deadline, error);
    if (copy->held && !release(vm, copy, deadline, error))
        return LIBVIRT_JOB_FAILED;
    call = job_stats(vm, 0, deadline, error);
    if (!call)
        return LIBVIRT_JOB_FAILED;
    virTypedParamsGetULLong(call->params, call->n_params, VIR_DOMAIN_JOB_DISK_PROCESSED, &done);
    virTypedParamsGetULLong(call->params, call->n_params, VIR_DOMAIN_JOB_DISK_TOTAL, &total);
    if (call->value != VIR_DOMAIN_JOB_NONE)
        progress_update(progress, (gint64)done, (gint64)total);
    if (!copy->was_halted && vm_halted(vm, &halted, deadline, NULL) && halted) {
        set_error(error, "QEMU paused the VM on a disk error");
        return LIBVIRT_JOB_FAILED;
    }
    return LIBVIRT_JOB_RUNS;
}

/* libvirt refuses questions about a domain whose QEMU is ending with whatever text it has. */
static LibvirtJobState look(Vm *vm, gpointer data, Progress *progress, const Deadline *deadline,
                            GError **error)
{
    g_autoptr(GError) problem = NULL;
    LibvirtJobState job = look_once(vm, data, progress, deadline, &problem);

    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) && is_off_soon(vm, deadline))
        report_off(vm, deadline, error);
    else if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return job;
}

static gboolean follow(Vm *vm, DiskCopy *copy, Progress *progress, int cancel_fd, GError **error)
{
    gboolean ok = libvirt_job_follow(vm, look, copy, progress, cancel_fd, error);

    libvirt_end_unwatch(vm);
    return ok;
}

typedef struct {
    const DiskCopy *copy; /* NULL: a job of any set */
    const Deadline *deadline;
    gboolean aborted; /* there was one, and it was told to end */
    gboolean tried;
} Finish;

static gboolean find_finished(Vm *vm, const Finish *finish, gboolean abort, gboolean *under_way,
                              const Deadline *deadline, GError **error)
{
    return finish->copy ? find_job(vm, finish->copy, abort, under_way, deadline, error)
                        : find_target(vm, g_strdup(".qcow2" PARTIAL "'"), abort, under_way,
                                      deadline, error);
}

static LibvirtJobState look_at_end(Vm *vm, gpointer data, Progress *progress,
                                   const Deadline *deadline, GError **error)
{
    Finish *finish = data;
    g_autoptr(GError) problem = NULL;
    gboolean under_way = FALSE;

    (void)progress;
    if (!find_finished(vm, finish, !finish->tried, &under_way, deadline, &problem)) {
        /* A job that is just ending cannot be aborted, and ends. */
        if (finish->tried || !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) ||
            (find_finished(vm, finish, FALSE, &under_way, deadline, NULL) && under_way)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return LIBVIRT_JOB_FAILED;
        }
    }
    finish->tried = TRUE;
    finish->aborted = finish->aborted || under_way;
    if (!under_way)
        return LIBVIRT_JOB_DONE;
    if (deadline_left_ms(finish->deadline) > 0)
        return LIBVIRT_JOB_RUNS;
    set_error(error, "libvirt's backup job did not end");
    return LIBVIRT_JOB_FAILED;
}

static int call_settle(LibvirtCall *call)
{
    return virDomainGetBlockInfo(call->domain, call->text, &call->info.block, 0);
}

/*
 * libvirt reports the end of the job, and only then has QEMU close the files, which still writes
 * tables and the header (9.0: a file changed after its checksum was taken). It does
 * both within one of its own jobs on the domain, and this question has to wait for the end of that.
 */
static gboolean settle(Vm *vm, const DiskCopy *copy, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = NULL;

    if (!copy->disks || copy->disks->len == 0)
        return TRUE;
    call = libvirt_call_on(vm, call_settle, deadline, error);
    if (!call)
        return FALSE;
    call->text = g_strdup(((const Disk *)copy->disks->pdata[0])->name);
    return libvirt_call_run(call, NULL, deadline, error);
}

static gboolean finish(Vm *vm, const DiskCopy *copy, const Deadline *deadline, GError **error)
{
    Finish finish = { .copy = copy, .deadline = deadline };
    Progress silent = { .quiet = TRUE };

    return libvirt_job_follow(vm, look_at_end, &finish, &silent, deadline->cancel_fd, error) &&
           settle(vm, copy, deadline, error);
}

/* Only guestctl gives files such names, and with the lock held no other guestctl is at work. */
static gboolean end_left(Vm *vm, guint *ended, const Deadline *deadline, GError **error)
{
    Progress silent = { .quiet = TRUE };
    Finish left = { .deadline = deadline };
    gboolean ok = libvirt_job_follow(vm, look_at_end, &left, &silent, deadline->cancel_fd, error);

    *ended = left.aborted;
    return ok;
}

/* @data: the names of the checkpoints that stay. */
static int drop_checkpoint(virDomainCheckpointPtr checkpoint, gpointer data)
{
    if (g_strv_contains(data, virDomainCheckpointGetName(checkpoint)) ||
        virDomainCheckpointDelete(checkpoint, 0) == 0)
        return 0;
    /* Its bitmaps are gone or broken, and of no use. */
    return virDomainCheckpointDelete(checkpoint, VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY);
}

/*
 * Of a domain that is off, libvirt would delete its records alone, and leave the bitmaps in the images.
 * The next backup, whether the domain is off or not, removes both.
 */
static int call_forget(LibvirtCall *call)
{
    int active = virDomainIsActive(call->domain);

    if (active <= 0)
        return active;
    return libvirt_each_checkpoint(call->domain, call->text, drop_checkpoint, call->names);
}

static gboolean forget(Vm *vm, const DiskCopy *copy, const char *const *keep,
                       const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_forget, deadline, error);

    if (!call)
        return FALSE;
    call->text = g_strdup(copy->prefix);
    call->names = g_strdupv((char **)keep);
    return libvirt_call_run(call, NULL, deadline, error);
}

static char *disks_of(virDomainCheckpointPtr checkpoint)
{
    char *xml = virDomainCheckpointGetXMLDesc(checkpoint, VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN);
    g_autoptr(GPtrArray) rows = xml ? domain_xml_read_checkpoint(xml, NULL) : NULL;
    GString *text = g_string_new(NULL);

    for (guint i = 0; rows && i < rows->len; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               ((const DomainCheckpointDisk *)rows->pdata[i])->name);
    free(xml);
    return g_string_free(text, FALSE);
}

static int add_mark(virDomainCheckpointPtr checkpoint, gpointer data)
{
    g_ptr_array_add(data, backup_mark_new(virDomainCheckpointGetName(checkpoint),
                                          disks_of(checkpoint), NULL));
    return 0;
}

static int call_marks(LibvirtCall *call)
{
    return libvirt_each_checkpoint(call->domain, "", add_mark, call->data);
}

static GPtrArray *marks(Vm *vm, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_marks, deadline, error);

    if (!call)
        return NULL;
    call->data = g_ptr_array_new_with_free_func(backup_mark_free);
    call->free_data = (GDestroyNotify)g_ptr_array_unref;
    return libvirt_call_run(call, NULL, deadline, error) ? g_ptr_array_ref(call->data) : NULL;
}

/* Whether libvirt failed for a reason that passes, and did not look for the bitmaps. */
static gboolean is_passing(int code)
{
    return code == VIR_ERR_OPERATION_TIMEOUT || code == VIR_ERR_RPC || code == VIR_ERR_SYSTEM_ERROR;
}

/* @value: whether only libvirt's own data was removed, @string: why. */
static int call_unmark(LibvirtCall *call)
{
    virDomainCheckpointPtr found = virDomainCheckpointLookupByName(call->domain, call->text, 0);
    char *job = virDomainBackupGetXMLDesc(call->domain, 0);
    int result = found ? virDomainCheckpointDelete(found, 0) : -1;

    /* While a job is under way, libvirt may refuse for this reason alone. */
    if (found && result < 0 && !job && !is_passing(virGetLastErrorCode())) {
        call->string = strdup(virGetLastErrorMessage());
        call->value = 1;
        result = virDomainCheckpointDelete(found, VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY);
    }
    free(job);
    if (found)
        virDomainCheckpointFree(found);
    return result;
}

static gboolean unmark(Vm *vm, const BackupMark *mark, char **note, const Deadline *deadline,
                       GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_unmark, deadline, error);

    if (!call)
        return FALSE;
    call->text = g_strdup(mark->name);
    if (!libvirt_call_run(call, NULL, deadline, error))
        return FALSE;
    if (call->value)
        *note = g_strdup_printf("a bitmap of this name may still be in the images (%s); "
                                "\"qemu-img bitmap --remove\" removes it while the VM is off",
                                call->string);
    return TRUE;
}

const BackupOps libvirt_backup = {
    .attach = attach,
    .begin = begin,
    .begin_late = begin_late,
    .follow = follow,
    .finish = finish,
    .end_left = end_left,
    .forget = forget,
    .marks = marks,
    .unmark = unmark,
};
