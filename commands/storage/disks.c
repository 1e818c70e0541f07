/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>

#include "agent/schema/command.h"
#include "commands/parse/device-path.h"
#include "commands/parse/nvme-smart.h"
#include "commands/shared/deadline-call.h"
#include "commands/storage/disk-address.h"
#include "lib/errors.h"

#define BLOCK_DIR "/sys/block"

/* A drive responds in milliseconds; during a reset by the kernel it does not. */
#define SMART_LIMIT_US (2 * G_USEC_PER_SEC)

static const Type smart_kind = {
    .kind = TYPE_ENUM,
    .name = "GuestDiskSmartType",
    .size = sizeof(int),
    .values = (const char *const[]){ "nvme", NULL },
};

#define VALUE(member, wire, what) REQUIRED(NvmeSmart, member, wire, &type_int, .doc = what)
#define HALF(member, half, wire, what)                                                             \
    REQUIRED(NvmeSmart, member.half, wire, &type_uint64, .doc = what)

static const Type smart_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestDiskSmart",
    .size = sizeof(NvmeSmart),
    .fields = (const Field[]){
        VALUE(available_spare, "available-spare", "available spare capacity, percent"),
        HALF(host_write_commands, hi, "host-write-commands-hi", "host writes, upper half"),
        VALUE(temperature, "temperature", "Kelvin"),
        HALF(power_on_hours, lo, "power-on-hours-lo", "hours of operation"),
        HALF(host_read_commands, hi, "host-read-commands-hi", "host reads, upper half"),
        HALF(host_read_commands, lo, "host-read-commands-lo", "reads"),
        HALF(error_log_entries, hi, "number-of-error-log-entries-hi", "error log entries, upper "
                                                                      "half"),
        HALF(unsafe_shutdowns, hi, "unsafe-shutdowns-hi", "unsafe shutdowns, upper half"),
        HALF(unsafe_shutdowns, lo, "unsafe-shutdowns-lo", "unsafe shutdowns"),
        HALF(host_write_commands, lo, "host-write-commands-lo", "writes"),
        VALUE(available_spare_threshold, "available-spare-threshold", "threshold of the spare "
                                                                      "capacity, percent"),
        HALF(power_on_hours, hi, "power-on-hours-hi", "hours of operation, upper half"),
        HALF(controller_busy_time, hi, "controller-busy-time-hi", "busy minutes, upper half"),
        HALF(controller_busy_time, lo, "controller-busy-time-lo", "busy minutes"),
        HALF(data_units_read, hi, "data-units-read-hi", "1000 sectors read, upper half"),
        HALF(data_units_read, lo, "data-units-read-lo", "1000 sectors read"),
        HALF(power_cycles, hi, "power-cycles-hi", "power cycles, upper half"),
        HALF(power_cycles, lo, "power-cycles-lo", "power cycles"),
        HALF(media_errors, hi, "media-errors-hi", "uncorrected errors, upper half"),
        HALF(media_errors, lo, "media-errors-lo", "uncorrected errors"),
        HALF(data_units_written, hi, "data-units-written-hi", "1000 sectors written, upper half"),
        HALF(data_units_written, lo, "data-units-written-lo", "1000 sectors written"),
        REQUIRED(NvmeSmart, type, "type", &smart_kind, .doc = "type of the drive"),
        VALUE(critical_warning, "critical-warning", "critical warning bits"),
        VALUE(percentage_used, "percentage-used", "estimated wear, percent"),
        HALF(error_log_entries, lo, "number-of-error-log-entries-lo", "error log entries"),
        FIELDS_END,
    },
};

typedef struct {
    const char *name;
    bool has_smart;
    bool has_dependencies;
    bool partition;
    bool has_address;
    NvmeSmart smart;
    List dependencies; /* of const char * */
    DiskAddress address;
    const char *alias;
} DiskInfo;

static const Type disk_info = {
    .kind = TYPE_OBJECT,
    .name = "GuestDiskInfo",
    .size = sizeof(DiskInfo),
    .fields = (const Field[]){
        REQUIRED(DiskInfo, name, "name", &type_string, .doc = "device node"),
        OPTIONAL(DiskInfo, smart, "smart", &smart_type, .doc = "health of an NVMe drive"),
        OPTIONAL(DiskInfo, dependencies, "dependencies", &type_string_list,
                 .doc = "device nodes of the devices it is made from"),
        REQUIRED(DiskInfo, partition, "partition", &type_bool, .doc = "whether it is a partition"),
        OPTIONAL(DiskInfo, address, "address", &disk_address_type, .doc = "address of a physical "
                                                                          "disk"),
        OPTIONAL_STRING(DiskInfo, alias, "alias", .doc = "name of a device-mapper device"),
        FIELDS_END,
    },
};

static const char *node_of(BlockDevices *devices, const char *syspath)
{
    BlockProperties properties;

    block_properties(devices, syspath, &properties);
    return properties.node;
}

static void add_dependency(DiskInfo *disk, Arena *arena, const char *node)
{
    disk->has_dependencies = true;
    if (node)
        *(const char **)list_append(&disk->dependencies, arena, sizeof node) = node;
}

static void set_dependencies(BlockDevices *devices, const char *dir, DiskInfo *disk)
{
    g_autofree char *slaves = g_strconcat(dir, "/slaves", NULL);
    g_auto(GStrv) names = sysroot_list_dir(block_devices_sysroot(devices), slaves, DT_LNK);

    disk->has_dependencies = names != NULL;
    for (gsize i = 0; names && names[i]; i++) {
        g_autofree char *path = g_build_filename(slaves, names[i], NULL);

        add_dependency(disk, block_devices_arena(devices), node_of(devices, path));
    }
    list_reverse(&disk->dependencies, sizeof(const char *));
}

static void set_address(BlockDevices *devices, const char *dir, DiskInfo *disk)
{
    g_autofree char *path = sysroot_realpath(block_devices_sysroot(devices), dir);

    disk->has_address = path && !device_path_is_virtual(path) &&
                        disk_address_find(devices, path, &disk->address);
}

static void add_partitions(BlockDevices *devices, const char *dir, const char *disk_name,
                           const char *disk_node, List *disks)
{
    g_auto(GStrv) names = sysroot_list_dir(block_devices_sysroot(devices), dir, DT_DIR);
    Arena *arena = block_devices_arena(devices);

    for (gsize i = 0; names && names[i]; i++) {
        g_autofree char *path = NULL;
        DiskInfo *partition;
        const char *node;

        if (!device_name_is_partition(names[i], disk_name))
            continue;
        path = g_build_filename(dir, names[i], NULL);
        node = node_of(devices, path);
        if (!node)
            continue;
        partition = list_append(disks, arena, sizeof *partition);
        partition->name = node;
        partition->partition = true;
        add_dependency(partition, arena, disk_node);
    }
}

/*
 * Whether the device has a size: a drive without a medium and a loop device without a file have
 * none.
 */
static gboolean is_empty(const Sysroot *sysroot, const char *dir)
{
    g_autofree char *path = g_strconcat(dir, "/size", NULL);
    g_autofree char *text = NULL;

    return sysroot_read(sysroot, path, &text, NULL) && g_str_equal(g_strstrip(text), "0");
}

static void add_disk(BlockDevices *devices, const char *name, List *disks)
{
    g_autofree char *dir = g_build_filename(BLOCK_DIR, name, NULL);
    BlockProperties properties;
    DiskInfo *disk;

    if (is_empty(block_devices_sysroot(devices), dir))
        return;
    block_properties(devices, dir, &properties);
    if (!properties.node)
        return;
    disk = list_append(disks, block_devices_arena(devices), sizeof *disk);
    disk->name = properties.node;
    disk->alias = properties.dm_name;
    set_dependencies(devices, dir, disk);
    set_address(devices, dir, disk);
    add_partitions(devices, dir, name, properties.node, disks);
}

/* A request for the SMART log page of one drive. */
typedef struct {
    PatientCall call;
    const SysOps *sysops;
    char *node;
    gboolean failed;
    guint8 page[NVME_SMART_BYTES];
} SmartCall;

static void smart_run(PatientCall *call)
{
    SmartCall *self = (SmartCall *)call;

    self->failed = self->sysops->nvme_smart(self->node, self->page) < 0;
}

static void smart_free(PatientCall *call)
{
    g_free(((SmartCall *)call)->node);
    g_free(call);
}

static PatientCall *smart_call_new(const SysOps *sysops, const char *node)
{
    SmartCall *self = g_new0(SmartCall, 1);

    self->node = g_strdup(node);
    self->sysops = sysops;
    self->call = (PatientCall){ .what = self->node, .limit_us = SMART_LIMIT_US,
                                .run = smart_run, .free = smart_free };
    return &self->call;
}

/* Sets the SMART values of the NVMe drives among @disks that respond in time. */
static void read_smart(Patience *patience, const SysOps *sysops, List *disks)
{
    g_autofree PatientCall **calls = g_new(PatientCall *, disks->len);
    g_autofree gsize *indices = g_new(gsize, disks->len);
    gsize n = 0;

    for (gsize i = 0; i < disks->len; i++) {
        const DiskInfo *disk = list_at(disks, DiskInfo, i);

        if (!disk->has_address || disk->address.bus_type != BUS_NVME)
            continue;
        indices[n] = i;
        calls[n++] = smart_call_new(sysops, disk->name);
    }
    patience_run(patience, calls, n);
    for (gsize i = 0; i < n; i++) {
        SmartCall *self = (SmartCall *)calls[i];
        DiskInfo *disk = list_at(disks, DiskInfo, indices[i]);

        if (!self)
            continue;
        disk->has_smart = self->call.state == PATIENT_DONE && !self->failed;
        if (disk->has_smart)
            nvme_smart_parse(self->page, &disk->smart);
        smart_free(&self->call);
    }
}

static gboolean get_disks_run(Call *call, GError **error)
{
    const Sysroot *sysroot = call->services->sysroot;
    g_autoptr(BlockDevices) devices = block_devices_new(sysroot, call->arena);
    g_auto(GStrv) names = sysroot_list_dir(sysroot, BLOCK_DIR, DT_LNK);

    if (!names)
        return set_errno_error(error, errno, "Can't open directory \"%s\"", BLOCK_DIR);
    for (gsize i = 0; names[i]; i++)
        add_disk(devices, names[i], call->result);
    list_reverse(call->result, sizeof(DiskInfo));
    read_smart(call->state, call->services->sysops, call->result);
    return TRUE;
}

static const Need disks_needs[] = {
    { NEED_FILE, BLOCK_DIR, NULL },
    { NEED_FILE, "/run/udev/data", "serial numbers and names of device-mapper devices" },
    { NEED_ROOT, "the NVMe admin command", "SMART values" },
    NEEDS_END,
};

static const Command guest_get_disks = {
    .name = "guest-get-disks",
    .rank = 25,
    .since = "5.2",
    .doc = "List disks and partitions",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &disk_info },
    .needs = disks_needs,
    .run = get_disks_run,
};

static void *disks_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return patience_new();
}

static void disks_free(void *state)
{
    patience_free(state);
}

const Family family_disks = {
    .name = "disks",
    .commands = (const Command *const[]){ &guest_get_disks, NULL },
    .init = disks_init,
    .free = disks_free,
};
