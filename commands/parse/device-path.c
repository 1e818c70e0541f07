/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/device-path.h"

#include <string.h>

#include "lib/numbers.h"

#define PCI_ROOT "/devices/pci"
#define CSS_ROOT "/devices/css"

/* Takes @text from the start of *@at. */
static gboolean take(const char **at, const char *text)
{
    gsize len = strlen(text);

    if (strncmp(*at, text, len) != 0)
        return FALSE;
    *at += len;
    return TRUE;
}

/* Takes an unsigned number of the given base. */
static gboolean take_number(const char **at, guint base, guint *number)
{
    guint64 value;
    char *end;

    if (!(base == 16 ? g_ascii_isxdigit(**at) : g_ascii_isdigit(**at)))
        return FALSE;
    if (!numbers_uint64(*at, &end, base, &value) || value > G_MAXUINT)
        return FALSE;
    *number = (guint)value;
    *at = end;
    return TRUE;
}

static gboolean take_hex(const char **at, guint *number)
{
    return take_number(at, 16, number);
}

static gboolean take_decimal(const char **at, guint *number)
{
    return take_number(at, 10, number);
}

/* "/0000:00:05.0" */
static gboolean take_pci(const char **at, PciPlace *place)
{
    return take(at, "/") && take_hex(at, &place->domain) && take(at, ":") &&
           take_hex(at, &place->bus) && take(at, ":") && take_hex(at, &place->slot) &&
           take(at, ".") && take_hex(at, &place->function);
}

gboolean device_path_next_pci(const char *path, gsize *at, PciPlace *place)
{
    const char *rest = path + *at;
    PciPlace found;
    guint ignored;

    if (*at == 0) { /* "/devices/pci0000:00" is the root bus */
        rest = strstr(path, PCI_ROOT);
        if (!rest || !take(&rest, PCI_ROOT) || !take_hex(&rest, &ignored) || !take(&rest, ":") ||
            !take_hex(&rest, &ignored))
            return FALSE;
    }
    if (!take_pci(&rest, &found) || (*rest != '/' && *rest != '\0'))
        return FALSE;
    *place = found;
    *at = (gsize)(rest - path);
    return TRUE;
}

gboolean device_path_scsi(const char *path, ScsiPlace *place)
{
    const char *at = strstr(path, "/target");
    guint ignored;

    return at && take(&at, "/target") && take_decimal(&at, &ignored) && take(&at, ":") &&
           take_decimal(&at, &ignored) && take(&at, ":") && take_decimal(&at, &ignored) &&
           take(&at, "/") && take_decimal(&at, &ignored) && take(&at, ":") &&
           take_decimal(&at, &place->channel) && take(&at, ":") &&
           take_decimal(&at, &place->target) && take(&at, ":") && take_decimal(&at, &place->lun);
}

/* The first component of @path that consists of @prefix and a number. */
static gboolean find_numbered(const char *path, const char *prefix, HostPlace *place)
{
    g_autofree char *start = g_strconcat("/", prefix, NULL);

    for (const char *at = strstr(path, start); at; at = strstr(at, start)) {
        place->prefix = prefix;
        place->dir_len = (gsize)(at - path);
        at += strlen(start);
        if (take_decimal(&at, &place->number) && (*at == '/' || *at == '\0'))
            return TRUE;
    }
    return FALSE;
}

gboolean device_path_host(const char *path, HostPlace *place)
{
    return find_numbered(path, "ata", place) || find_numbered(path, "host", place);
}

gboolean device_name_number(const char *name, const char *prefix, guint *number)
{
    return take(&name, prefix) && take_decimal(&name, number) && *name == '\0';
}

gboolean device_path_ccw(const char *path, CcwPlace *place)
{
    const char *at = strstr(path, CSS_ROOT);
    guint ignored;

    return at && take(&at, CSS_ROOT) && take_hex(&at, &ignored) && take(&at, "/") &&
           take_hex(&at, &place->cssid) && take(&at, ".") && take_hex(&at, &place->ssid) &&
           take(&at, ".") && take_hex(&at, &place->subchno) && take(&at, "/") &&
           take_hex(&at, &ignored) && take(&at, ".") && take_hex(&at, &ignored) &&
           take(&at, ".") && take_hex(&at, &place->devno);
}

gboolean device_path_is_virtio(const char *path)
{
    return strstr(path, "/virtio") && strstr(path, "/block");
}

gboolean device_path_is_virtual(const char *path)
{
    return strstr(path, "/devices/virtual/block/") != NULL;
}

gboolean device_name_is_partition(const char *name, const char *disk)
{
    if (!take(&name, disk))
        return FALSE;
    return g_ascii_isdigit(name[0]) || (name[0] == 'p' && g_ascii_isdigit(name[1]));
}
