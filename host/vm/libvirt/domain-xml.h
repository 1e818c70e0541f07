/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The only reader of libvirt's XML: text in, structs out, no call of libvirt. The text describes
 * what a management application or a guest's owner has put together, so a document type, an entity
 * and a text beyond DOMAIN_XML_MAX_BYTES are refused, and nothing is loaded from files or networks.
 *
 * All strings belong to the structs they are in; NULL: the XML does not have it.
 */

/* libvirt's own limit of a string in its protocol (REMOTE_STRING_MAX, remote_protocol.x). */
#define DOMAIN_XML_MAX_BYTES (4 * 1024 * 1024)

typedef enum {
    DOMAIN_DISK_DISK,
    DOMAIN_DISK_LUN,
    DOMAIN_DISK_CDROM,
    DOMAIN_DISK_FLOPPY,
    DOMAIN_DISK_OTHER, /* a device that this reader does not know */
} DomainDiskDevice;

/* What a disk reads from: an image, a device, a volume, with the images below it. */
typedef struct DomainImage {
    char *type;     /* "file", "block", "dir", "network", "volume", "nvme", ... */
    char *format;   /* "qcow2", "raw", ... */
    char *path;     /* of a file, a block device or a directory of the host */
    char *protocol; /* "rbd", "nbd", ...: of a network disk */
    char *name;     /* of the image at the protocol's server; of a volume: "POOL/VOLUME" */
    gboolean encrypted;
    struct DomainImage *backing;
} DomainImage;

typedef struct {
    char *name; /* the target's, such as "vda": libvirt's key of a disk */
    char *bus;
    char *alias; /* QEMU's id of the device; a running domain's alone */
    char *serial;
    DomainDiskDevice device;
    gboolean readonly;
    gboolean shareable;
    gboolean transient;
    DomainImage *image; /* NULL: the drive is empty */
} DomainDisk;

typedef struct {
    char *type; /* of the host's end: "unix", "pty", ... */
    char *name; /* the target's, such as "org.qemu.guest_agent.0" */
    char *state; /* "connected", "disconnected"; a running domain's alone */
    char *path;  /* of the host's end */
} DomainChannel;

typedef struct {
    char *name;
    char *uuid;
    gint64 user; /* as whom QEMU runs, a number; -1: the XML does not have it */
    GPtrArray *disks;    /* of DomainDisk, in the XML's order; those without a target left out */
    GPtrArray *channels; /* of DomainChannel */
} DomainXml;

/* Reads the XML of virDomainGetXMLDesc(). NULL with @error set: it is not a domain's. */
DomainXml *domain_xml_read(const char *xml, GError **error);
void domain_xml_free(DomainXml *domain);

/* The disk called @name, or NULL. */
const DomainDisk *domain_xml_disk(const DomainXml *domain, const char *name);

/* The first channel whose target is called @name, or NULL. */
const DomainChannel *domain_xml_channel(const DomainXml *domain, const char *name);

/* Whether a guest can write to @disk: a disk or a LUN that is not read-only. */
gboolean domain_disk_is_writable(const DomainDisk *disk);

/* A disk that a checkpoint covers, by a bitmap. */
typedef struct {
    char *name;
    gint64 size; /* bytes written since the checkpoint; -1: libvirt did not report it */
} DomainCheckpointDisk;

/*
 * Reads the XML of virDomainCheckpointGetXMLDesc(): the disks that it covers, an array of
 * DomainCheckpointDisk, the caller's. NULL with @error set: it is not a checkpoint's.
 */
GPtrArray *domain_xml_read_checkpoint(const char *xml, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainXml, domain_xml_free)
