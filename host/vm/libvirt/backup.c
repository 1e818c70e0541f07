/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "host/backup/backup.h"
#include "host/vm/libvirt/vm.h"
#include "lib/errors.h"

/*
 * Backups by libvirt. Its checkpoints are QEMU's bitmaps with a name in libvirt, so that a
 * point's checkpoint is treated as the bitmap of a bare QEMU is.
 */

#define LOOK_MS 250

/* Bytes a second while the guest is frozen; see backup-bare.c. */
#define HELD_RATE 1

static gboolean refused(GError **error)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_REFUSED, "libvirt refused: %s",
                virGetLastErrorMessage());
    return FALSE;
}

static virDomainPtr domain_of(const Backup *backup)
{
    return vm_libvirt_domain(backup->job->vm);
}

static const char *attribute(const char **names, const char **values, const char *name)
{
    for (gsize i = 0; names[i]; i++)
        if (g_str_equal(names[i], name))
            return values[i];
    return NULL;
}

/* The element that is @level above the one that begins, or "". */
static const char *above(GMarkupParseContext *context, guint level)
{
    const char *name = g_slist_nth_data((GSList *)g_markup_parse_context_get_element_stack(context),
                                        level);

    return name ? name : "";
}

/* What is read of a domain's description. */
typedef struct {
    GPtrArray *disks;
    BlockDisk *disk; /* that is being read */
    gboolean fixed;  /* it cannot be written to */
} Reading;

static void on_disk(GMarkupParseContext *context, const char *element, const char **names,
                    const char **values, gpointer data, GError **error)
{
    Reading *reading = data;
    const char *text;

    (void)error;
    if (g_str_equal(element, "disk") && g_str_equal(above(context, 1), "devices")) {
        text = attribute(names, values, "device");
        reading->disk = block_disk_new();
        reading->fixed = text && !g_str_equal(text, "disk") && !g_str_equal(text, "lun");
        return;
    }
    if (!reading->disk || !g_str_equal(above(context, 1), "disk"))
        return;
    if (g_str_equal(element, "readonly"))
        reading->fixed = TRUE;
    if (g_str_equal(element, "target") && (text = attribute(names, values, "dev")))
        reading->disk->name = g_strdup(text);
    if (g_str_equal(element, "driver") && (text = attribute(names, values, "type")))
        reading->disk->remembers = g_str_equal(text, "qcow2");
}

static void on_disk_end(GMarkupParseContext *context, const char *element, gpointer data,
                        GError **error)
{
    Reading *reading = data;

    (void)error;
    if (!reading->disk || !g_str_equal(element, "disk") ||
        !g_str_equal(above(context, 1), "devices"))
        return;
    if (reading->fixed || !reading->disk->name)
        block_disk_free(reading->disk);
    else
        g_ptr_array_add(reading->disks, reading->disk);
    reading->disk = NULL;
}

static gboolean parse(const char *xml, const GMarkupParser *parser, gpointer data, GError **error)
{
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(parser, 0, data, NULL);

    return g_markup_parse_context_parse(context, xml, -1, error);
}

static gboolean read_size(const Backup *backup, BlockDisk *disk, GError **error)
{
    virDomainBlockInfo info;

    if (virDomainGetBlockInfo(domain_of(backup), disk->name, &info, 0) < 0)
        return refused(error);
    disk->size = (gint64)info.capacity;
    disk->allocated = (gint64)MIN(info.capacity, MAX(info.allocation,
                                                     disk->remembers ? info.physical : 0));
    return TRUE;
}

/* A checkpoint, as a bitmap of each of its disks. */
typedef struct {
    Backup *backup;
    const char *name;
    gboolean sane;
} Marking;

static void on_mark(GMarkupParseContext *context, const char *element, const char **names,
                    const char **values, gpointer data, GError **error)
{
    const Marking *marking = data;
    const char *name = attribute(names, values, "name");
    const char *size = attribute(names, values, "size");

    (void)error;
    if (!g_str_equal(element, "disk") || !g_str_equal(above(context, 1), "disks") || !name ||
        !g_strcmp0(attribute(names, values, "checkpoint"), "no"))
        return;
    for (guint i = 0; i < marking->backup->disks->len; i++) {
        BlockDisk *disk = marking->backup->disks->pdata[i];

        if (g_str_equal(disk->name, name))
            block_disk_mark(disk, marking->name,
                            size ? g_ascii_strtoll(size, NULL, 10) : 0,
                            marking->sane);
    }
}

/* libvirt can tell the size only of a checkpoint whose bitmaps are there and whole. */
static void read_checkpoint(Backup *backup, virDomainCheckpointPtr checkpoint)
{
    static const GMarkupParser parser = { .start_element = on_mark };
    Marking marking = { .backup = backup, .name = virDomainCheckpointGetName(checkpoint) };
    char *xml = virDomainCheckpointGetXMLDesc(checkpoint, VIR_DOMAIN_CHECKPOINT_XML_SIZE |
                                                              VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN);

    marking.sane = xml != NULL;
    if (!xml)
        xml = virDomainCheckpointGetXMLDesc(checkpoint, VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN);
    if (xml)
        parse(xml, &parser, &marking, NULL);
    free(xml);
}

/* Calls @act for each checkpoint of the set. */
static gboolean each_checkpoint(Backup *backup,
                                gboolean (*act)(Backup *backup, virDomainCheckpointPtr checkpoint,
                                                const char *keep, GError **error),
                                const char *keep, GError **error)
{
    virDomainCheckpointPtr *list = NULL;
    int n = virDomainListAllCheckpoints(domain_of(backup), &list, 0);
    gboolean ok = n >= 0 || refused(error);

    for (int i = 0; i < n; i++) {
        if (ok && g_str_has_prefix(virDomainCheckpointGetName(list[i]), backup->prefix))
            ok = act(backup, list[i], keep, error);
        virDomainCheckpointFree(list[i]);
    }
    free(list);
    return ok;
}

static gboolean add_checkpoint(Backup *backup, virDomainCheckpointPtr checkpoint, const char *keep,
                               GError **error)
{
    (void)keep;
    (void)error;
    read_checkpoint(backup, checkpoint);
    return TRUE;
}

static gboolean is_stopped(Backup *backup)
{
    int state, reason;

    return virDomainGetState(domain_of(backup), &state, &reason, 0) == 0 &&
           state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_IOERROR;
}

static gboolean libvirt_disks(Backup *backup, GError **error)
{
    static const GMarkupParser parser = { .start_element = on_disk, .end_element = on_disk_end };
    Reading reading = { .disks = g_ptr_array_new_with_free_func(block_disk_free) };
    char *xml = virDomainGetXMLDesc(domain_of(backup), 0);
    gboolean ok = xml ? parse(xml, &parser, &reading, error) : refused(error);

    free(xml);
    backup->disks = reading.disks;
    backup->stopped = is_stopped(backup);
    for (guint i = 0; ok && i < backup->disks->len; i++)
        ok = read_size(backup, backup->disks->pdata[i], error);
    return ok && each_checkpoint(backup, add_checkpoint, NULL, error);
}

static char *backup_xml(const Backup *backup)
{
    g_autofree char *old = backup->parent ? backup_bitmap(backup, backup->parent) : NULL;
    GString *xml = g_string_new("<domainbackup mode='push'>");

    if (old)
        g_string_append_printf(xml, "<incremental>%s</incremental>", old);
    g_string_append(xml, "<disks>");
    for (guint i = 0; i < backup->disks->len; i++) {
        g_autofree char *path = backup_partial(backup, i);
        g_autofree char *text = g_markup_printf_escaped(
            "<disk name='%s' backup='yes' type='file'><driver type='qcow2'/><target file='%s'/>"
            "</disk>", ((const BlockDisk *)backup->disks->pdata[i])->name, path);

        g_string_append(xml, text);
    }
    g_string_append(xml, "</disks></domainbackup>");
    return g_string_free(xml, FALSE);
}

/* NULL if no disk can have one. */
static char *checkpoint_xml(const Backup *backup)
{
    g_autofree char *fresh = backup_bitmap(backup, backup->point);
    GString *xml = g_string_new("<domaincheckpoint>");
    guint n = 0;

    g_string_append_printf(xml, "<name>%s</name><disks>", fresh);
    for (guint i = 0; i < backup->disks->len; i++) {
        const BlockDisk *disk = backup->disks->pdata[i];
        g_autofree char *text = g_markup_printf_escaped(
            "<disk name='%s' checkpoint='%s'/>", disk->name, disk->remembers ? "bitmap" : "no");

        g_string_append(xml, text);
        n += disk->remembers;
    }
    g_string_append(xml, "</disks></domaincheckpoint>");
    return g_string_free(xml, n == 0);
}

/* What libvirt is asked for, which waits for QEMU as long as that takes. */
typedef struct {
    virDomainPtr domain;
    char *xml, *checkpoint;
    char **disks;
} Order;

static void order_free(gpointer data)
{
    Order *order = data;

    virDomainFree(order->domain);
    g_free(order->xml);
    g_free(order->checkpoint);
    g_strfreev(order->disks);
    g_free(order);
}

/* 0: as fast as it goes. */
static gboolean set_rate(virDomainPtr domain, const char *disk, unsigned long rate)
{
    return virDomainBlockJobSetSpeed(domain, disk, rate,
                                     VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES) == 0;
}

static gboolean carry_out(gpointer data, GError **error)
{
    const Order *order = data;

    if (virDomainBackupBegin(order->domain, order->xml, order->checkpoint,
                             VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL) < 0)
        return refused(error);
    /* libvirt cannot begin it slowly. If it refuses this, the thaw takes a little longer. */
    for (char **disk = order->disks; *disk; disk++)
        set_rate(order->domain, *disk, HELD_RATE);
    return TRUE;
}

static char **disk_names(const Backup *backup)
{
    char **names = g_new0(char *, backup->disks->len + 1);

    for (guint i = 0; i < backup->disks->len; i++)
        names[i] = g_strdup(((const BlockDisk *)backup->disks->pdata[i])->name);
    return names;
}

static gboolean libvirt_begin(Backup *backup, const Deadline *deadline, GError **error)
{
    Order *order = g_new0(Order, 1);

    order->xml = backup_xml(backup);
    order->checkpoint = checkpoint_xml(backup);
    order->disks = disk_names(backup);
    backup->held = TRUE;
    order->domain = domain_of(backup);
    virDomainRef(order->domain);
    return errand_run(&backup->job->vm->errand, carry_out, order, order_free, deadline, error);
}

static gboolean libvirt_begin_late(Backup *backup, const Deadline *deadline, GError **error)
{
    return errand_await(&backup->job->vm->errand, deadline, error);
}

/* After the thaw. A disk that is copied already has no job, or one that takes no speed any more;
 * whatever else the reason for a refusal may be, the next look asks again. */
static void let_go(Backup *backup)
{
    backup->held = FALSE;
    for (guint i = 0; i < backup->disks->len; i++)
        if (!set_rate(domain_of(backup), ((const BlockDisk *)backup->disks->pdata[i])->name, 0) &&
            virGetLastErrorCode() != VIR_ERR_INVALID_ARG)
            backup->held = TRUE;
}

/* What the job that has ended came to. */
static gboolean read_end(Backup *backup, GError **error)
{
    virTypedParameterPtr params = NULL;
    const char *text = NULL;
    int type = VIR_DOMAIN_JOB_NONE, n = 0;
    gboolean ok;

    if (virDomainGetJobStats(domain_of(backup), &type, &params, &n,
                             VIR_DOMAIN_JOB_STATS_COMPLETED) < 0)
        return refused(error);
    virTypedParamsGetString(params, n, VIR_DOMAIN_JOB_ERRMSG, &text);
    ok = type == VIR_DOMAIN_JOB_COMPLETED ||
         set_error(error, "the disks could not be copied: %s",
                   text ? text : "libvirt gives no reason");
    virTypedParamsFree(params, n);
    return ok;
}

/* FALSE without @error: it goes on. */
static gboolean look(Backup *backup, Progress *progress, GError **error)
{
    virTypedParameterPtr params = NULL;
    unsigned long long done = 0, total = 0;
    int type = VIR_DOMAIN_JOB_NONE, n = 0;

    if (virDomainGetJobStats(domain_of(backup), &type, &params, &n, 0) < 0)
        return refused(error);
    if (type == VIR_DOMAIN_JOB_NONE)
        return read_end(backup, error);
    if (backup->held)
        let_go(backup);
    virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_DISK_PROCESSED, &done);
    virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_DISK_TOTAL, &total);
    virTypedParamsFree(params, n);
    progress_update(progress, (gint64)done, (gint64)total);
    if (!backup->stopped && is_stopped(backup))
        set_error(error, "QEMU stopped the VM because of an error of a disk");
    return FALSE;
}

static gboolean libvirt_await(Backup *backup, Progress *progress, GError **error)
{
    g_autoptr(GError) problem = NULL;

    while (!look(backup, progress, &problem)) {
        Deadline pause = deadline_in(LOOK_MS, backup->job->context->cancel_fd);
        g_autoptr(GError) waited = NULL;

        if (problem) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        deadline_poll(&pause, -1, 0, &waited);
        if (!g_error_matches(waited, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
            g_propagate_error(error, g_steal_pointer(&waited));
            return FALSE;
        }
    }
    return TRUE;
}

/* Whether a backup into this directory is under way. */
static gboolean is_under_way(const Backup *backup)
{
    char *xml = virDomainBackupGetXMLDesc(domain_of(backup), 0);
    g_autofree char *dir = g_markup_printf_escaped("%s/", backup->chain->dir);
    gboolean ours = xml && strstr(xml, dir);

    free(xml);
    return ours;
}

static gboolean libvirt_release(Backup *backup, const Deadline *deadline, GError **error)
{
    gboolean asked = FALSE;

    while (is_under_way(backup)) {
        Deadline pause = deadline_in(LOOK_MS, deadline->cancel_fd);

        if (deadline_left_ms(deadline) == 0)
            return set_error(error, "libvirt's backup job does not end");
        if (!asked && virDomainAbortJob(domain_of(backup)) < 0 && is_under_way(backup))
            return refused(error);
        asked = TRUE;
        deadline_poll(&pause, -1, 0, NULL);
    }
    return TRUE;
}

static gboolean drop_checkpoint(Backup *backup, virDomainCheckpointPtr checkpoint,
                                const char *keep, GError **error)
{
    (void)backup;
    if (g_strcmp0(virDomainCheckpointGetName(checkpoint), keep) == 0)
        return TRUE;
    if (virDomainCheckpointDelete(checkpoint, 0) == 0)
        return TRUE;
    /* Its bitmaps are gone or broken; nobody needs them. */
    return virDomainCheckpointDelete(checkpoint, VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY) == 0 ||
           refused(error);
}

static gboolean libvirt_forget(Backup *backup, const char *keep, const Deadline *deadline,
                               GError **error)
{
    (void)deadline;
    return each_checkpoint(backup, drop_checkpoint, keep, error);
}

static gboolean libvirt_let_run(Backup *backup)
{
    return is_stopped(backup) && virDomainResume(domain_of(backup)) == 0;
}

const BackupOps backup_libvirt = {
    .disks = libvirt_disks,
    .begin = libvirt_begin,
    .begin_late = libvirt_begin_late,
    .await = libvirt_await,
    .release = libvirt_release,
    .forget = libvirt_forget,
    .let_run = libvirt_let_run,
};
