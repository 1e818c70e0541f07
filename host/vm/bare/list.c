/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/base/qcow2-header.h"
#include "host/vm/bare/vm.h"
#include "host/wire/wire.h"
#include "lib/errors.h"

/*
 * Where bare QEMUs are known from: --agent and --qmp, else the files vms.ini. They have a group for
 * each VM, with the keys "agent" and "qmp", the addresses of its sockets. The user's own file
 * comes first.
 */
static GPtrArray *read_files(const Reporter *reporter)
{
    GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)g_key_file_unref);
    g_autofree char *mine = g_build_filename(g_get_user_config_dir(), "guestctl", "vms.ini", NULL);
    const char *const paths[] = { mine, GUESTCTL_CONFDIR "/vms.ini" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;

        if (g_key_file_load_from_file(file, paths[i], G_KEY_FILE_NONE, &error))
            g_ptr_array_add(files, g_steal_pointer(&file));
        else if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            reporter_warn(reporter, "%s: %s", paths[i], error->message);
    }
    return files;
}

/* A VM whose addresses, of which one may be NULL, are checked; NULL with @error set. */
static Vm *checked(const char *name, const char *agent, const char *qmp, const Context *context,
                   GError **error)
{
    if ((agent && !wire_address_check(agent, error)) || (qmp && !wire_address_check(qmp, error)))
        return NULL;
    return bare_new(name, agent, qmp, context);
}

static Vm *from_group(GKeyFile *file, const char *name, const Context *context, GError **error)
{
    g_autofree char *agent = g_key_file_get_string(file, name, "agent", NULL);
    g_autofree char *qmp = g_key_file_get_string(file, name, "qmp", NULL);

    if (agent || qmp)
        return checked(name, agent, qmp, context, error);
    set_error(error, "%s: its group in vms.ini has neither agent nor qmp", name);
    return NULL;
}

#define FORMAT_OPTION ",format="

/* Where FILE begins: after a name and "=", if what is before that can be a name. */
static const char *file_in(const char *text)
{
    const char *equals = strchr(text, '=');

    return equals && !memchr(text, '/', (gsize)(equals - text)) &&
           !memchr(text, ',', (gsize)(equals - text)) ? equals + 1 : text;
}

char *bare_image_path(const char *text)
{
    const char *file = file_in(text), *option = g_strrstr(file, FORMAT_OPTION);
    g_autofree char *path = option ? g_strndup(file, (gsize)(option - file)) : g_strdup(file);

    return g_canonicalize_filename(path, NULL);
}

/*
 * As QEMU would guess it. What a guest wrote to a raw image may look like a qcow2 image, but that
 * must not lead to other files.
 */
static char *guess_format(const char *path, GError **error)
{
    g_auto(Qcow2Header) header = { 0 };

    if (!qcow2_header_read(path, &header, NULL))
        return g_strdup("raw");
    if (!header.backing && !header.external_data)
        return g_strdup("qcow2");
    set_error(error, "%s depends on another file; confirm its format with --image "
                     "[NAME=]FILE,format=qcow2", path);
    return NULL;
}

Disk *bare_image_disk(const char *text, GError **error)
{
    g_autofree char *path = bare_image_path(text), *base = g_path_get_basename(path);
    const char *file = file_in(text), *option = g_strrstr(file, FORMAT_OPTION);
    g_autofree char *format = option ? g_strdup(option + strlen(FORMAT_OPTION))
                                     : guess_format(path, error);
    Disk *disk;

    if (!format)
        return NULL;
    if (strrchr(base, '.') > base)
        *strrchr(base, '.') = '\0';
    disk = disk_new();
    disk->name = file > text ? g_strndup(text, (gsize)(file - text) - 1) : g_strdup(base);
    disk->path = g_strdup(path);
    disk->image = g_strdup(path);
    disk->format = g_steal_pointer(&format);
    return disk;
}

/* The VM of these options, called by its socket or first image if it was given no name. */
static Vm *from_options(const char *name, const Context *context, GError **error)
{
    const char *address = context->agent ? context->agent
                          : context->qmp ? context->qmp : context->images->pdata[0];

    return checked(name ? name : address, context->agent, context->qmp, context, error);
}

Vm *bare_open(gpointer link, const char *name, const Context *context, Reporter *reporter,
              GError **error)
{
    g_autoptr(GPtrArray) files = NULL;

    (void)link;
    if (context_has_vm(context))
        return from_options(name, context, error);
    if (context->uri)
        return NULL;
    files = read_files(reporter);
    for (guint i = 0; i < files->len; i++)
        if (g_key_file_has_group(files->pdata[i], name))
            return from_group(files->pdata[i], name, context, error);
    return NULL;
}

GPtrArray *bare_list(gpointer link, const Context *context, Reporter *reporter, GError **error)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    g_autoptr(GPtrArray) files = read_files(reporter);

    (void)link;
    for (guint i = 0; i < files->len; i++) {
        g_auto(GStrv) names = g_key_file_get_groups(files->pdata[i], NULL);

        for (char **name = names; *name; name++) {
            Vm *vm;

            if (!vm_matches(*name, context) || vms_find(vms, *name))
                continue;
            vm = from_group(files->pdata[i], *name, context, error);
            if (!vm)
                return NULL;
            g_ptr_array_add(vms, vm);
        }
    }
    return g_steal_pointer(&vms);
}
