/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/domain-xml.h"

#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "lib/errors.h"

/* Up to libxml2 2.12, XML_PARSE_NONET and no DTD say the same. */
#if LIBXML_VERSION >= 21300
#define NO_EXTERNAL XML_PARSE_NO_XXE
#else
#define NO_EXTERNAL 0
#endif
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | NO_EXTERNAL)

/* ---- The document */

/* Called at "<!DOCTYPE", before anything that it declares is read. */
static void refuse_doctype(void *data, const xmlChar *name, const xmlChar *external_id,
                           const xmlChar *system_id)
{
    xmlParserCtxtPtr context = data;
    gboolean *refused = context->_private;

    (void)name;
    (void)external_id;
    (void)system_id;
    *refused = TRUE;
    xmlStopParser(context);
}

/* The first line of libxml2's last error. */
static char *fault_of(xmlParserCtxtPtr context)
{
    const xmlError *fault = xmlCtxtGetLastError(context);
    const char *text = fault && fault->message ? fault->message : "invalid";

    return g_strndup(text, strcspn(text, "\n"));
}

static xmlDocPtr parse(const char *xml, GError **error)
{
    gsize len = strlen(xml);
    gboolean refused = FALSE;
    xmlParserCtxtPtr context;
    xmlDocPtr document;

    if (len > DOMAIN_XML_MAX_BYTES) {
        set_error(error, "XML of libvirt: longer than %d bytes", DOMAIN_XML_MAX_BYTES);
        return NULL;
    }
    context = xmlNewParserCtxt();
    if (!context) {
        set_error(error, "XML of libvirt: out of memory");
        return NULL;
    }
    context->_private = &refused;
    context->sax->internalSubset = refuse_doctype;
    document = xmlCtxtReadMemory(context, xml, (int)len, NULL, NULL, OPTIONS);
    if (document && refused) {
        xmlFreeDoc(document);
        document = NULL;
    }
    if (!document) {
        g_autofree char *fault = fault_of(context);

        set_error(error, "XML of libvirt: %s", refused ? "a document type is not allowed" : fault);
    }
    xmlFreeParserCtxt(context);
    return document;
}

/* An element in no namespace: applications may put elements of theirs anywhere. */
static gboolean is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !node->ns &&
           g_str_equal((const char *)node->name, name);
}

static xmlNodePtr child(const xmlNode *parent, const char *name)
{
    for (xmlNodePtr node = parent ? parent->children : NULL; node; node = node->next)
        if (is_element(node, name))
            return node;
    return NULL;
}

/* The attribute of @node, which may be NULL; the caller's. */
static char *attribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

/* The text of the element @name in @parent; the caller's. */
static char *text_of(xmlNodePtr parent, const char *name)
{
    xmlNodePtr node = child(parent, name);
    xmlChar *value = node ? xmlNodeGetContent(node) : NULL;
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

/* The document whose root is called @root. */
static xmlDocPtr parse_as(const char *xml, const char *root, GError **error)
{
    xmlDocPtr document = parse(xml, error);
    xmlNodePtr top = document ? xmlDocGetRootElement(document) : NULL;

    if (!document || (top && is_element(top, root)))
        return document;
    set_error(error, "XML of libvirt: not a <%s>", root);
    xmlFreeDoc(document);
    return NULL;
}

/* ---- Disks */

static void image_free(DomainImage *image)
{
    while (image) {
        DomainImage *backing = image->backing;

        g_free(image->type);
        g_free(image->format);
        g_free(image->path);
        g_free(image->protocol);
        g_free(image->name);
        g_free(image);
        image = backing;
    }
}

static void disk_free(gpointer data)
{
    DomainDisk *disk = data;

    g_free(disk->name);
    g_free(disk->bus);
    g_free(disk->alias);
    g_free(disk->serial);
    image_free(disk->image);
    g_free(disk);
}

static char *volume_name(xmlNodePtr source)
{
    g_autofree char *pool = attribute(source, "pool");
    g_autofree char *volume = attribute(source, "volume");

    return pool && volume ? g_strdup_printf("%s/%s", pool, volume) : NULL;
}

/* Of a <disk> or a <backingStore>; NULL: it has no source. */
static DomainImage *read_image(xmlNodePtr node)
{
    static const char *const paths[] = { "file", "dev", "dir" };
    xmlNodePtr source = child(node, "source");
    DomainImage *image;

    if (!source)
        return NULL;
    image = g_new0(DomainImage, 1);
    image->type = attribute(node, "type");
    for (gsize i = 0; i < G_N_ELEMENTS(paths) && !image->path; i++)
        image->path = attribute(source, paths[i]);
    image->protocol = attribute(source, "protocol");
    image->name = attribute(source, "name");
    if (!image->name)
        image->name = volume_name(source);
    image->encrypted = child(source, "encryption") != NULL || child(node, "encryption") != NULL;
    return image;
}

/* The images below the one of @node, of which each is in the one above. */
static void read_chain(xmlNodePtr node, DomainImage *image)
{
    for (; image; image = image->backing) {
        node = child(node, "backingStore");
        image->backing = node ? read_image(node) : NULL;
        if (image->backing)
            image->backing->format = attribute(child(node, "format"), "type");
    }
}

static DomainDiskDevice device_of(xmlNodePtr node)
{
    static const char *const names[] = { "disk", "lun", "cdrom", "floppy" };
    g_autofree char *device = attribute(node, "device");

    for (gsize i = 0; device && i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(device, names[i]))
            return (DomainDiskDevice)i;
    return device ? DOMAIN_DISK_OTHER : DOMAIN_DISK_DISK;
}

static void read_disk(xmlNodePtr node, GPtrArray *disks)
{
    xmlNodePtr target = child(node, "target");
    g_autofree char *name = attribute(target, "dev");
    DomainDisk *disk;

    if (!name)
        return;
    disk = g_new0(DomainDisk, 1);
    disk->name = g_steal_pointer(&name);
    disk->bus = attribute(target, "bus");
    disk->alias = attribute(child(node, "alias"), "name");
    disk->serial = text_of(node, "serial");
    disk->device = device_of(node);
    disk->readonly = child(node, "readonly") != NULL;
    disk->shareable = child(node, "shareable") != NULL;
    disk->transient = child(node, "transient") != NULL;
    disk->image = read_image(node);
    if (disk->image)
        disk->image->format = attribute(child(node, "driver"), "type");
    read_chain(node, disk->image);
    g_ptr_array_add(disks, disk);
}

/* ---- Channels */

static void channel_free(gpointer data)
{
    DomainChannel *channel = data;

    g_free(channel->type);
    g_free(channel->name);
    g_free(channel->state);
    g_free(channel->path);
    g_free(channel);
}

static void read_channel(xmlNodePtr node, GPtrArray *channels)
{
    xmlNodePtr target = child(node, "target");
    DomainChannel *channel = g_new0(DomainChannel, 1);

    channel->type = attribute(node, "type");
    channel->name = attribute(target, "name");
    channel->state = attribute(target, "state");
    channel->path = attribute(child(node, "source"), "path");
    g_ptr_array_add(channels, channel);
}

/* ---- The domain */

static void read_devices(xmlNodePtr devices, DomainXml *domain)
{
    for (xmlNodePtr node = devices ? devices->children : NULL; node; node = node->next) {
        if (is_element(node, "disk"))
            read_disk(node, domain->disks);
        else if (is_element(node, "channel"))
            read_channel(node, domain->channels);
    }
}

/* In a running domain's, libvirt writes the numbers: "+USER:+GROUP". */
static gint64 read_user(xmlNodePtr root)
{
    for (xmlNodePtr node = root ? root->children : NULL; node; node = node->next) {
        g_autofree char *model = is_element(node, "seclabel") ? attribute(node, "model") : NULL;
        g_autofree char *label = g_strcmp0(model, "dac") == 0 ? text_of(node, "label") : NULL;
        gint64 user;

        if (!label || *label != '+')
            continue;
        *(strchrnul(label, ':')) = '\0';
        if (g_ascii_string_to_signed(label + 1, 10, 0, G_MAXUINT32 - 1, &user, NULL))
            return user;
    }
    return -1;
}

DomainXml *domain_xml_read(const char *xml, GError **error)
{
    xmlDocPtr document = parse_as(xml, "domain", error);
    DomainXml *domain;
    xmlNodePtr root;

    if (!document)
        return NULL;
    root = xmlDocGetRootElement(document);
    domain = g_new0(DomainXml, 1);
    domain->name = text_of(root, "name");
    domain->uuid = text_of(root, "uuid");
    domain->user = read_user(root);
    domain->disks = g_ptr_array_new_with_free_func(disk_free);
    domain->channels = g_ptr_array_new_with_free_func(channel_free);
    read_devices(child(root, "devices"), domain);
    xmlFreeDoc(document);
    return domain;
}

void domain_xml_free(DomainXml *domain)
{
    if (!domain)
        return;
    g_free(domain->name);
    g_free(domain->uuid);
    g_ptr_array_unref(domain->disks);
    g_ptr_array_unref(domain->channels);
    g_free(domain);
}

const DomainDisk *domain_xml_disk(const DomainXml *domain, const char *name)
{
    for (guint i = 0; i < domain->disks->len; i++) {
        const DomainDisk *disk = domain->disks->pdata[i];

        if (g_str_equal(disk->name, name))
            return disk;
    }
    return NULL;
}

const DomainChannel *domain_xml_channel(const DomainXml *domain, const char *name)
{
    for (guint i = 0; i < domain->channels->len; i++) {
        const DomainChannel *channel = domain->channels->pdata[i];

        if (g_strcmp0(channel->name, name) == 0)
            return channel;
    }
    return NULL;
}

gboolean domain_disk_is_writable(const DomainDisk *disk)
{
    return !disk->readonly &&
           (disk->device == DOMAIN_DISK_DISK || disk->device == DOMAIN_DISK_LUN);
}

/* ---- Checkpoints */

static void checkpoint_disk_free(gpointer data)
{
    DomainCheckpointDisk *disk = data;

    g_free(disk->name);
    g_free(disk);
}

static void read_checkpoint_disk(xmlNodePtr node, GPtrArray *disks)
{
    g_autofree char *name = attribute(node, "name");
    g_autofree char *kind = attribute(node, "checkpoint");
    g_autofree char *size = attribute(node, "size");
    DomainCheckpointDisk *disk;
    gint64 bytes;

    if (!name || g_strcmp0(kind, "no") == 0)
        return;
    if (!size || !g_ascii_string_to_signed(size, 10, 0, G_MAXINT64, &bytes, NULL))
        bytes = -1;
    disk = g_new0(DomainCheckpointDisk, 1);
    disk->name = g_steal_pointer(&name);
    disk->size = bytes;
    g_ptr_array_add(disks, disk);
}

GPtrArray *domain_xml_read_checkpoint(const char *xml, GError **error)
{
    xmlDocPtr document = parse_as(xml, "domaincheckpoint", error);
    xmlNodePtr list = document ? child(xmlDocGetRootElement(document), "disks") : NULL;
    GPtrArray *disks;

    if (!document)
        return NULL;
    disks = g_ptr_array_new_with_free_func(checkpoint_disk_free);
    for (xmlNodePtr node = list ? list->children : NULL; node; node = node->next)
        if (is_element(node, "disk"))
            read_checkpoint_disk(node, disks);
    xmlFreeDoc(document);
    return disks;
}
