/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/storage/disk-address.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "commands/parse/device-path.h"
#include "lib/errors.h"

/* The limit for stacked devices: sysfs has no cycles, but the recursion must not depend on that. */
#define MAX_LAYERS 64

static const Type bus_type = {
    .kind = TYPE_ENUM,
    .name = "GuestDiskBusType",
    .size = sizeof(int),
    .values = (const char *const[]){
        "ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd", "unknown", "ieee1394",
        "ssa", "fibre", "raid", "iscsi", "sas", "mmc", "virtual", "file-backed-virtual", "nvme",
        NULL },
};

static const Type pci_controller_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestPCIAddress",
    .size = sizeof(PciController),
    .fields = (const Field[]){
        REQUIRED(PciController, bus, "bus", &type_int, .doc = "PCI bus, -1 if unknown"),
        REQUIRED(PciController, slot, "slot", &type_int, .doc = "PCI slot, -1 if unknown"),
        REQUIRED(PciController, domain, "domain", &type_int, .doc = "PCI domain, -1 if unknown"),
        REQUIRED(PciController, function, "function", &type_int,
                 .doc = "PCI function, -1 if unknown"),
        FIELDS_END,
    },
};

static const Type ccw_address_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestCCWAddress",
    .size = sizeof(CcwAddress),
    .fields = (const Field[]){
        REQUIRED(CcwAddress, cssid, "cssid", &type_int, .doc = "channel subsystem"),
        REQUIRED(CcwAddress, ssid, "ssid", &type_int, .doc = "subchannel set"),
        REQUIRED(CcwAddress, subchno, "subchno", &type_int, .doc = "subchannel"),
        REQUIRED(CcwAddress, devno, "devno", &type_int, .doc = "device number"),
        FIELDS_END,
    },
};

const Type disk_address_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestDiskAddress",
    .size = sizeof(DiskAddress),
    .fields = (const Field[]){
        { .name = "ccw-address", .type = &ccw_address_type, .offset = offsetof(DiskAddress, ccw),
          .has_offset = offsetof(DiskAddress, has_ccw), .flags = FIELD_OPTIONAL,
          .doc = "address on a channel subsystem (s390)" },
        OPTIONAL_STRING(DiskAddress, serial, "serial", .doc = "serial number, from udev"),
        REQUIRED(DiskAddress, bus_type, "bus-type", &bus_type, .doc = "type of the bus"),
        REQUIRED(DiskAddress, bus, "bus", &type_int, .doc = "bus number of the controller"),
        REQUIRED(DiskAddress, unit, "unit", &type_int, .doc = "unit number"),
        REQUIRED(DiskAddress, pci, "pci-controller", &pci_controller_type,
                 .doc = "PCI address of the controller"),
        OPTIONAL_STRING(DiskAddress, dev, "dev", .doc = "device node"),
        REQUIRED(DiskAddress, target, "target", &type_int, .doc = "target number on the bus"),
        FIELDS_END,
    },
};

/* The source of a disk's address, by the driver of its PCI function. */
typedef enum {
    WAY_IDE,     /* index of the host, SCSI target */
    WAY_SCSI,    /* SCSI target */
    WAY_VIRTIO,  /* SCSI LUN, if it is on a SCSI bus */
    WAY_SATA,    /* index of the port */
    WAY_NVME,
    WAY_USB,
} Way;

static const struct {
    const char *driver;
    Way way;
} known_drivers[] = {
    { "ata_piix", WAY_IDE },   { "sym53c8xx", WAY_SCSI }, { "virtio-pci", WAY_VIRTIO },
    { "ahci", WAY_SATA },      { "nvme", WAY_NVME },      { "xhci_hcd", WAY_USB },
    { "ehci-pci", WAY_USB },
};

/* Whether the driver of the PCI function @dir is a known one. */
static gboolean find_driver(const Sysroot *sysroot, const char *dir, Way *way)
{
    g_autofree char *path = g_strconcat(dir, "/driver", NULL);
    g_autofree char *link = sysroot_readlink(sysroot, path);
    g_autofree char *name = link ? g_path_get_basename(link) : NULL;

    for (gsize i = 0; name && i < G_N_ELEMENTS(known_drivers); i++) {
        if (g_str_equal(name, known_drivers[i].driver)) {
            *way = known_drivers[i].way;
            return TRUE;
        }
    }
    return FALSE;
}

/* The controller: the first function below the root bus with a known driver. */
static gboolean find_controller(const Sysroot *sysroot, const char *syspath, PciPlace *place,
                                Way *way)
{
    gsize len = 0;

    while (device_path_next_pci(syspath, &len, place)) {
        g_autofree char *dir = g_strndup(syspath, len);

        if (find_driver(sysroot, dir, way))
            return TRUE;
    }
    return FALSE;
}

/* The index of a host or port among its siblings, whose numbers start anywhere. */
static gboolean find_host_index(const Sysroot *sysroot, const char *syspath, gint64 *index)
{
    g_autofree char *dir = NULL;
    g_auto(GStrv) names = NULL;
    HostPlace host;
    guint number;

    if (!device_path_host(syspath, &host))
        return FALSE;
    dir = g_strndup(syspath, host.dir_len);
    names = sysroot_list_dir(sysroot, dir, DT_UNKNOWN);
    *index = 0;
    for (gsize i = 0; names && names[i]; i++)
        if (device_name_number(names[i], host.prefix, &number) && number < host.number)
            ++*index;
    return names != NULL;
}

/* Fills in bus type, bus, target and unit of a disk on PCI. Returns FALSE if they are unknown. */
static gboolean place_on_pci(const Sysroot *sysroot, const char *syspath, Way way,
                             DiskAddress *address)
{
    ScsiPlace scsi = { 0 };
    gboolean has_scsi = device_path_scsi(syspath, &scsi);
    gint64 index = 0;

    switch (way) {
    case WAY_IDE:
        if (!has_scsi || !find_host_index(sysroot, syspath, &index))
            return FALSE;
        address->bus_type = BUS_IDE;
        address->bus = index;
        address->unit = scsi.target;
        return TRUE;
    case WAY_SCSI:
        if (!has_scsi)
            return FALSE;
        address->bus_type = BUS_SCSI;
        address->unit = scsi.target;
        return TRUE;
    case WAY_VIRTIO:
        address->bus_type = has_scsi ? BUS_SCSI : BUS_VIRTIO;
        address->unit = scsi.lun;
        return TRUE;
    case WAY_SATA:
        if (!find_host_index(sysroot, syspath, &index))
            return FALSE;
        address->bus_type = BUS_SATA;
        address->unit = index;
        return TRUE;
    case WAY_NVME:
        address->bus_type = BUS_NVME;
        return TRUE;
    case WAY_USB:
        address->bus_type = BUS_USB;
        return TRUE;
    }
    return FALSE;
}

static gboolean find_on_pci(const Sysroot *sysroot, const char *syspath, DiskAddress *address)
{
    PciPlace place;
    Way way;

    if (!find_controller(sysroot, syspath, &place, &way))
        return FALSE;
    address->pci =
        (PciController){ .domain = place.domain, .bus = place.bus, .slot = place.slot,
                         .function = place.function };
    return place_on_pci(sysroot, syspath, way, address);
}

static gboolean find_on_virtio(const char *syspath, DiskAddress *address)
{
    ScsiPlace scsi;

    if (!device_path_is_virtio(syspath))
        return FALSE;
    address->bus_type = BUS_VIRTIO;
    if (device_path_scsi(syspath, &scsi)) {
        address->bus_type = BUS_SCSI;
        address->bus = scsi.channel;
        address->target = scsi.target;
        address->unit = scsi.lun;
    }
    return TRUE;
}

static gboolean find_on_ccw(const char *syspath, DiskAddress *address)
{
    CcwPlace place;

    if (!device_path_ccw(syspath, &place))
        return FALSE;
    address->has_ccw = true;
    address->ccw = (CcwAddress){ .cssid = place.cssid, .ssid = place.ssid,
                                 .subchno = place.subchno, .devno = place.devno };
    find_on_virtio(syspath, address);
    return TRUE;
}

gboolean disk_address_find(BlockDevices *devices, const char *syspath, DiskAddress *address)
{
    const Sysroot *sysroot = block_devices_sysroot(devices);
    BlockProperties properties;
    gboolean found;

    *address = (DiskAddress){ .bus_type = BUS_UNKNOWN, .pci = { -1, -1, -1, -1 } };
    block_properties(devices, syspath, &properties);
    address->dev = properties.node;
    address->serial = properties.serial;
    if (strstr(syspath, "/devices/pci"))
        found = find_on_pci(sysroot, syspath, address);
    else if (strstr(syspath, "/devices/css"))
        found = find_on_ccw(syspath, address);
    else
        found = find_on_virtio(syspath, address);
    return found || address->dev || address->serial;
}

static gboolean collect(BlockDevices *devices, const char *syspath, guint layer, List *addresses,
                        GError **error);

/* Descends to the devices that the virtual device @syspath is made of. */
static gboolean collect_slaves(BlockDevices *devices, const char *syspath, guint layer,
                               List *addresses, GError **error)
{
    const Sysroot *sysroot = block_devices_sysroot(devices);
    g_autofree char *dir = g_strconcat(syspath, "/slaves", NULL);
    g_auto(GStrv) names = sysroot_list_dir(sysroot, dir, DT_LNK);

    if (!names && errno != ENOENT)
        return set_errno_error(error, errno, "opendir(\"%s\")", dir);
    for (gsize i = 0; names && names[i]; i++) {
        g_autofree char *link = g_build_filename(dir, names[i], NULL);
        g_autofree char *path = sysroot_realpath(sysroot, link);

        if (!path && errno == ENOENT)
            continue;
        if (!path)
            return set_errno_error(error, errno, "realpath(\"%s\")", link);
        if (!collect(devices, path, layer + 1, addresses, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean collect(BlockDevices *devices, const char *syspath, guint layer, List *addresses,
                        GError **error)
{
    DiskAddress address;

    if (device_path_is_virtual(syspath))
        return layer == MAX_LAYERS ||
               collect_slaves(devices, syspath, layer, addresses, error);
    if (disk_address_find(devices, syspath, &address))
        *(DiskAddress *)list_append(addresses, block_devices_arena(devices), sizeof address) =
            address;
    return TRUE;
}

gboolean disk_addresses_collect(BlockDevices *devices, const char *syspath, List *addresses,
                                GError **error)
{
    if (!collect(devices, syspath, 0, addresses, error))
        return FALSE;
    list_reverse(addresses, sizeof(DiskAddress));
    return TRUE;
}
