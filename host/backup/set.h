/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "host/vm/disk.h"

/*
 * A directory of backups of one VM. Each restore point has a manifest ID.json, which is
 * written last: what has none does not count. Its files ID-DISK.qcow2 have the
 * parent's as backing files, so that each can be read like an image of its own.
 */
typedef struct {
    char *name;
    char *file;   /* without the directory */
    char *parent; /* id of the point whose file of this disk is below it; NULL: a full copy */
    char *reason; /* why it is a full copy; NULL: it was asked for, or is the disk's first */
    char *bitmap; /* marks what was written since; NULL: the disk has none */
    char *tag;    /* another bitmap, which only this disk's image has; NULL: none */
    /* What the disk was, as in Disk. */
    char *image, *serial, *format;
    ImageId id;
    gint64 virtual_size;
    gint64 size; /* of the file */
    gint64 range;   /* bytes of the file that one digest is of; 0: the whole file */
    char *digests;  /* as digest_file() */
} ChainDisk;

typedef struct {
    char *id;      /* "20260102T030405Z" */
    char *parent;  /* the newest of its disks' parents; NULL: a full backup */
    char *vm;
    char *vm_uuid; /* NULL: not known */
    gint64 number; /* 1, 2, … in the order in which they were made */
    gint64 time;   /* Unix microseconds: what the images show */
    gboolean compressed;
    JsonNode *consistency; /* as the freeze told it */
    GPtrArray *disks;      /* of ChainDisk */
    char **left_out;       /* names of other disks of the VM; NULL: none */
} ChainPoint;

typedef struct {
    char *dir;  /* absolute; may be missing in CHAIN_PLAN */
    guint made; /* directories that were made for it, from there upwards */
    char *name; /* of the set: 8 hex digits, in all names that QEMU sees */
    int lock;   /* held; -1: only to be looked at */
    GPtrArray *points; /* of ChainPoint, the oldest first */
    GPtrArray *broken; /* of ChainBroken; empty but for CHAIN_INSPECT */
} Chain;

/* A manifest that cannot be read. */
typedef struct {
    char *id; /* of its point, from its name */
    char *problem;
} ChainBroken;

typedef enum {
    CHAIN_LOOK, /* the set must exist; not locked */
    CHAIN_INSPECT, /* as CHAIN_LOOK, but a manifest that cannot be read is not an error */
    CHAIN_WORK, /* locked for this process; @vm NULL: of any VM */
    CHAIN_MAKE, /* the same; creates the directory */
    CHAIN_PLAN, /* as CHAIN_MAKE, but nothing is created or locked */
} ChainUse;

/*
 * Reads the directory. NULL with @error set if a manifest cannot be read (which of the points are
 * the newest, and which files belong to none, is then not known), if another process has locked the
 * set, or if it holds the backups of another VM than @vm (NULL: of any).
 */
Chain *chain_open(const char *dir, const char *vm, ChainUse use, GError **error);
void chain_free(Chain *chain);

/*
 * Whether the set is empty or of the VM called @name with @uuid (NULL: not known). Names count only
 * where a UUID is not known.
 */
gboolean chain_check_vm(const Chain *chain, const char *name, const char *uuid, GError **error);

/* Makes the set that of the VM called @name with @uuid (NULL: not known); the set is locked. */
gboolean chain_adopt(Chain *chain, const char *name, const char *uuid, GError **error);

/* The newest point; NULL: there is none. */
ChainPoint *chain_newest(const Chain *chain);
ChainPoint *chain_find(const Chain *chain, const char *id); /* NULL: none */
/* The newest point with the disk called @name; NULL: there is none. */
ChainPoint *chain_latest(const Chain *chain, const char *name);
/* The newest point that is not younger than @text, a time or an id; NULL with @error set. */
ChainPoint *chain_at(const Chain *chain, const char *text, GError **error);

/* "DIR/NAME"; the caller's. */
char *chain_path(const Chain *chain, const char *name);

/* A new point with an id of its own; belongs to the caller until chain_commit(). */
ChainPoint *chain_point_new(const Chain *chain, const char *vm);
void chain_point_free(ChainPoint *point);
ChainDisk *chain_point_add(ChainPoint *point, const char *name);
ChainDisk *chain_point_disk(const ChainPoint *point, const char *name); /* NULL: none */
gint64 chain_point_size(const ChainPoint *point); /* of all its files */
/* "full", "incremental", or "mixed" if only some of its disks depend on others. */
const char *chain_point_level(const ChainPoint *point);
/* "consistent", "crash-consistent", … */
const char *chain_point_label(const ChainPoint *point);
char *chain_point_when(const ChainPoint *point); /* local time for people; the caller's */

/* Writes the point's manifest, durably, and takes the point. */
gboolean chain_commit(Chain *chain, ChainPoint *point, GError **error);
/* The manifest as an object; the caller's. */
JsonObject *chain_point_json(const ChainPoint *point, const char *set);

/* Whether a file with this name can be one of the disks of a point. */
gboolean chain_is_file_name(const char *name);

/* Removes the point's manifest and then its files. */
gboolean chain_remove(Chain *chain, ChainPoint *point, GError **error);

/*
 * Durably notes that the files of the point @id are about to get their names before its manifest is
 * there, or to be removed after it. A guestctl that is killed before chain_done() leaves the note,
 * and chain_sweep() removes those files, unless the manifest is there. Other files that no manifest
 * names stay: the manifest may have been moved away.
 */
gboolean chain_intend(const Chain *chain, const char *id, GError **error);
void chain_done(const Chain *chain);

/*
 * Removes what backups that were broken off have left. The set has to be locked, and all of its
 * manifests have been read.
 */
void chain_sweep(const Chain *chain);
#define CHAIN_PARTIAL ".partial"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chain, chain_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChainPoint, chain_point_free)
