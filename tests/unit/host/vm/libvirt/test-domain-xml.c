/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/domain-xml.h"

#include <string.h>

#include "tests/unit/kit/kit.h"

/* What libvirt 9.0.0 reported of a running domain, and of one that is only defined. */
static DomainXml *domain_of(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "libvirt", name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    DomainXml *domain;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    domain = domain_xml_read(text, &error);
    g_assert_no_error(error);
    return domain;
}

static DomainXml *domain_in(const char *devices)
{
    g_autofree char *xml = g_strdup_printf("<domain><devices>%s</devices></domain>", devices);
    g_autoptr(GError) error = NULL;
    DomainXml *domain = domain_xml_read(xml, &error);

    g_assert_no_error(error);
    return domain;
}

static void test_active(void)
{
    static const struct {
        const char *name, *bus, *alias, *serial, *format, *path;
        DomainDiskDevice device;
        gboolean readonly, shareable, encrypted, writable;
    } wanted[] = {
        { "vda", "virtio", "virtio-disk0", "system", "qcow2", "/run/images/top.qcow2",
          DOMAIN_DISK_DISK, FALSE, FALSE, FALSE, TRUE },
        { "vdb", "virtio", "virtio-disk1", NULL, "qcow2", "/run/images/luks.qcow2",
          DOMAIN_DISK_DISK, FALSE, FALSE, TRUE, TRUE },
        { "vdc", "virtio", "virtio-disk2", NULL, "qcow2", "/run/images/plain.qcow2",
          DOMAIN_DISK_DISK, TRUE, FALSE, FALSE, FALSE },
        { "sda", "scsi", "scsi0-0-0-0", NULL, "raw", "/run/images/data & logs.raw",
          DOMAIN_DISK_DISK, FALSE, TRUE, FALSE, TRUE },
        { "hda", "ide", "ide0-0-0", NULL, "raw", "/run/images/cd.iso",
          DOMAIN_DISK_CDROM, TRUE, FALSE, FALSE, FALSE },
        { "hdb", "ide", "ide0-0-1", NULL, NULL, NULL,
          DOMAIN_DISK_CDROM, TRUE, FALSE, FALSE, FALSE },
        { "fda", "fdc", "fdc0-0-0", NULL, NULL, NULL,
          DOMAIN_DISK_FLOPPY, FALSE, FALSE, FALSE, FALSE },
    };
    g_autoptr(DomainXml) domain = domain_of("active.xml");

    g_assert_cmpstr(domain->name, ==, "active");
    g_assert_cmpstr(domain->uuid, ==, "11111111-2222-3333-4444-555555555555");
    g_assert_cmpuint(domain->disks->len, ==, G_N_ELEMENTS(wanted));
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const DomainDisk *disk = domain->disks->pdata[i];

        g_assert_cmpstr(disk->name, ==, wanted[i].name);
        g_assert_cmpstr(disk->bus, ==, wanted[i].bus);
        g_assert_cmpstr(disk->alias, ==, wanted[i].alias);
        g_assert_cmpstr(disk->serial, ==, wanted[i].serial);
        g_assert_cmpint(disk->device, ==, wanted[i].device);
        g_assert_cmpint(disk->readonly, ==, wanted[i].readonly);
        g_assert_cmpint(disk->shareable, ==, wanted[i].shareable);
        g_assert_false(disk->transient);
        g_assert_cmpint(domain_disk_is_writable(disk), ==, wanted[i].writable);
        if (!wanted[i].path) {
            g_assert_null(disk->image);
            continue;
        }
        g_assert_cmpstr(disk->image->type, ==, "file");
        g_assert_cmpstr(disk->image->path, ==, wanted[i].path);
        g_assert_cmpstr(disk->image->format, ==, wanted[i].format);
        g_assert_cmpint(disk->image->encrypted, ==, wanted[i].encrypted);
    }
}

static void test_chain(void)
{
    g_autoptr(DomainXml) domain = domain_of("active.xml");
    const DomainImage *image = domain_xml_disk(domain, "vda")->image;

    g_assert_cmpstr(image->path, ==, "/run/images/top.qcow2");
    image = image->backing;
    g_assert_cmpstr(image->path, ==, "/run/images/mid.qcow2");
    g_assert_cmpstr(image->format, ==, "qcow2");
    image = image->backing;
    g_assert_cmpstr(image->path, ==, "/run/images/base.qcow2");
    g_assert_null(image->backing);
    g_assert_null(domain_xml_disk(domain, "vdb")->image->backing);
    g_assert_null(domain_xml_disk(domain, "zzz"));
}

static void test_network(void)
{
    static const struct {
        const char *disk, *type, *protocol, *name, *path;
        DomainDiskDevice device;
    } wanted[] = {
        { "vda", "network", "rbd", "pool/image", NULL, DOMAIN_DISK_DISK },
        { "vdb", "network", "nbd", "export", NULL, DOMAIN_DISK_DISK },
        { "vdc", "block", NULL, NULL, "/dev/vg/lv", DOMAIN_DISK_DISK },
        { "vdd", "volume", NULL, "default/v1", NULL, DOMAIN_DISK_DISK },
        { "vde", "nvme", NULL, NULL, NULL, DOMAIN_DISK_DISK },
        { "vdi", "dir", NULL, NULL, "/srv/dir", DOMAIN_DISK_DISK },
        { "sda", "network", "iscsi", "iqn.2013-07.com.example:iscsi-nopool/2", NULL,
          DOMAIN_DISK_LUN },
        { "sdb", "block", NULL, NULL, "/dev/disk/by-id/scsi-1", DOMAIN_DISK_LUN },
    };
    g_autoptr(DomainXml) domain = domain_of("network.xml");
    const DomainImage *image;

    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const DomainDisk *disk = domain_xml_disk(domain, wanted[i].disk);

        g_assert_nonnull(disk);
        g_assert_cmpint(disk->device, ==, wanted[i].device);
        g_assert_null(disk->alias);
        g_assert_cmpstr(disk->image->type, ==, wanted[i].type);
        g_assert_cmpstr(disk->image->protocol, ==, wanted[i].protocol);
        g_assert_cmpstr(disk->image->name, ==, wanted[i].name);
        g_assert_cmpstr(disk->image->path, ==, wanted[i].path);
    }
    g_assert_true(domain_xml_disk(domain, "vdf")->transient);
    g_assert_true(domain_xml_disk(domain, "vdg")->image->encrypted);
    image = domain_xml_disk(domain, "vdh")->image->backing;
    g_assert_cmpstr(image->protocol, ==, "rbd");
    g_assert_cmpstr(image->name, ==, "pool/base");
    g_assert_cmpstr(image->format, ==, "raw");
    g_assert_null(image->backing);
}

/* A domain that is off has no label, or one with names of the host, which mean nothing elsewhere. */
static void test_user(void)
{
    static const struct {
        const char *label;
        gint64 user;
    } rows[] = {
        { "<seclabel model='selinux'><label>+7:+7</label></seclabel>"
          "<seclabel model='dac'><label>+64055:+994</label></seclabel>", 64055 },
        { "<seclabel model='dac'><label>+107</label></seclabel>", 107 },
        { "<seclabel model='dac'><label>qemu:qemu</label></seclabel>", -1 },
        { "<seclabel model='dac'><label>+-5:+1</label></seclabel>", -1 },
        { "<seclabel model='dac'><label>+4294967295:+1</label></seclabel>", -1 },
        { "<seclabel model='dac' type='none'/>", -1 },
        { "", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml = g_strdup_printf("<domain><name>vm</name>%s</domain>", rows[i].label);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainXml) domain = domain_xml_read(xml, &error);

        g_assert_no_error(error);
        g_assert_cmpint(domain->user, ==, rows[i].user);
    }
}

static void test_channels(void)
{
    g_autoptr(DomainXml) active = domain_of("active.xml");
    g_autoptr(DomainXml) inactive = domain_of("network.xml");
    const DomainChannel *channel = domain_xml_channel(active, "org.qemu.guest_agent.0");

    g_assert_cmpuint(active->channels->len, ==, 3);
    g_assert_cmpstr(channel->type, ==, "unix");
    g_assert_cmpstr(channel->state, ==, "disconnected");
    g_assert_cmpstr(channel->path, ==,
                    "/var/lib/libvirt/qemu/channel/target/domain-1-active/org.qemu.guest_agent.0");
    g_assert_cmpstr(domain_xml_channel(active, "org.example.pty")->type, ==, "pty");
    channel = domain_xml_channel(inactive, "org.qemu.guest_agent.0");
    g_assert_null(channel->state);
    g_assert_null(channel->path);
    g_assert_null(domain_xml_channel(inactive, "org.guestd.test.0"));
}

/* Elements of other namespaces, and below other elements, are not the domain's. */
static void test_strangers(void)
{
    g_autoptr(DomainXml) domain = domain_in(
        "<x:disk xmlns:x='urn:x'><target dev='no'/></x:disk>"
        "<disk xmlns='urn:y'><target dev='no'/></disk>"
        "<hostdev><disk><target dev='no'/></disk></hostdev>"
        "<disk><x:target xmlns:x='urn:x' dev='no'/></disk>"
        "<disk><target xmlns:x='urn:x' x:dev='no'/></disk>"
        "<channel><source path='/a'/></channel>"
        "<disk device='tape'><driver/><source/><target dev='vda'/></disk>");
    const DomainDisk *disk;

    g_assert_null(domain->name);
    g_assert_cmpuint(domain->disks->len, ==, 1);
    disk = domain->disks->pdata[0];
    g_assert_cmpstr(disk->name, ==, "vda");
    g_assert_cmpint(disk->device, ==, DOMAIN_DISK_OTHER);
    g_assert_false(domain_disk_is_writable(disk));
    g_assert_null(disk->image->path);
    g_assert_null(disk->image->format);
    g_assert_cmpuint(domain->channels->len, ==, 1);
    g_assert_null(((const DomainChannel *)domain->channels->pdata[0])->name);
}

/* A device attribute is optional in libvirt, and means a disk. */
static void test_defaults(void)
{
    g_autoptr(DomainXml) domain = domain_in("<disk><source file='/a'/><target dev='vda'/></disk>");
    g_autoptr(DomainXml) empty = domain_xml_read("<domain/>", NULL);

    g_assert_true(domain_disk_is_writable(domain->disks->pdata[0]));
    g_assert_cmpuint(empty->disks->len, ==, 0);
    g_assert_cmpuint(empty->channels->len, ==, 0);
}

static char *checkpoint_text(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "libvirt", name, NULL);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void test_checkpoint(void)
{
    static const struct {
        const char *file;
        gint64 size;
    } cases[] = { { "checkpoint.xml", 0 }, { "checkpoint-without-size.xml", -1 } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = checkpoint_text(cases[i].file);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) disks = domain_xml_read_checkpoint(text, &error);
        const DomainCheckpointDisk *disk;

        g_assert_no_error(error);
        g_assert_cmpuint(disks->len, ==, 1);
        disk = disks->pdata[0];
        g_assert_cmpstr(disk->name, ==, "vda");
        g_assert_cmpint(disk->size, ==, cases[i].size);
    }
}

static void test_checkpoint_sizes(void)
{
    static const struct {
        const char *size;
        gint64 bytes;
    } cases[] = {
        { "size='65536'", 65536 },
        { "size='9223372036854775807'", G_MAXINT64 },
        { "size='9223372036854775808'", -1 },
        { "size='-5'", -1 },
        { "size='5 '", -1 },
        { "size=''", -1 },
        { "", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "<domaincheckpoint><disks><disk name='a' %s/></disks></domaincheckpoint>",
            cases[i].size);
        g_autoptr(GPtrArray) disks = domain_xml_read_checkpoint(text, NULL);

        g_assert_cmpint(((const DomainCheckpointDisk *)disks->pdata[0])->size, ==, cases[i].bytes);
    }
}

static void expect_refusal(const char *xml, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;

    g_assert_null(domain_xml_read(xml, &error));
    g_assert_nonnull(strstr(error->message, "XML of libvirt: "));
    g_assert_nonnull(strstr(error->message, part));
    g_assert_null(strchr(error->message, '\n'));
    g_assert_null(domain_xml_read_checkpoint(xml, &other));
    g_assert_nonnull(other);
}

static void test_broken(void)
{
    static const char *const cases[] = {
        "", " ", "domain", "<domain>", "<domain></devices></domain>", "<domain a=1/>",
        "<domain a='1' a='2'/>", "<domain>&unknown;</domain>", "<domain/><domain/>",
        "<domain>\x01</domain>", "<domain>\xff</domain>", "{\"domain\": {}}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_refusal(cases[i], "");
    expect_refusal("<network/>", "not a <domain>");
    expect_refusal("<x:domain xmlns:x='urn:x'/>", "not a <domain>");
}

/* Entities that name files, that grow without end, and a document type elsewhere. */
static void test_doctype(void)
{
    static const char *const cases[] = {
        "<!DOCTYPE domain><domain/>",
        "<!DOCTYPE domain SYSTEM 'file:///etc/hostname'><domain/>",
        "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
        "<domain><name>&x;</name></domain>",
        "<!DOCTYPE domain [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'> %x;]><domain/>",
        "<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>"
        "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>]><domain><name>&e;&e;&e;</name></domain>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_refusal(cases[i], "document type");
}

static void test_limits(void)
{
    g_autoptr(GString) deep = g_string_new("<domain>");
    g_autoptr(GString) longer = g_string_new("<domain><name>");
    g_autoptr(GString) many = g_string_new("");
    g_autoptr(DomainXml) domain = NULL;

    for (guint i = 0; i < 100000; i++)
        g_string_append(deep, "<a>");
    expect_refusal(deep->str, "depth");
    while (longer->len <= DOMAIN_XML_MAX_BYTES)
        g_string_append(longer, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    g_string_append(longer, "</name></domain>");
    expect_refusal(longer->str, "longer than");
    for (guint i = 0; i < 10000; i++)
        g_string_append_printf(many, "<disk><source file='/%u'/><target dev='d%u'/></disk>", i, i);
    domain = domain_in(many->str);
    g_assert_cmpuint(domain->disks->len, ==, 10000);
    g_assert_cmpstr(domain_xml_disk(domain, "d9999")->image->path, ==, "/9999");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/active", test_active);
    g_test_add_func("/domain-xml/chain", test_chain);
    g_test_add_func("/domain-xml/network", test_network);
    g_test_add_func("/domain-xml/label of dac -> the number of QEMU's user", test_user);
    g_test_add_func("/domain-xml/channels", test_channels);
    g_test_add_func("/domain-xml/other-namespaces -> ignored", test_strangers);
    g_test_add_func("/domain-xml/defaults", test_defaults);
    g_test_add_func("/domain-xml/checkpoint", test_checkpoint);
    g_test_add_func("/domain-xml/checkpoint/sizes", test_checkpoint_sizes);
    g_test_add_func("/domain-xml/broken -> error", test_broken);
    g_test_add_func("/domain-xml/document-type -> error", test_doctype);
    g_test_add_func("/domain-xml/limits", test_limits);
    return g_test_run();
}
