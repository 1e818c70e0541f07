/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/domain.h"

/*
 * Checkpoints of a domain that is off. libvirt neither makes nor deletes one then, but its record of
 * a checkpoint can be defined and removed at any time, while guestctl adds and removes the bitmaps
 * in the images (seen with 9.0).
 */

/* virDomainShutoffReason */
static const char *text_of_force(int reason)
{
    switch (reason) {
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
        return "shut off by force (destroyed)";
    case VIR_DOMAIN_SHUTOFF_CRASHED:
        return "shut off because QEMU or the guest crashed";
    case VIR_DOMAIN_SHUTOFF_FAILED:
        return "shut off because its start failed";
    case VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT:
        return "shut off by a revert to a snapshot";
    default:
        return NULL;
    }
}

static int call_reason(LibvirtCall *call)
{
    return virDomainGetState(call->domain, &call->value, &call->reason, 0);
}

static char *force(Vm *vm, const Deadline *deadline)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_reason, deadline, NULL);

    return call && call->value == VIR_DOMAIN_SHUTOFF ? g_strdup(text_of_force(call->reason)) : NULL;
}

/* @call->text: the part before the description of the domain. */
static int call_note(LibvirtCall *call)
{
    char *domain = virDomainGetXMLDesc(call->domain, VIR_DOMAIN_XML_INACTIVE);
    g_autofree char *xml = domain ? g_strconcat(call->text, domain, "</domaincheckpoint>", NULL)
                                  : NULL;
    virDomainCheckpointPtr made =
        xml ? virDomainCheckpointCreateXML(call->domain, xml,
                                           VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE) : NULL;

    free(domain);
    if (!made)
        return -1;
    virDomainCheckpointFree(made);
    return 0;
}

static gboolean note_bitmap(Vm *vm, const char *name, char **disks, const Deadline *deadline,
                            GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_note, deadline, error);
    g_autofree char *head = g_markup_printf_escaped("<name>%s</name>", name);
    GString *xml = g_string_new("<domaincheckpoint>");

    g_string_append_printf(xml, "%s<creationTime>%" G_GINT64_FORMAT "</creationTime><disks>", head,
                           g_get_real_time() / G_USEC_PER_SEC);
    for (; *disks; disks++) {
        g_autofree char *row = g_markup_printf_escaped(
            "<disk name='%s' checkpoint='bitmap' bitmap='%s'/>", *disks, name);

        g_string_append(xml, row);
    }
    g_string_append(xml, "</disks>");
    if (call)
        call->text = g_string_free(xml, FALSE);
    else
        g_string_free(xml, TRUE);
    return call && libvirt_call_run(call, NULL, deadline, error);
}

typedef struct {
    char **keep, **disks;
} Forget;

static void forget_free(void *data)
{
    Forget *forget = data;

    g_strfreev(forget->keep);
    g_strfreev(forget->disks);
    g_free(forget);
}

/* Whether all the disks of the checkpoint are among @disks. */
static gboolean covers(virDomainCheckpointPtr checkpoint, char **disks)
{
    char *xml = virDomainCheckpointGetXMLDesc(checkpoint, VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN);
    g_autoptr(GPtrArray) rows = xml ? domain_xml_read_checkpoint(xml, NULL) : NULL;
    gboolean all = rows != NULL;

    for (guint i = 0; rows && i < rows->len; i++)
        all = all && g_strv_contains((const char *const *)disks,
                                     ((const DomainCheckpointDisk *)rows->pdata[i])->name);
    free(xml);
    return all;
}

/* One that has other disks is left to the next backup of the running domain. */
static int drop_record(virDomainCheckpointPtr checkpoint, gpointer data)
{
    const Forget *forget = data;

    if (g_strv_contains((const char *const *)forget->keep,
                        virDomainCheckpointGetName(checkpoint)) ||
        !covers(checkpoint, forget->disks))
        return 0;
    return virDomainCheckpointDelete(checkpoint, VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY);
}

static int call_forget(LibvirtCall *call)
{
    return libvirt_each_checkpoint(call->domain, call->text, drop_record, call->data);
}

static gboolean forget_bitmaps(Vm *vm, const char *prefix, const char *const *keep, char **disks,
                               const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_forget, deadline, error);
    Forget *forget;

    if (!call)
        return FALSE;
    forget = g_new0(Forget, 1);
    forget->keep = g_strdupv((char **)keep);
    forget->disks = g_strdupv(disks);
    call->data = forget;
    call->free_data = forget_free;
    call->text = g_strdup(prefix);
    return libvirt_call_run(call, NULL, deadline, error);
}

const OffOps libvirt_off = {
    .force = force,
    .note_bitmap = note_bitmap,
    .forget_bitmaps = forget_bitmaps,
};
