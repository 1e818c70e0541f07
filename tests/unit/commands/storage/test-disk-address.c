/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/base/sysops.h"
#include "commands/parse/device-path.h"
#include "commands/parse/lines.h"
#include "commands/parse/nvme-smart.h"

/* Places of disks from their paths in sysfs, and other texts about disks. Pure functions. */

#define PCI "/sys/devices/pci0000:00/"

/* All PCI functions of @path, as text. */
static char *pci_functions(const char *path)
{
    GString *text = g_string_new(NULL);
    PciPlace place;
    gsize at = 0;

    while (device_path_next_pci(path, &at, &place))
        g_string_append_printf(text, "%x:%x:%x.%x(%.*s) ", place.domain, place.bus, place.slot,
                               place.function, 7, path + at - 7);
    return g_string_free(text, FALSE);
}

static void test_pci(void)
{
    static const struct {
        const char *path, *functions;
    } cases[] = {
        { PCI "0000:00:05.0/virtio1/block/vda", "0:0:5.0(00:05.0) " },
        { PCI "0000:00:1f.2", "0:0:1f.2(00:1f.2) " },
        { PCI "0000:00:02.3/0000:04:00.0/virtio2/block/vda",
          "0:0:2.3(00:02.3) 0:4:0.0(04:00.0) " },
        { "/sys/devices/pci10000:e0/10000:e0:06.0/x", "10000:e0:6.0(e0:06.0) " },
        { "/sys/devices/platform/soc/pci0000:00/0000:00:05.0/x", "" },
        { "/sys/devices/pci0000:00", "" },
        { "/sys/devices/pci", "" },
        { PCI, "" },
        { PCI "0000:00:05", "" },
        { PCI "0000:00:05.", "" },
        { PCI "0000:00:05.0x/y", "" },
        { PCI "0000:00:05.0/pci10000:e0/10000:e0:06.0", "0:0:5.0(00:05.0) " },
        { PCI "1234567890:00:05.0/", "" },
        { "", "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = pci_functions(cases[i].path);

        g_assert_cmpstr(found, ==, cases[i].functions);
    }
}

static void test_scsi(void)
{
    static const char *const none[] = {
        "", "/target", "/target2:0:0", "/target2:0:0/", "/target2:0:0/2:0:0",
        "/target2:0:0/2:0:0:x", "/target-2:0:0/2:0:0:0", "/target 2:0:0/2:0:0:0",
        "/target2:0:0/2:0:0:99999999999",
    };
    ScsiPlace place;

    g_assert_true(device_path_scsi("/x/target2:3:4/2:5:6:7/block/sda", &place));
    g_assert_cmpuint(place.channel, ==, 5);
    g_assert_cmpuint(place.target, ==, 6);
    g_assert_cmpuint(place.lun, ==, 7);
    for (gsize i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_false(device_path_scsi(none[i], &place));
}

static void expect_host(const char *path, const char *dir, const char *prefix, guint number)
{
    HostPlace place;
    g_autofree char *found = NULL;

    g_assert_true(device_path_host(path, &place));
    found = g_strndup(path, place.dir_len);
    g_assert_cmpstr(found, ==, dir);
    g_assert_cmpstr(place.prefix, ==, prefix);
    g_assert_cmpuint(place.number, ==, number);
}

static void test_host(void)
{
    HostPlace place;

    expect_host("/p/ata3/host2/target2:0:0", "/p", "ata", 3);
    expect_host("/p/host12/target12:0:0", "/p", "host", 12);
    expect_host("/p/ata_piix/ata/host1/x", "/p/ata_piix/ata", "host", 1);
    expect_host("/p/ata3x/host1/ata4", "/p/ata3x/host1", "ata", 4);
    g_assert_false(device_path_host("/p/hostx/atay", &place));
    g_assert_false(device_path_host("", &place));
}

static void test_names(void)
{
    guint number = 0;

    g_assert_true(device_name_number("ata10", "ata", &number));
    g_assert_cmpuint(number, ==, 10);
    g_assert_false(device_name_number("ata", "ata", &number));
    g_assert_false(device_name_number("ata1x", "ata", &number));
    g_assert_false(device_name_number("host1", "ata", &number));

    g_assert_true(device_name_is_partition("sda1", "sda"));
    g_assert_true(device_name_is_partition("nvme0n1p2", "nvme0n1"));
    g_assert_true(device_name_is_partition("cciss!c0d0p1", "cciss!c0d0"));
    g_assert_false(device_name_is_partition("sda", "sda"));
    g_assert_false(device_name_is_partition("sdap", "sda"));
    g_assert_false(device_name_is_partition("power", "sda"));
    g_assert_false(device_name_is_partition("sdb1", "sda"));
}

static void test_ccw(void)
{
    CcwPlace place;

    g_assert_true(device_path_ccw("/sys/devices/css0/0.1.000a/fe.1.1a2b/virtio3", &place));
    g_assert_cmpuint(place.cssid, ==, 0);
    g_assert_cmpuint(place.ssid, ==, 1);
    g_assert_cmpuint(place.subchno, ==, 10);
    g_assert_cmpuint(place.devno, ==, 0x1a2b);
    g_assert_false(device_path_ccw("/sys/devices/css0/0.1.000a/virtio3", &place));
    g_assert_false(device_path_ccw("/sys/devices/css0", &place));
    g_assert_false(device_path_ccw("/sys/devices/cssx/0.1.000a/0.1.0001", &place));
}

static void test_kinds(void)
{
    g_assert_true(device_path_is_virtual("/sys/devices/virtual/block/dm-0"));
    g_assert_false(device_path_is_virtual("/sys/devices/virtual/net/lo"));
    g_assert_true(device_path_is_virtio("/sys/devices/x/virtio0/block/vda"));
    g_assert_false(device_path_is_virtio("/sys/devices/x/virtio0/net/eth0"));
}

static void test_properties(void)
{
    static const char text[] = "S:disk/by-id/x\nE:ID_SERIAL_SHORT=short\nE:ID_SERIAL=a b=c\n"
                               "E:EMPTY=\nE:ID_SERIAL=second\nE:LAST=end";
    g_autoptr(Arena) arena = arena_new();

    g_assert_cmpstr(property_find(text, strlen(text), "E:ID_SERIAL=", arena), ==, "a b=c");
    g_assert_cmpstr(property_find(text, strlen(text), "E:EMPTY=", arena), ==, "");
    g_assert_cmpstr(property_find(text, strlen(text), "E:LAST=", arena), ==, "end");
    g_assert_null(property_find(text, strlen(text), "ID_SERIAL=", arena));
    g_assert_null(property_find("", 0, "X=", arena));
}

/* Each counter in its place and in the right byte order. */
static void test_smart(void)
{
    guint8 page[NVME_SMART_BYTES];
    NvmeSmart smart;

    for (guint i = 0; i < sizeof page; i++)
        page[i] = (guint8)i;
    nvme_smart_parse(page, &smart);
    g_assert_cmpint(smart.type, ==, 0);
    g_assert_cmpint(smart.critical_warning, ==, 0);
    g_assert_cmpint(smart.temperature, ==, 0x0201);
    g_assert_cmpint(smart.available_spare, ==, 3);
    g_assert_cmpint(smart.available_spare_threshold, ==, 4);
    g_assert_cmpint(smart.percentage_used, ==, 5);
    g_assert_cmpuint(smart.data_units_read.lo, ==, 0x2726252423222120);
    g_assert_cmpuint(smart.data_units_read.hi, ==, 0x2f2e2d2c2b2a2928);
    g_assert_cmpuint(smart.data_units_written.lo & 0xff, ==, 48);
    g_assert_cmpuint(smart.host_read_commands.lo & 0xff, ==, 64);
    g_assert_cmpuint(smart.host_write_commands.lo & 0xff, ==, 80);
    g_assert_cmpuint(smart.controller_busy_time.lo & 0xff, ==, 96);
    g_assert_cmpuint(smart.power_cycles.lo & 0xff, ==, 112);
    g_assert_cmpuint(smart.power_on_hours.lo & 0xff, ==, 128);
    g_assert_cmpuint(smart.unsafe_shutdowns.lo & 0xff, ==, 144);
    g_assert_cmpuint(smart.media_errors.lo & 0xff, ==, 160);
    g_assert_cmpuint(smart.error_log_entries.lo & 0xff, ==, 176);
    g_assert_cmpuint(smart.error_log_entries.hi >> 56, ==, 191);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk-address/pci", test_pci);
    g_test_add_func("/disk-address/scsi", test_scsi);
    g_test_add_func("/disk-address/host", test_host);
    g_test_add_func("/disk-address/names", test_names);
    g_test_add_func("/disk-address/ccw", test_ccw);
    g_test_add_func("/disk-address/kinds", test_kinds);
    g_test_add_func("/disk-address/properties", test_properties);
    g_test_add_func("/disk-address/smart", test_smart);
    return g_test_run();
}
