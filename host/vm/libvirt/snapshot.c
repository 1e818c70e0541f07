/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "host/snapshot/snapshot.h"
#include "host/vm/libvirt/vm.h"
#include "lib/errors.h"

/* Snapshots by libvirt, which keeps no record of them: they are the manifests'. */

#define LOOK_MS 250
/* All copied, and not ready yet: for so many looks. */
#define MAX_PIVOTS 120

/* What is read of a domain's description. */
typedef struct {
    GPtrArray *disks;
    SnapshotDisk *disk; /* being read */
    gboolean skipped;   /* it cannot be written to */
} Reading;

/* Whether the element that begins lies in the @parents, separated by '/', from the root. */
static gboolean lies_in(GMarkupParseContext *context, const char *parents)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (const GSList *row = g_markup_parse_context_get_element_stack(context)->next; row;
         row = row->next) {
        g_string_prepend(path, row->data);
        if (row->next)
            g_string_prepend_c(path, '/');
    }
    return g_str_equal(path->str, parents);
}

static const char *attribute(const char **names, const char **values, const char *name)
{
    for (gsize i = 0; names[i]; i++)
        if (g_str_equal(names[i], name))
            return values[i];
    return NULL;
}

static void begin_disk(Reading *reading, const char *device)
{
    reading->disk = g_new0(SnapshotDisk, 1);
    reading->skipped = device && !g_str_equal(device, "disk") && !g_str_equal(device, "lun");
}

static void read_part(Reading *reading, const char *element, const char **names,
                      const char **values)
{
    SnapshotDisk *disk = reading->disk;

    if (g_str_equal(element, "readonly"))
        reading->skipped = TRUE;
    if (g_str_equal(element, "source") && !disk->image)
        disk->image = g_strdup(attribute(names, values, "file"));
    if (g_str_equal(element, "driver") && !disk->format)
        disk->format = g_strdup(attribute(names, values, "type"));
    if (g_str_equal(element, "target") && !disk->name)
        disk->name = g_strdup(attribute(names, values, "dev"));
}

static void on_start(GMarkupParseContext *context, const char *element, const char **names,
                     const char **values, gpointer data, GError **error)
{
    Reading *reading = data;
    SnapshotDisk *disk = reading->disk;

    (void)error;
    if (g_str_equal(element, "disk") && lies_in(context, "domain/devices"))
        begin_disk(reading, attribute(names, values, "device"));
    else if (disk && lies_in(context, "domain/devices/disk"))
        read_part(reading, element, names, values);
    else if (disk && g_str_equal(element, "source") && !disk->backing &&
             lies_in(context, "domain/devices/disk/backingStore"))
        disk->backing = g_strdup(attribute(names, values, "file"));
}

static void on_end(GMarkupParseContext *context, const char *element, gpointer data,
                   GError **error)
{
    Reading *reading = data;

    (void)error;
    if (!reading->disk || !g_str_equal(element, "disk") || !lies_in(context, "domain/devices"))
        return;
    if (reading->disk->name && !reading->skipped) {
        if (!reading->disk->format)
            reading->disk->format = g_strdup("raw");
        g_ptr_array_add(reading->disks, reading->disk);
    } else {
        snapshot_disk_free(reading->disk);
    }
    reading->disk = NULL;
}

static gboolean libvirt_failed(GError **error)
{
    return set_error(error, "libvirt refused: %s", virGetLastErrorMessage());
}

static GPtrArray *libvirt_disks(Vm *vm, const Deadline *deadline, GError **error)
{
    static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end };
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(snapshot_disk_free);
    Reading reading = { .disks = disks };
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &reading, NULL);
    char *xml = virDomainGetXMLDesc(vm_libvirt_domain(vm), 0);
    gboolean ok;

    (void)deadline;
    if (!xml) {
        libvirt_failed(error);
        return NULL;
    }
    ok = g_markup_parse_context_parse(context, xml, -1, error);
    free(xml);
    if (reading.disk)
        snapshot_disk_free(reading.disk);
    return ok ? g_steal_pointer(&disks) : NULL;
}

/* Every disk has to be named: those left out would get a snapshot as well. */
static char *description(Vm *vm, const GPtrArray *disks, const Deadline *deadline, GError **error)
{
    g_autoptr(GPtrArray) all = libvirt_disks(vm, deadline, error);
    GString *xml;

    if (!all)
        return NULL;
    xml = g_string_new("<domainsnapshot><disks>");
    for (guint i = 0; i < all->len; i++) {
        const SnapshotDisk *row = all->pdata[i];
        const SnapshotDisk *disk = snapshot_disk(disks, row->name);
        g_autofree char *text =
            disk ? g_markup_printf_escaped("<disk name='%s' snapshot='external'><driver "
                                           "type='qcow2'/><source file='%s'/></disk>",
                                           disk->name, disk->overlay)
                 : g_markup_printf_escaped("<disk name='%s' snapshot='no'/>", row->name);

        g_string_append(xml, text);
    }
    g_string_append(xml, "</disks></domainsnapshot>");
    return g_string_free(xml, FALSE);
}

/* What libvirt is asked for, which waits for QEMU as long as that takes. */
typedef struct {
    virDomainPtr domain;
    char *xml;
} Order;

static void order_free(gpointer data)
{
    Order *order = data;

    virDomainFree(order->domain);
    g_free(order->xml);
    g_free(order);
}

static gboolean carry_out(gpointer data, GError **error)
{
    const Order *order = data;
    virDomainSnapshotPtr snapshot =
        virDomainSnapshotCreateXML(order->domain, order->xml,
                                   VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY |
                                       VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC |
                                       VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA);

    if (!snapshot)
        return libvirt_failed(error);
    virDomainSnapshotFree(snapshot);
    return TRUE;
}

static gboolean libvirt_take(Vm *vm, const GPtrArray *disks, const Deadline *deadline,
                             GError **error)
{
    char *xml = description(vm, disks, deadline, error);
    Order *order;

    if (!xml)
        return FALSE;
    order = g_new0(Order, 1);
    order->xml = xml;
    order->domain = vm_libvirt_domain(vm);
    virDomainRef(order->domain);
    return errand_run(&vm->errand, carry_out, order, order_free, deadline, error);
}

static gboolean libvirt_await(Vm *vm, const Deadline *deadline, GError **error)
{
    return errand_await(&vm->errand, deadline, error);
}

/* Waits until all is copied, and then lets go of the overlay. */
static gboolean await_pivot(virDomainPtr domain, const char *disk, Progress *progress,
                            int cancel_fd, GError **error)
{
    int pivots = 0;

    for (;;) {
        Deadline look = deadline_in(LOOK_MS, cancel_fd);
        g_autoptr(GError) problem = NULL;
        virDomainBlockJobInfo info;
        int jobs = virDomainGetBlockJobInfo(domain, disk, &info, 0);

        if (jobs < 0)
            return libvirt_failed(error);
        if (jobs == 0)
            return set_error(error, "libvirt's job has ended by itself");
        progress_update(progress, (gint64)info.cur, (gint64)info.end);
        if (info.end > 0 && info.cur == info.end &&
            virDomainBlockJobAbort(domain, disk, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT) == 0)
            return TRUE;
        pivots += info.end > 0 && info.cur == info.end;
        if (pivots > MAX_PIVOTS)
            return libvirt_failed(error);
        deadline_poll(&look, -1, 0, &problem);
        if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
    }
}

static gboolean libvirt_commit(Vm *vm, const SnapshotDisk *disk, Progress *progress, int cancel_fd,
                               GError **error)
{
    virDomainPtr domain = vm_libvirt_domain(vm);

    if (virDomainBlockCommit(domain, disk->name, NULL, NULL, 0,
                             VIR_DOMAIN_BLOCK_COMMIT_ACTIVE | VIR_DOMAIN_BLOCK_COMMIT_SHALLOW) < 0)
        return libvirt_failed(error);
    if (await_pivot(domain, disk->name, progress, cancel_fd, error))
        return TRUE;
    virDomainBlockJobAbort(domain, disk->name, 0);
    return FALSE;
}

const SnapshotOps snapshot_libvirt = {
    .disks = libvirt_disks,
    .take = libvirt_take,
    .await = libvirt_await,
    .commit = libvirt_commit,
};
